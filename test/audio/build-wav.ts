/** Parts of a WAV file, valid or not; the defaults make a valid mono 16-bit file at 8 kHz. */
export interface WavParts {
  container?: "RIFF" | "RF64" | "BW64" | "RIFX";
  form?: string;
  tag?: number;
  channels?: number;
  sampleRate?: number;
  bits?: number;
  blockBytes?: number;
  /** Makes the fmt chunk WAVE_FORMAT_EXTENSIBLE with this sub-format tag. */
  subFormat?: number;
  validBits?: number;
  data?: number[];
  /** The size that the data chunk declares, if not its true one. */
  dataBytes?: number;
  /** Size in the ds64 chunk, which is written only if this is given. */
  longDataBytes?: number;
  before?: number[];
  after?: number[];
}

const GUID_TAIL = [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];
export const ascii = (text: string) => [...text].map((char) => char.charCodeAt(0));
export const u16 = (x: number) => [x & 255, (x >> 8) & 255];
export const u32 = (x: number) => [...u16(x & 65535), ...u16(x >>> 16)];
const u64 = (x: number) => [...u32(x % 2 ** 32), ...u32(Math.floor(x / 2 ** 32))];
/** A chunk, with a pad byte if its size is odd and `pad` is true. */
export const chunk = (id: string, content: number[], pad = true) => [
  ...ascii(id),
  ...u32(content.length),
  ...content,
  ...(pad && content.length % 2 === 1 ? [0] : []),
];
export const int16 = (...samples: number[]) => samples.flatMap((x) => u16(x & 65535));
export const float32 = (...samples: number[]) => [...new Uint8Array(Float32Array.from(samples).buffer)];
export const float64 = (...samples: number[]) => [...new Uint8Array(Float64Array.from(samples).buffer)];

export function buildWav(parts: WavParts = {}): Uint8Array {
  const {
    container = "RIFF",
    form = "WAVE",
    channels = 1,
    sampleRate = 8000,
    bits = 16,
    data = int16(0, 16384),
  } = parts;
  const { blockBytes = (channels * bits) / 8, before = [], after = [] } = parts;
  const big = container === "RIFX";
  const order = (bytes: number[]) => (big ? bytes.reverse() : bytes);
  const tag = parts.subFormat === undefined ? (parts.tag ?? 1) : 0xfffe;
  const fmt = [
    ...order(u16(tag)),
    ...order(u16(channels)),
    ...order(u32(sampleRate)),
    ...order(u32((sampleRate * blockBytes) >>> 0)),
    ...order(u16(blockBytes)),
    ...order(u16(bits)),
  ];
  if (parts.subFormat !== undefined)
    fmt.push(
      ...order(u16(22)),
      ...order(u16(parts.validBits ?? bits)),
      ...order(u32(0)),
      ...order(u16(parts.subFormat)),
      ...GUID_TAIL,
    );
  const ds64 =
    parts.longDataBytes === undefined
      ? []
      : chunk("ds64", [...u64(0), ...u64(parts.longDataBytes), ...u64(0), ...u32(0)]);
  const body = [
    ...ascii(form),
    ...ds64,
    ...ascii("fmt "),
    ...order(u32(fmt.length)),
    ...fmt,
    ...before,
    ...ascii("data"),
    ...order(u32(parts.dataBytes ?? data.length)),
    ...data,
    ...after,
  ];
  return Uint8Array.from([...ascii(container), ...order(u32(body.length)), ...body]);
}
