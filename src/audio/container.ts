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

const OGG_PAGE_HEADER_BYTES = 27;

/** Recognizes container and encoding by magic bytes; null if they show no audio that timbrel reads. */
export function detectContainer(bytes: Uint8Array): Container | null {
  if (isRiff(bytes) && idAt(bytes, 8) !== "AVI ") return { container: "WAV", encoding: "" };
  if (idAt(bytes, 0) === "FORM" && ["AIFF", "AIFC"].includes(idAt(bytes, 8)))
    return { container: "AIFF", encoding: "" };
  if (idAt(bytes, 0) === ".snd") return { container: "AU", encoding: "" };
  const start = skipId3(bytes);
  const head = String.fromCharCode(...bytes.subarray(start, start + 128));
  if (head.startsWith("fLaC")) return { container: "FLAC", encoding: "FLAC" };
  if (head.startsWith("OggS")) {
    const codec = OGG_CODECS.find(([mark]) => head.includes(mark));
    return codec === undefined ? null : { container: "OGG", encoding: codec[1] };
  }
  const [first, second] = [head.charCodeAt(0), head.charCodeAt(1)];
  // MPEG frame sync, layer 3, a valid bit rate and a valid sample rate.
  const third = head.charCodeAt(2);
  if (first === 0xff && (second & 0xe6) === 0xe2 && third >> 4 !== 15 && ((third >> 2) & 3) !== 3)
    return { container: "MP3", encoding: "MPEG layer 3" };
  return null;
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
