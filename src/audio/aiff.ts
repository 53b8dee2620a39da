import { DataError } from "../core/errors.js";
import type { AudioStream } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import { UnreadFormatError } from "./foreign-format.js";
import { encodingName, isLayout, MAX_CHANNELS, type PcmFormat } from "./pcm-format.js";
import { openPcm } from "./pcm-stream.js";
import { idAt, idText, type SmallReads, smallReads } from "./small-reads.js";
import type { AudioWarning } from "./warning.js";

const HEADER_BYTES = 8;
/** Enough of a COMM chunk for the name of its encoding. */
const COMM_BYTES = 64;
/** As in RIFF files: a damaged file could send the walk over gigabytes in steps of 8 bytes. */
const MAX_CHUNKS = 10_000;
/** Sizes of sound data that writers to a pipe leave in the header: ffmpeg, SoX and others. */
const UNKNOWN_SIZES = new Set([0, 0x7f000008, 0xffffffff]);

// Uncompressed encodings of AIFF-C by name: [kind, bytes of a sample or 0 for what the bits need, little-endian].
const ENCODINGS: Record<string, [PcmFormat["kind"], sampleBytes: number, littleEndian: boolean]> = {
  NONE: ["pcm", 0, false],
  twos: ["pcm", 0, false],
  sowt: ["pcm", 0, true],
  "raw ": ["pcm", 1, false],
  in24: ["pcm", 3, false],
  in32: ["pcm", 4, false],
  fl32: ["float", 4, false],
  FL32: ["float", 4, false],
  fl64: ["float", 8, false],
  FL64: ["float", 8, false],
  alaw: ["alaw", 1, false],
  ALAW: ["alaw", 1, false],
  ulaw: ["mulaw", 1, false],
  ULAW: ["mulaw", 1, false],
};

/** Content of a COMM chunk. */
interface Comm {
  format: PcmFormat;
  /** Number of samples per channel that it declares; 0 if the writer did not know. */
  nFrames: number;
}

/** The samples in an SSND chunk. */
interface SoundData {
  /** Position of the first one. */
  start: number;
  /** `null` if the writer did not know. */
  declaredBytes: number | null;
}

/**
 * Opens an AIFF or AIFF-C file with uncompressed samples, A-law or mu-law.
 * Same as: libsndfile 1.2.2 `sf_readf_float`, exactly; test/audio/decode-reference.test.ts
 * @throws UnreadFormatError if the samples are compressed otherwise
 * @throws DataError if the file cannot be read without guessing
 */
export async function openAiff(source: ByteSource, path: string): Promise<AudioStream> {
  const { size } = source;
  const read = smallReads(source);
  const isCompressible = idAt(await read(8, 4), 0) === "AIFC";
  let comm: Comm | undefined;
  let sound: SoundData | undefined;
  let position = 12;
  for (let n = 0; n < MAX_CHUNKS && position + HEADER_BYTES <= size; n++) {
    const header = await read(position, HEADER_BYTES);
    const id = idAt(header, 0);
    const start = position + HEADER_BYTES;
    const declaredBytes = viewOf(header).getUint32(4);
    if (id === "COMM" && comm === undefined)
      comm = parseComm(await read(start, Math.min(declaredBytes, COMM_BYTES)), isCompressible, path);
    else if (id === "SSND" && sound === undefined) {
      sound = await soundData(read, start, declaredBytes, path);
      if (UNKNOWN_SIZES.has(declaredBytes)) break;
    } else if (start + declaredBytes > size && (comm === undefined || sound === undefined))
      throw new DataError(
        path,
        `chunk ${idText(id)} at byte ${position} declares ${declaredBytes} bytes, the file ends after ${size}; ` +
          `no ${comm === undefined ? "COMM" : "SSND"} chunk was found`,
      );
    position = start + declaredBytes + (declaredBytes % 2);
  }
  if (comm === undefined) throw new DataError(path, "the file has no COMM chunk");
  if (sound === undefined) throw new DataError(path, "the file has no SSND chunk");
  const { start } = sound;
  const { format } = comm;
  const { end, warnings } = soundEnd(sound, comm, size);
  const container = isCompressible ? "AIFF-C" : "AIFF";
  return openPcm(source, { container, format, start, end, part: "SSND chunk", warnings }, path);
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function parseComm(bytes: Uint8Array, isCompressible: boolean, path: string): Comm {
  const needed = isCompressible ? 22 : 18;
  if (bytes.length < needed)
    throw new DataError(path, `the COMM chunk needs at least ${needed} bytes, has ${bytes.length}`);
  const view = viewOf(bytes);
  const channels = view.getUint16(0);
  const declaredBits = view.getUint16(6);
  const code = isCompressible ? idAt(bytes, 18) : "NONE";
  const encoding = ENCODINGS[code];
  if (encoding === undefined)
    throw new UnreadFormatError(path, `the AIFF-C file holds the encoding ${idText(code)}`, {
      container: "AIFF-C",
      encoding: idText(code),
    });
  const [kind, codeBytes, littleEndian] = encoding;
  const sampleBytes = codeBytes || Math.ceil(declaredBits / 8);
  // The bits are those of the decoded samples in some files, so they count only where they say something.
  const bits = codeBytes === 0 ? declaredBits : 8 * sampleBytes;
  if (channels < 1 || channels > MAX_CHANNELS)
    throw new DataError(path, `has ${channels} channels, timbrel reads 1 to ${MAX_CHANNELS}`);
  const layout = { kind, bits, sampleBytes };
  if (!isLayout(layout)) throw new DataError(path, `the COMM chunk declares samples of ${bits} bits`);
  return {
    nFrames: view.getUint32(2),
    format: {
      ...layout,
      encoding: encodingName(layout),
      channels,
      sampleRate: Math.round(extended(view, 8)),
      littleEndian,
      isUnsigned8: code === "raw ",
    },
  };
}

/** An 80-bit floating-point number: sign and exponent in two bytes, then 64 bits whose first one is the integer part. */
function extended(view: DataView, at: number): number {
  const exponent = view.getUint16(at);
  const value = Number(view.getBigUint64(at + 2)) * 2 ** ((exponent & 0x7fff) - 16383 - 63);
  return exponent & 0x8000 ? -value : value;
}

async function soundData(
  read: SmallReads,
  start: number,
  declaredBytes: number,
  path: string,
): Promise<SoundData> {
  const head = await read(start, 8);
  if (head.length < 8) throw new DataError(path, "the SSND chunk is empty");
  const offset = viewOf(head).getUint32(0); // unused bytes before the first sample
  return {
    start: start + 8 + offset,
    declaredBytes: UNKNOWN_SIZES.has(declaredBytes) ? null : Math.max(0, declaredBytes - 8 - offset),
  };
}

/** Position where the samples end, with warnings about lengths that contradict each other. */
function soundEnd(
  { start, declaredBytes }: SoundData,
  { nFrames, format }: Comm,
  size: number,
): { end: number; warnings: AudioWarning[] } {
  const frameBytes = format.channels * format.sampleBytes;
  const available = Math.max(0, size - start);
  if (declaredBytes === null) {
    const nBytes = nFrames === 0 ? available : Math.min(available, nFrames * frameBytes);
    return { end: start + nBytes, warnings: [] };
  }
  const nBytes = Math.min(available, declaredBytes);
  const warnings: AudioWarning[] = [];
  if (nBytes < declaredBytes)
    warnings.push({
      code: "truncated",
      message: `SSND chunk declares ${declaredBytes} bytes of samples, the file ends after ${nBytes}`,
    });
  else if (nBytes < (nFrames - 1) * frameBytes)
    warnings.push({
      code: "truncated",
      message: `COMM chunk declares ${nFrames} samples, the SSND chunk holds ${Math.floor(nBytes / frameBytes)}`,
    });
  return { end: start + nBytes, warnings };
}
