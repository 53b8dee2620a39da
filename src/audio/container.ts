import { isRiff } from "./riff.js";
import { idAt } from "./small-reads.js";

/** A file's container and the encoding inside, recognized by its first bytes. */
export interface Container {
  readonly container: string;
  /** Empty for WAV, AIFF and AU, whose header has to be read to know it. */
  readonly encoding: string;
}

/** File name extensions of the formats that timbrel reads. A file's bytes decide its format, not its name. */
export const AUDIO_EXTENSIONS: readonly string[] = [
  ".wav",
  ".wave",
  ".mp3",
  ".mpga",
  ".ogg",
  ".oga",
  ".opus",
  ".flac",
  ".aif",
  ".aiff",
  ".aifc",
  ".au",
  ".snd",
];

const OGG_CODECS: [string, string][] = [
  ["\x01vorbis", "Vorbis"],
  ["OpusHead", "Opus"],
  ["\x7fFLAC", "FLAC"],
];

// Files that are no audio but may hold pieces of MP3, or what looks like them: archives, programs, documents,
// pictures, MIDI.
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
  [0, "MThd"],
];
const OGG_PAGE_HEADER_BYTES = 27;

/**
 * Recognizes container and encoding by magic bytes; null if they show no audio that timbrel reads. MP3 has none: its
 * frames have to be searched, see mpeg-sync.ts.
 */
export function detectContainer(bytes: Uint8Array): Container | null {
  const head = idAt(bytes, 0);
  if (isRiff(bytes) && idAt(bytes, 8) !== "AVI ") return { container: "WAV", encoding: "" };
  if (head === "FORM" && ["AIFF", "AIFC"].includes(idAt(bytes, 8)))
    return { container: "AIFF", encoding: "" };
  if (head === ".snd") return { container: "AU", encoding: "" };
  if (head === "fLaC") return { container: "FLAC", encoding: "FLAC" };
  if (head === "OggS") {
    const encoding = firstOggCodec(bytes);
    return encoding === null ? null : { container: "OGG", encoding };
  }
  return null;
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
