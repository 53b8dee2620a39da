import { DataError } from "../core/errors.js";
import type { Container } from "./container.js";
import { idAt } from "./small-reads.js";

/** Audio in a format or encoding that timbrel itself does not read, but other programs do. */
export class UnreadFormatError extends DataError {
  readonly container: Container;

  /** @param what the beginning of the error's reason, e.g. "AAC file" */
  constructor(path: string, what: string, container: Container, remedy = "convert it to WAV or FLAC") {
    super(path, `${what}, which timbrel does not read; ${remedy}`);
    this.container = container;
  }
}

/** E.g. "MP4 (AAC or ALAC)". */
export const formatText = ({ container, encoding }: Container): string =>
  encoding === "" ? container : `${container} (${encoding})`;

// Formats that timbrel does not read, by their first bytes, so that an error can name them: [offset, mark, container,
// encoding].
const FOREIGN: [number, string, string, encoding?: string][] = [
  [4, "ftyp", "MP4", "AAC or ALAC"],
  [4, "moov", "QuickTime"],
  [4, "mdat", "QuickTime"],
  [0, "ADIF", "AAC"],
  [28, "Speex   ", "Speex"],
  [0, "OggS", "OGG", "neither Vorbis, Opus nor FLAC"],
  [0, "riff\x2e\x91\xcf\x11", "Sony Wave64"],
  [0, "caff\x00", "CAF"],
  [0, "wvpk", "WavPack"],
  [0, "MAC ", "Monkey's Audio"],
  [0, "TTA", "True Audio"],
  [0, "MPCK", "Musepack"],
  [0, "MP+", "Musepack"],
  [0, "OFR ", "OptimFROG"],
  [0, "tBaK", "TAK"],
  [0, "\x30\x26\xb2\x75", "Windows Media Audio"],
  [0, "\x1a\x45\xdf\xa3", "Matroska or WebM"],
  [0, "#!AMR", "AMR"],
  [0, "\x0b\x77", "AC-3"],
  [0, "\x77\x0b", "AC-3"],
  [0, "\x7f\xfe\x80\x01", "DTS"],
  [0, "DSD ", "DSD"],
  [0, "FRM8", "DSD"],
  [0, ".RMF", "RealAudio"],
  [0, ".ra\xfd", "RealAudio"],
  [0, "Creative Voice File", "Creative Voice"],
  [0, "FLV\x01", "Flash video"],
  [0, "\x00\x00\x01\xba", "MPEG video"],
  [8, "AVI ", "AVI"],
  [8, "8SVX", "IFF 8SVX"],
  [0, "NIST_1A", "NIST SPHERE"],
];

/** The format of audio or video that timbrel does not read, if the first bytes show one. */
export function foreignFormat(bytes: Uint8Array): Container | null {
  const head = String.fromCharCode(...bytes.subarray(0, 64));
  const found = FOREIGN.find(([offset, mark]) => head.startsWith(mark, offset));
  if (found !== undefined) return { container: found[2], encoding: found[3] ?? "" };
  if (isTransportStream(bytes)) return { container: "MPEG transport stream", encoding: "" };
  return isAdts(bytes) ? { container: "AAC", encoding: "" } : null;
}

/** Whether the bytes begin like an AAC stream: a frame header whose length leads to another. */
function isAdts(bytes: Uint8Array): boolean {
  const isSync = (at: number) => bytes[at] === 0xff && (bytes[at + 1] & 0xf6) === 0xf0;
  if (!isSync(0) || bytes.length < 7) return isSync(0);
  const frameBytes = ((bytes[3] & 3) << 11) | (bytes[4] << 3) | (bytes[5] >> 5);
  return frameBytes >= 7 && (frameBytes + 1 >= bytes.length || isSync(frameBytes));
}

/** Whether three packets of an MPEG transport stream begin where they must. */
function isTransportStream(bytes: Uint8Array): boolean {
  return [0, 188, 376].every((at) => bytes[at] === 0x47);
}

/** Whether the bytes begin a MIDI file, which no decoder can turn into sound. */
export const isMidi = (bytes: Uint8Array): boolean => idAt(bytes, 0) === "MThd";
