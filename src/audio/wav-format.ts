import { DataError } from "../core/errors.js";
import { UnreadFormatError } from "./foreign-format.js";
import { encodingName, isLayout, MAX_CHANNELS, type PcmFormat } from "./pcm-format.js";
import { MAX_SAMPLE_RATE, MIN_SAMPLE_RATE } from "./waveform.js";

const KINDS: Record<number, PcmFormat["kind"]> = { 1: "pcm", 3: "float", 6: "alaw", 7: "mulaw" };
const TO_PCM = "convert it to PCM";
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
 * @throws UnreadFormatError naming the compressed format
 * @throws DataError naming the invalid field
 */
export function parseWavFormat(fmt: Uint8Array, littleEndian: boolean, path: string): PcmFormat {
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
    throw new UnreadFormatError(
      path,
      `the WAV file holds ${name}`,
      { container: "WAV", encoding: COMPRESSED[tag] ?? code },
      TO_PCM,
    );
  }
  if (channels < 1 || channels > MAX_CHANNELS)
    throw fail(`has ${channels} channels, timbrel reads 1 to ${MAX_CHANNELS}`);
  checkSampleRate(sampleRate, path);
  const sampleBytes = blockBytes / channels;
  const bits = view.getUint16(14, littleEndian);
  const layout = { kind, bits, sampleBytes };
  if (!isLayout(layout))
    throw fail(
      `a block size of ${blockBytes} bytes does not fit ${bits}-bit ${kind} on ${channels} channel${channels === 1 ? "" : "s"}`,
    );
  return { ...layout, encoding: encodingName(layout), channels, sampleRate, littleEndian, isUnsigned8: true };
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
    throw new UnreadFormatError(
      path,
      `the WAV file holds sub-format ${guid}`,
      { container: "WAV", encoding: `sub-format ${guid}` },
      TO_PCM,
    );
  return view.getUint16(24, littleEndian);
}
