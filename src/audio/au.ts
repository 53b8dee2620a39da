import { DataError } from "../core/errors.js";
import type { AudioStream } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import { UnreadFormatError } from "./foreign-format.js";
import { encodingName, MAX_CHANNELS, type PcmFormat } from "./pcm-format.js";
import { openPcm } from "./pcm-stream.js";
import type { AudioWarning } from "./warning.js";

/** Length of the fixed part of a header [bytes]. */
export const AU_HEADER_BYTES = 24;
const UNKNOWN_SIZE = 0xffffffff;

// The encodings that timbrel reads, by their number: [kind, bytes of a sample].
const ENCODINGS: Record<number, [PcmFormat["kind"], sampleBytes: number]> = {
  1: ["mulaw", 1],
  2: ["pcm", 1],
  3: ["pcm", 2],
  4: ["pcm", 3],
  5: ["pcm", 4],
  6: ["float", 4],
  7: ["float", 8],
  27: ["alaw", 1],
};

/** Header of an AU file. */
export interface AuHeader {
  readonly format: PcmFormat;
  /** Position of the first sample. */
  readonly start: number;
  /** `null` if the writer did not know. */
  readonly dataBytes: number | null;
}

/**
 * Parses the first 24 bytes of an AU file.
 * @throws UnreadFormatError if its samples are compressed
 * @throws DataError if the header is not valid
 */
export function parseAuHeader(bytes: Uint8Array, path: string): AuHeader {
  if (bytes.length < AU_HEADER_BYTES)
    throw new DataError(path, `the file ends after ${bytes.length} bytes, inside its AU header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [, start, dataBytes, code, sampleRate, channels] = Array.from({ length: 6 }, (_, i) =>
    view.getUint32(4 * i),
  );
  const encoding = ENCODINGS[code];
  if (encoding === undefined)
    throw new UnreadFormatError(path, `the AU file holds encoding ${code}`, {
      container: "AU",
      encoding: `encoding ${code}`,
    });
  if (start < AU_HEADER_BYTES)
    throw new DataError(path, `the AU header declares that samples begin at byte ${start}, inside it`);
  if (channels < 1 || channels > MAX_CHANNELS)
    throw new DataError(path, `has ${channels} channels, timbrel reads 1 to ${MAX_CHANNELS}`);
  const [kind, sampleBytes] = encoding;
  const layout = { kind, bits: 8 * sampleBytes, sampleBytes };
  const format = {
    ...layout,
    encoding: encodingName(layout),
    channels,
    sampleRate,
    littleEndian: false,
    isUnsigned8: false,
  };
  return { format, start, dataBytes: dataBytes === UNKNOWN_SIZE ? null : dataBytes };
}

/**
 * Opens an AU (Sun, NeXT) file with uncompressed samples, A-law or mu-law.
 * Same as: libsndfile 1.2.2 `sf_readf_float`, exactly; test/audio/decode-reference.test.ts
 * @throws UnreadFormatError if its samples are compressed
 * @throws DataError if the file cannot be read without guessing
 */
export async function openAu(source: ByteSource, path: string): Promise<AudioStream> {
  const { format, start, dataBytes } = parseAuHeader(await source.read(0, AU_HEADER_BYTES), path);
  const available = Math.max(0, source.size - start);
  const warnings: AudioWarning[] = [];
  if (dataBytes !== null && dataBytes > available)
    warnings.push({
      code: "truncated",
      message: `AU header declares ${dataBytes} bytes of samples, the file ends after ${available}`,
    });
  const end = start + Math.min(available, dataBytes ?? available);
  return openPcm(source, { container: "AU", format, start, end, part: "AU data", warnings }, path);
}
