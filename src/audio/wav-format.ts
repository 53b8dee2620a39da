import { DataError } from "../core/errors.js";
import { MAX_SAMPLE_RATE, MIN_SAMPLE_RATE } from "./waveform.js";

/** The checked content of a WAV file's `fmt ` chunk. */
export interface WavFormat {
  readonly kind: "pcm" | "float" | "alaw" | "mulaw";
  /** In words, e.g. "16-bit PCM". */
  readonly encoding: string;
  readonly channels: number;
  readonly sampleRate: number;
  /** Bytes that one sample takes: 1, 2, 3, 4 or 8. */
  readonly sampleBytes: number;
  /** Bits of a sample that carry signal, at most 8 * sampleBytes. */
  readonly bits: number;
}

/** The same limit as libsndfile's. */
const MAX_CHANNELS = 1024;
const KINDS: Record<number, WavFormat["kind"]> = { 1: "pcm", 3: "float", 6: "alaw", 7: "mulaw" };
const EXTENSIBLE = 0xfffe;
/** Endings of sub-format GUIDs whose first two bytes are a format tag; the second one is used by ambisonic files. */
const GUID_TAILS = ["000000001000800000aa00389b71", "00002107d3118644c8c1ca000000"];

// Format tags of compressed audio found in WAV files, from the registry in Microsoft's mmreg.h.
const COMPRESSED: Record<number, string> = {
  2: "Microsoft ADPCM",
  16: "OKI ADPCM",
  17: "IMA ADPCM",
  32: "Yamaha ADPCM",
  34: "DSP Group TrueSpeech",
  49: "GSM 6.10",
  64: "G.721 ADPCM",
  69: "G.726 ADPCM",
  80: "MPEG audio (MP1 or MP2)",
  85: "MP3",
  146: "Dolby AC-3",
  255: "AAC",
  352: "Windows Media Audio 1",
  353: "Windows Media Audio 2",
  354: "Windows Media Audio 9",
  355: "Windows Media Audio lossless",
  26447: "Ogg Vorbis",
  26448: "Ogg Vorbis",
  26449: "Ogg Vorbis",
  41222: "AAC",
  61868: "FLAC",
};

/**
 * Parses and checks a `fmt ` chunk: PCM, IEEE float, A-law or mu-law, plain or WAVE_FORMAT_EXTENSIBLE.
 * @throws DataError naming the invalid field or the compressed format
 */
export function parseWavFormat(fmt: Uint8Array, littleEndian: boolean, path: string): WavFormat {
  const fail = (reason: string) => new DataError(path, reason);
  if (fmt.length < 16) throw fail(`the fmt chunk needs at least 16 bytes, has ${fmt.length}`);
  const view = new DataView(fmt.buffer, fmt.byteOffset, fmt.byteLength);
  const channels = view.getUint16(2, littleEndian);
  const sampleRate = view.getUint32(4, littleEndian);
  const blockBytes = view.getUint16(12, littleEndian);
  const tag = formatTag(view, littleEndian, path);
  const kind = KINDS[tag];
  if (kind === undefined) {
    const code = `format 0x${tag.toString(16).padStart(4, "0")}`;
    const name = COMPRESSED[tag] === undefined ? code : `${COMPRESSED[tag]} (${code})`;
    throw fail(`the WAV file holds ${name}, which timbrel does not read; convert it to PCM`);
  }
  if (channels < 1 || channels > MAX_CHANNELS)
    throw fail(`has ${channels} channels, timbrel reads 1 to ${MAX_CHANNELS}`);
  checkSampleRate(sampleRate, path);
  const sampleBytes = blockBytes / channels;
  const bits = view.getUint16(14, littleEndian);
  if (!isLayout(kind, bits, sampleBytes))
    throw fail(
      `a block size of ${blockBytes} bytes does not fit ${bits}-bit ${kind} on ${channels} channel${channels === 1 ? "" : "s"}`,
    );
  return { kind, encoding: encodingName(kind, bits, sampleBytes), channels, sampleRate, sampleBytes, bits };
}

/** @throws DataError unless timbrel can resample from this rate */
export function checkSampleRate(sampleRate: number, path: string): void {
  if (!(sampleRate >= MIN_SAMPLE_RATE && sampleRate <= MAX_SAMPLE_RATE))
    throw new DataError(
      path,
      `has a sample rate of ${sampleRate} Hz, timbrel reads ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE} Hz`,
    );
}

function formatTag(view: DataView, littleEndian: boolean, path: string): number {
  const tag = view.getUint16(0, littleEndian);
  if (tag !== EXTENSIBLE) return tag;
  if (view.byteLength < 40)
    throw new DataError(path, `the extensible fmt chunk needs 40 bytes, has ${view.byteLength}`);
  const guid = Array.from({ length: 16 }, (_, i) =>
    view
      .getUint8(24 + i)
      .toString(16)
      .padStart(2, "0"),
  ).join("");
  if (!GUID_TAILS.includes(guid.slice(4)))
    throw new DataError(
      path,
      `the WAV file holds sub-format ${guid}, which timbrel does not read; convert it to PCM`,
    );
  return view.getUint16(24, littleEndian);
}

/** Whether samples of `bits` bits can be stored in `sampleBytes` bytes each. */
function isLayout(kind: WavFormat["kind"], bits: number, sampleBytes: number): boolean {
  if (kind === "float") return (sampleBytes === 4 || sampleBytes === 8) && bits === 8 * sampleBytes;
  if (kind === "alaw" || kind === "mulaw") return sampleBytes === 1 && bits === 8;
  if (sampleBytes === 4 && bits > 16 && bits <= 24) return true;
  return [1, 2, 3, 4].includes(sampleBytes) && bits > 8 * (sampleBytes - 1) && bits <= 8 * sampleBytes;
}

function encodingName(kind: WavFormat["kind"], bits: number, sampleBytes: number): string {
  if (kind === "alaw") return "A-law";
  if (kind === "mulaw") return "mu-law";
  const container = bits === 8 * sampleBytes ? "" : ` in ${sampleBytes} bytes`;
  return `${bits}-bit ${kind === "float" ? "float" : "PCM"}${container}`;
}
