import { extname } from "node:path";
import { detectContainer } from "../audio/container.js";
import { foreignFormat } from "../audio/foreign-format.js";
import { parseMpegFrame } from "../audio/mpeg-frame.js";
import { idAt } from "../audio/small-reads.js";
import { headOf } from "./file-head.js";

/** Names, in lower case, of files that systems put into folders. */
const NAMES = ["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"];

/** Extensions of files that people keep beside audio: pictures, texts, data, and what audio programs add. */
const EXTENSIONS = new Set(
  (
    ".bmp .gif .heic .ico .jpeg .jpg .pdf .png .psd .svg .tif .tiff .webp " +
    ".cue .doc .docx .htm .html .ini .log .lrc .m3u .m3u8 .md .nfo .ods .odt .pls .rtf .srt .txt .url .xls .xlsx " +
    ".csv .db .h5 .hdf5 .json .jsonl .mat .md5 .npy .npz .onnx .parquet .pickle .pkl .pt .pth .safetensors .sfv " +
    ".sqlite .tsv .xml .yaml .yml " +
    ".als .asd .cpr .flp .ovw .pek .pkf .ptx .reapeaks .sfk " +
    ".c .ipynb .js .mjs .py .pyc .sh .ts"
  ).split(" "),
);

/** First bytes of pictures and documents: [offset, mark]. HEIC and AVIF pictures are in the container of MP4. */
const MARKS: [number, string][] = [
  [0, "\xff\xd8\xff"],
  [0, "\x89PNG"],
  [0, "GIF8"],
  [8, "WEBP"],
  [0, "II*\0"],
  [0, "MM\0*"],
  [0, "8BPS"],
  [0, "%PDF"],
  ...["hei", "mif1", "msf1", "avi"].map((brand): [number, string] => [4, `ftyp${brand}`]),
];

/** Enough of a file to tell text from anything else [bytes]. */
const HEAD_BYTES = 4096;

/** Enough of a file to tell audio from what its name promises [bytes]: three packets of an MPEG transport stream. */
const MARK_BYTES = 400;

/**
 * Whether a file belongs beside audio: by its name, unless its first bytes are those of audio, or else by its first
 * bytes: text, a picture, a document. Whatever else is no audio either is found out, and told, when it is opened.
 */
export function isCompanion(path: string, name: string): boolean {
  return isCompanionName(name)
    ? !isAudioContent(headOf(path, MARK_BYTES))
    : isCompanionContent(headOf(path, HEAD_BYTES));
}

/** Whether a name alone shows that a file belongs beside audio. */
export function isCompanionName(name: string): boolean {
  const lower = name.toLowerCase();
  return NAMES.includes(lower) || EXTENSIONS.has(extname(lower));
}

function isCompanionContent(head: Uint8Array): boolean {
  return isDocument(head) || isText(head);
}

function isDocument(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, 16));
  return MARKS.some(([offset, mark]) => text.startsWith(mark, offset));
}

function isAudioContent(head: Uint8Array): boolean {
  return hasAudioMark(head) && !isDocument(head) && !isText(head); // a text may begin with "MAC "
}

function hasAudioMark(head: Uint8Array): boolean {
  const container = detectContainer(head);
  if (container?.container === "WAV") return idAt(head, 8) === "WAVE"; // projects of Cubase are RIFF files
  return (
    container !== null ||
    foreignFormat(head) !== null ||
    idAt(head, 0).startsWith("ID3") ||
    parseMpegFrame(head, 0) !== null
  );
}

/** Whether bytes are text: without control characters but white space and escapes. UTF-16 has to have its mark. */
function isText(head: Uint8Array): boolean {
  const [first, second] = head;
  const encoding =
    first === 0xff && second === 0xfe
      ? "utf-16le"
      : first === 0xfe && second === 0xff
        ? "utf-16be"
        : "latin1";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what shows that it is no text
  return head.length > 0 && !/[\x00-\x07\x0e-\x1a\x1c-\x1f]/.test(new TextDecoder(encoding).decode(head));
}
