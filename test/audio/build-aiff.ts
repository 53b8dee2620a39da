import { ascii, u32 } from "./build-wav.js";

/** Bytes in the other order. */
export const big = (bytes: number[]) => [...bytes].reverse();
export const be16 = (...values: number[]) => values.flatMap((x) => [(x >> 8) & 255, x & 255]);
export const aiffChunk = (id: string, content: number[], declaredBytes = content.length) => [
  ...ascii(id),
  ...big(u32(declaredBytes)),
  ...content,
  ...(content.length % 2 === 1 ? [0] : []),
];
/** 22050 Hz as an 80-bit number. */
const RATE = [0x40, 0x0d, 0xac, 0x44, 0, 0, 0, 0, 0, 0];

/** Parts of an AIFF file, valid or not. */
export interface AiffParts {
  /** Makes it AIFF-C. */
  code?: string;
  nFrames?: number;
  channels?: number;
  bits?: number;
  rate?: number[];
  data?: number[];
  /** Unused bytes before the samples. */
  offset?: number;
  /** Size that the SSND chunk declares. */
  soundBytes?: number;
  order?: "sound first";
  before?: number[];
  after?: number[];
}

/** An AIFF file, valid or not; the defaults make a valid one of two 16-bit samples. */
export function buildAiff({
  code,
  channels = 1,
  bits = 16,
  rate = RATE,
  offset = 0,
  order,
  ...parts
}: AiffParts = {}) {
  const { data = be16(8192, -8192), before = [], after = [] } = parts;
  const compression = code === undefined ? [] : [...ascii(code), 0, 0];
  const nFrames = parts.nFrames ?? Math.floor((data.length * 8) / bits / channels);
  const comm = aiffChunk("COMM", [
    ...be16(channels),
    ...big(u32(nFrames)),
    ...be16(bits),
    ...rate,
    ...compression,
  ]);
  const unused = new Array(offset).fill(99);
  const ssnd = aiffChunk("SSND", [...big(u32(offset)), ...big(u32(0)), ...unused, ...data], parts.soundBytes);
  const chunks = order === "sound first" ? [...ssnd, ...comm] : [...comm, ...before, ...ssnd, ...after];
  return Uint8Array.from([...aiffChunk("FORM", [...ascii(code === undefined ? "AIFF" : "AIFC"), ...chunks])]);
}

/** The fixed part of an AU file's header. */
export const auHeader = (start: number, nBytes: number, code = 3, channels = 1) => [
  ...ascii(".snd"),
  ...[start, nBytes, code, 8000, channels].flatMap((x) => big(u32(x))),
];
