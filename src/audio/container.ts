import { isRiff } from "./riff.js";

/** A file's container and the encoding inside, recognized by its first bytes. */
export interface Container {
  readonly container: string;
  /** Empty for WAV, whose header has to be read to know it. */
  readonly encoding: string;
}

/** File name extensions of the formats that timbrel reads. A file's bytes decide its format, not its name. */
export const AUDIO_EXTENSIONS: readonly string[] = [
  ".wav",
  ".wave",
  ".mp3",
  ".ogg",
  ".oga",
  ".opus",
  ".flac",
];

const OGG_CODECS: [string, string][] = [
  ["\x01vorbis", "Vorbis"],
  ["OpusHead", "Opus"],
  ["\x7fFLAC", "FLAC"],
];

// Formats that timbrel does not read, by their first bytes, so that an error can name them: [offset, mark, name].
const FOREIGN: [number, string, string][] = [
  [4, "ftyp", "MP4 (AAC or ALAC)"],
  [0, "\xff\xf1", "AAC"],
  [0, "\xff\xf9", "AAC"],
  [8, "AIFF", "AIFF"],
  [8, "AIFC", "AIFF-C"],
  [28, "Speex   ", "Speex"],
  [0, "riff", "Sony Wave64"],
  [0, ".snd", "AU"],
  [0, "caff", "CAF"],
  [0, "wvpk", "WavPack"],
  [0, "MAC ", "Monkey's Audio"],
  [0, "\x30\x26\xb2\x75", "Windows Media Audio"],
  [0, "\x1a\x45\xdf\xa3", "Matroska or WebM"],
  [0, "MThd", "MIDI"],
  [0, "\0\0\x01\xba", "MPEG program stream"],
];
// Files that are no audio but may hold pieces of MP3, or what looks like them: archives, programs, documents, pictures.
const OTHERS: [number, string][] = [
  [0, "PK"],
  [257, "ustar"],
  [0, "\x7fELF"],
  [0, "MZ"],
  [0, "%PDF"],
  [0, "\x89PNG"],
  [0, "\xff\xd8\xff"],
  [0, "GIF8"],
  [0, "BM"],
  [0, "II*\0"],
  [0, "MM\0*"],
];
const OGG_PAGE_HEADER_BYTES = 27;

/**
 * Recognizes container and encoding by magic bytes; null if they show no audio that timbrel reads. MP3 has none: its
 * frames have to be searched, see mpeg-sync.ts.
 */
export function detectContainer(bytes: Uint8Array): Container | null {
  if (isRiff(bytes)) return { container: "WAV", encoding: "" };
  const start = skipId3(bytes);
  const head = String.fromCharCode(...bytes.subarray(start, start + 128));
  if (head.startsWith("fLaC")) return { container: "FLAC", encoding: "FLAC" };
  if (head.startsWith("OggS")) {
    const codec = OGG_CODECS.find(([mark]) => head.includes(mark));
    return codec === undefined ? null : { container: "OGG", encoding: codec[1] };
  }
  return null;
}

/** The name of a format that timbrel does not read, if the first bytes show one. */
export function foreignFormat(bytes: Uint8Array): string | null {
  const head = String.fromCharCode(...bytes.subarray(0, 64));
  return FOREIGN.find(([offset, mark]) => head.startsWith(mark, offset))?.[2] ?? null;
}

/** Whether the first bytes show a file of another kind, which is not searched for MP3. */
export function isNoAudio(bytes: Uint8Array): boolean {
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  return OTHERS.some(([offset, mark]) => head.startsWith(mark, offset));
}

/** Whether the first bytes are those of a WAV file that holds MPEG layer 2 or 3, or of an RMP file. */
export function isMpegInRiff(bytes: Uint8Array): boolean {
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  if (!head.startsWith("RIFF")) return false;
  const fmt = head.indexOf("fmt ");
  return head.startsWith("RMP3", 8) || (fmt > 0 && /^[\x50\x55]\0/.test(head.slice(fmt + 8)));
}

/** Whether the last OGG page in the file is marked as the end of its stream. */
export function hasLastOggPage(bytes: Uint8Array): boolean {
  let page = bytes.length - OGG_PAGE_HEADER_BYTES;
  while (page >= 0 && !isOggPage(bytes, page)) page--;
  return page >= 0 && (bytes[page + 5] & 4) !== 0;
}

function isOggPage(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x4f && bytes[at + 1] === 0x67 && bytes[at + 2] === 0x67 && bytes[at + 3] === 0x53;
}

/** Position after an ID3v2 tag; 0 if there is none. */
function skipId3(bytes: Uint8Array): number {
  if (String.fromCharCode(...bytes.subarray(0, 3)) !== "ID3" || bytes.length < 10) return 0;
  const size = bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 127), 0);
  const footer = bytes[5] & 16 ? 10 : 0;
  return 10 + size + footer;
}
