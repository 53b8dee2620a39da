import { DataError } from "../core/errors.js";
import { A_LAW, MU_LAW } from "./companding.js";
import type { PcmFormat } from "./pcm-format.js";
import type { AudioWarning } from "./warning.js";

const HEADER_BYTES = 44;
const PCM_TAG = 1;
const FLOAT_TAG = 3;

/**
 * Writes samples as a WAV file of the simplest kind, one `fmt ` chunk of 16 bytes and one `data` chunk, in an encoding
 * that wav-decoder reads exactly with `symmetric`: 16- or 32-bit PCM, 32- or 64-bit float. 8-bit PCM, A-law and mu-law
 * become 16-bit; 24-bit PCM becomes 32-bit, because wav-decoder reads a 24-bit -1.0 as +1.0.
 * @param data whole frames in `format`
 * @param atBottom whether 24-bit samples are at the bottom of 4 bytes, see `isAtBottom`
 */
export function canonicalWav(data: Uint8Array, format: PcmFormat, atBottom = false): ArrayBuffer {
  const { kind, channels, sampleRate, sampleBytes, littleEndian } = format;
  const nSamples = data.length / sampleBytes; // of all channels
  const outBytes = sampleBytes === 1 ? 2 : sampleBytes === 3 ? 4 : sampleBytes;
  const file = new ArrayBuffer(HEADER_BYTES + nSamples * outBytes);
  const header = new DataView(file);
  const body = new Uint8Array(file, HEADER_BYTES);
  const ids: [number, string][] = [
    [0, "RIFF"],
    [8, "WAVE"],
    [12, "fmt "],
    [36, "data"],
  ];
  for (const [at, id] of ids) for (let i = 0; i < 4; i++) header.setUint8(at + i, id.charCodeAt(i));
  header.setUint32(4, file.byteLength - 8, true);
  header.setUint32(16, 16, true);
  header.setUint16(20, kind === "float" ? FLOAT_TAG : PCM_TAG, true);
  header.setUint16(22, channels, true);
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, sampleRate * channels * outBytes, true);
  header.setUint16(32, channels * outBytes, true);
  header.setUint16(34, 8 * outBytes, true);
  header.setUint32(40, body.length, true);

  if (sampleBytes === 1) widen8(data, format, body);
  else if (sampleBytes === 3) widen24(data, littleEndian, body);
  else {
    body.set(data);
    if (!littleEndian) swapBytes(body, sampleBytes);
    if (atBottom) moveToTop(body);
  }
  return file;
}

/** Samples of one byte to 16-bit PCM: x / 128 = (x * 256) / 32768. */
function widen8(data: Uint8Array, { kind, isUnsigned8 }: PcmFormat, body: Uint8Array): void {
  const flip = isUnsigned8 ? 128 : 0; // unsigned to signed is the same as turning the highest bit
  for (let i = 0; i < data.length; i++) {
    const byte = data[i];
    const sample = kind === "alaw" ? A_LAW[byte] : kind === "mulaw" ? MU_LAW[byte] : (byte ^ flip) << 8;
    body[2 * i] = sample;
    body[2 * i + 1] = sample >> 8;
  }
}

/** 24-bit to 32-bit PCM: the lowest byte is 0. */
function widen24(data: Uint8Array, littleEndian: boolean, body: Uint8Array): void {
  const [low, high] = littleEndian ? [0, 2] : [2, 0];
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    body[to + 1] = data[from + low];
    body[to + 2] = data[from + 1];
    body[to + 3] = data[from + high];
  }
}

/**
 * Whether samples of 17 to 24 bits are at the bottom of their four bytes. The WAV format puts them at the top; some
 * writers put them at the bottom. The spare byte shows which: the lowest is always 0, or the highest always repeats the
 * sign. Cool Edit's floats, which have the same header, do neither.
 * @param pieces all samples
 * @param warnings gets one more if both are possible
 * @throws DataError if neither is
 */
export async function isAtBottom(
  pieces: AsyncIterable<Uint8Array>,
  { bits, littleEndian }: PcmFormat,
  warnings: AudioWarning[],
  path: string,
): Promise<boolean> {
  const [low, second, high] = littleEndian ? [0, 2, 3] : [3, 1, 0];
  let isTop = true;
  let isBottom = true;
  let isZero = true;
  for await (const piece of pieces) {
    for (let i = 0; i < piece.length && (isTop || isBottom); i += 4) {
      isTop &&= piece[i + low] === 0;
      isBottom &&= piece[i + high] === (piece[i + second] & 128 ? 255 : 0);
    }
    isZero &&= piece.every((byte) => byte === 0);
    if (!isTop && !isBottom)
      throw new DataError(path, `has ${bits}-bit samples at neither end of their 4 bytes; convert it to PCM`);
  }
  if (isTop && isBottom && !isZero)
    warnings.push({
      code: "ambiguous-format",
      message: `${bits}-bit samples in 4 bytes could be at the top or the bottom; timbrel assumes the top`,
    });
  return !isTop;
}

function moveToTop(body: Uint8Array): void {
  for (let i = 0; i < body.length; i += 4) {
    body.copyWithin(i + 1, i, i + 3);
    body[i] = 0;
  }
}

function swapBytes(body: Uint8Array, sampleBytes: number): void {
  for (let at = 0; at < body.length; at += sampleBytes)
    for (let i = at, j = at + sampleBytes - 1; i < j; i++, j--) [body[i], body[j]] = [body[j], body[i]];
}
