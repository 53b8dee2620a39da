import { closeSync, openSync, readSync } from "node:fs";
import { extname } from "node:path";

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

/** First bytes of pictures and documents: [offset, mark]. */
const MARKS: [number, string][] = [
  [0, "\xff\xd8\xff"],
  [0, "\x89PNG"],
  [0, "GIF8"],
  [8, "WEBP"],
  [0, "II*\0"],
  [0, "MM\0*"],
  [0, "8BPS"],
  [0, "%PDF"],
];

/** Enough of a file to tell text from anything else [bytes]. */
const HEAD_BYTES = 4096;

/**
 * Whether a file belongs beside audio, by its name, or else by its first bytes: text, a picture, a document. Whatever
 * else is no audio either is found out, and told, when it is opened.
 */
export function isCompanion(path: string, name: string): boolean {
  return isCompanionName(name) || isCompanionContent(headOf(path));
}

/** Whether a name alone shows that a file belongs beside audio. */
export function isCompanionName(name: string): boolean {
  const lower = name.toLowerCase();
  return NAMES.includes(lower) || EXTENSIONS.has(extname(lower));
}

function isCompanionContent(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, 16));
  return MARKS.some(([offset, mark]) => text.startsWith(mark, offset)) || isText(head);
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

/** The first bytes of a file; none if it cannot be read. */
function headOf(path: string): Uint8Array {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const head = new Uint8Array(HEAD_BYTES);
    return head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0));
  } catch {
    return new Uint8Array();
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
