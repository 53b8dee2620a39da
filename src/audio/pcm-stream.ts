import wavDecoder from "wav-decoder";
import { DataError } from "../core/errors.js";
import { type AudioStream, BLOCK_SAMPLES } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import { canonicalWav, isAtBottom } from "./canonical-wav.js";
import type { PcmFormat } from "./pcm-format.js";
import { decodePcm16 } from "./pcm16.js";
import type { AudioWarning } from "./warning.js";

// wav-decoder uses `global`, Node's name for the global object, which browsers lack.
(globalThis as { global?: unknown }).global ??= globalThis;

/** Bounds a block of many channels [bytes in the file]. */
const MAX_BLOCK_BYTES = 2 ** 21;

/** Where in a file uncompressed samples are. */
export interface PcmData {
  readonly container: string;
  readonly format: PcmFormat;
  /** Positions of the first byte and of the one after the last. */
  readonly start: number;
  readonly end: number;
  /** What the file calls this part, e.g. "data chunk". */
  readonly part: string;
  /** Oddities found so far. */
  readonly warnings: readonly AudioWarning[];
}

/**
 * Opens uncompressed samples: `sample = integer / 2 ** (bits - 1)`, 8-bit unsigned `(x - 128) / 128`, floats as they
 * are, A-law and mu-law as the 16-bit values of G.711.
 * @throws DataError if there is not one whole frame, or if it is unclear where in their bytes the samples are
 */
export async function openPcm(source: ByteSource, data: PcmData, path: string): Promise<AudioStream> {
  const { container, format, start, part } = data;
  const { encoding, channels, sampleRate, sampleBytes } = format;
  const warnings = [...data.warnings];
  const nBytes = data.end - start;
  const frameBytes = channels * sampleBytes;
  const nSamples = Math.floor(nBytes / frameBytes);
  const extraBytes = nBytes - nSamples * frameBytes;
  if (nBytes === 0) throw new DataError(path, `the ${part} is empty`);
  if (nSamples === 0)
    throw new DataError(path, `the ${part} holds ${nBytes} bytes, less than one frame of ${frameBytes}`);
  if (extraBytes > 0)
    warnings.push({
      code: "ignored-data",
      message: `ends with an incomplete frame (${extraBytes} of ${frameBytes} bytes), which is dropped`,
    });
  const pieces = () => piecesOf(source, { start, end: data.end - extraBytes, frameBytes }, path);
  const atBottom =
    sampleBytes === 4 && format.bits <= 24 && (await isAtBottom(pieces(), format, warnings, path));
  return {
    format: { container, encoding, channels, sampleRate },
    declaredSamples: nSamples,
    blocks: decodePcm(pieces(), format, atBottom),
    warnings,
  };
}

/** Reads whole frames, up to a block of them at a time. */
async function* piecesOf(
  source: ByteSource,
  { start, end, frameBytes }: { start: number; end: number; frameBytes: number },
  path: string,
): AsyncGenerator<Uint8Array> {
  const maxFrames = Math.min(BLOCK_SAMPLES, Math.ceil(MAX_BLOCK_BYTES / frameBytes));
  for (let at = start; at < end; ) {
    const length = Math.min(maxFrames * frameBytes, end - at);
    const bytes = await source.read(at, length);
    if (bytes.length < length) throw new DataError(path, "was cut short while it was read");
    yield bytes;
    at += length;
  }
}

/**
 * Decodes samples piece by piece.
 * @param pieces whole frames
 * @param atBottom whether samples of at most 24 bits are at the bottom of 4 bytes
 */
export async function* decodePcm(
  pieces: AsyncIterable<Uint8Array>,
  format: PcmFormat,
  atBottom = false,
): AsyncGenerator<Float32Array[]> {
  const { kind, channels, sampleBytes, littleEndian } = format;
  let buffers: Float32Array[] = [];
  for await (const piece of pieces) {
    const is16 = kind === "pcm" && sampleBytes === 2;
    const length = piece.length / (channels * sampleBytes);
    if (is16 && (buffers[0]?.length ?? 0) < length)
      buffers = Array.from({ length: channels }, () => new Float32Array(length));
    yield is16
      ? decodePcm16(piece, littleEndian, buffers)
      : wavDecoder.decode.sync(canonicalWav(piece, format, atBottom), { symmetric: true }).channelData;
  }
}
