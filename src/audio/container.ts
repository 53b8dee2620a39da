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
  [0, "OggS", "OGG (neither Vorbis, Opus nor FLAC)"],
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
  const head = String.fromCharCode(...bytes.subarray(0, 4));
  if (head === "fLaC") return { container: "FLAC", encoding: "FLAC" };
  if (head === "OggS") {
    const encoding = firstOggCodec(bytes);
    return encoding === null ? null : { container: "OGG", encoding };
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

/** The codec of an OGG stream by its first packet; null if it is none that timbrel reads. */
export function oggCodec(packet: Uint8Array): string | null {
  const head = String.fromCharCode(...packet.subarray(0, 8));
  return OGG_CODECS.find(([mark]) => head.startsWith(mark))?.[1] ?? null;
}

/** The first codec that timbrel reads among the first pages of an OGG file; each stream in it has one. */
function firstOggCodec(bytes: Uint8Array): string | null {
  for (let at = 0; at + OGG_PAGE_HEADER_BYTES <= bytes.length; ) {
    const bodyAt = at + OGG_PAGE_HEADER_BYTES + bytes[at + 26];
    const isFirstPage = (bytes[at + 5] & 2) !== 0;
    if (bytes[at] !== 0x4f || !isFirstPage) return null;
    const codec = oggCodec(bytes.subarray(bodyAt));
    if (codec !== null) return codec;
    at = bodyAt + bytes.subarray(at + OGG_PAGE_HEADER_BYTES, bodyAt).reduce((sum, length) => sum + length, 0);
  }
  return null;
}
