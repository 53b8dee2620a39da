import { closeSync, fstatSync, openSync, read, readFileSync, type Stats } from "node:fs";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import { type ByteSource, bytesInMemory } from "../audio/byte-source.js";
import { DataError } from "../core/errors.js";
import { readProblem } from "./read-files.js";

/** Files up to this size are read at once [bytes]. */
const SMALL_FILE = 16e6;

const readAsync = promisify(read);

/** An open file. */
export interface FileSource extends ByteSource {
  /** Whether the file can be read only once. */
  readonly isPipe: boolean;
  /** Closes the file; a second call does nothing. */
  close(): void;
}

/** The path that stands for standard input. */
const STDIN = "-";
let stdin: Promise<Uint8Array> | undefined;

/**
 * Opens a file as `openFileSource`, or standard input by the path "-", which is read to its end, once.
 * @throws DataError if it cannot be read
 */
export async function openSource(path: string): Promise<FileSource> {
  if (path !== STDIN) return openFileSource(path);
  if (isatty(0))
    throw new DataError(
      path,
      "is a terminal, not audio; send a file to standard input, as in: cat song.mp3 | ...",
    );
  stdin ??= readStdin();
  return { ...bytesInMemory(await stdin), isPipe: true, close() {} };
}

async function readStdin(): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of process.stdin) pieces.push(piece as Uint8Array);
  } catch (error) {
    throw readProblem(STDIN, error);
  }
  return Buffer.concat(pieces);
}

/**
 * Opens a file to be read in pieces. A pipe is read whole, into memory.
 * @throws DataError if it cannot be read, or is neither a file nor a pipe
 */
export function openFileSource(path: string): FileSource {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw readProblem(path, error);
  }
  let source: ByteSource;
  let isPipe: boolean;
  try {
    const stats = fstatSync(fd);
    isPipe = stats.isFIFO();
    source = isPipe ? bytesInMemory(readFileSync(fd)) : fileOf(fd, stats, path);
  } catch (error) {
    closeSync(fd);
    throw error instanceof DataError ? error : readProblem(path, error);
  }
  let isOpen = true;
  return {
    ...source,
    isPipe,
    close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

/** The file with its bytes in memory, if it is small: a dozen reads of pieces take longer than its decoding. */
export async function heldIfSmall(source: FileSource): Promise<FileSource> {
  if (source.isPipe || source.size > SMALL_FILE) return source;
  return { ...source, ...bytesInMemory(await source.read(0, source.size)) };
}

function fileOf(fd: number, stats: Stats, path: string): ByteSource {
  if (stats.isDirectory()) throw new DataError(path, "is a folder, not a file");
  if (!stats.isFile()) throw new DataError(path, "is not a regular file");
  const { size } = stats;
  return { size, read: (start, length) => readBytes(fd, start, Math.min(length, size - start), path) };
}

async function readBytes(fd: number, start: number, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, length));
  let nRead = 0;
  try {
    while (nRead < bytes.length) {
      const { bytesRead } = await readAsync(fd, bytes, nRead, bytes.length - nRead, start + nRead);
      if (bytesRead === 0) break;
      nRead += bytesRead;
    }
  } catch (error) {
    throw readProblem(path, error);
  }
  return bytes.subarray(0, nRead);
}
