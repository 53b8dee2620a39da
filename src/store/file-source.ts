import { closeSync, constants, fstatSync, openSync, read, type Stats } from "node:fs";
import { Socket } from "node:net";
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
let stdin: Promise<FileSource> | undefined;

/**
 * Opens a file that a user names: as `openFileSource`, or a pipe, or standard input by the path "-". These two are read to their end,
 * into memory; standard input once.
 * @param signal stops the reading of a pipe
 * @throws DataError if it cannot be read
 */
export async function openSource(path: string, signal?: AbortSignal): Promise<FileSource> {
  if (path === STDIN) {
    if (isatty(0))
      throw new DataError(
        path,
        "is a terminal, not audio; send a file to standard input, as in: cat song.mp3 | ...",
      );
    stdin ??= readPipe(process.stdin, path);
    return stdin;
  }
  const { fd, stats } = opened(path);
  if (!stats.isFIFO()) return fileOf(fd, stats, path);
  return readPipe(new Socket({ fd, writable: false, ...(signal && { signal }) }), path);
}

async function readPipe(pipe: AsyncIterable<Uint8Array>, path: string): Promise<FileSource> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of pipe) pieces.push(piece);
  } catch (error) {
    throw readProblem(path, error);
  }
  return { ...bytesInMemory(Buffer.concat(pieces)), isPipe: true, close() {} };
}

/**
 * Opens a file to be read in pieces.
 * @throws DataError if it cannot be read, or is no regular file
 */
export function openFileSource(path: string): FileSource {
  const { fd, stats } = opened(path);
  return fileOf(fd, stats, path);
}

/** Opens without waiting: the system would hold this thread until somebody opens the other end of a pipe. */
function opened(path: string): { fd: number; stats: Stats } {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { fd, stats: fstatSync(fd) };
  } catch (error) {
    throw readProblem(path, error);
  }
}

/** The file with its bytes in memory, if it is small: a dozen reads of pieces take longer than its decoding. */
export async function heldIfSmall(source: FileSource): Promise<FileSource> {
  if (source.isPipe || source.size > SMALL_FILE) return source;
  return { ...source, ...bytesInMemory(await source.read(0, source.size)) };
}

function fileOf(fd: number, stats: Stats, path: string): FileSource {
  if (!stats.isFile()) {
    closeSync(fd);
    throw new DataError(path, stats.isDirectory() ? "is a folder, not a file" : "is not a regular file");
  }
  const { size } = stats;
  let isOpen = true;
  return {
    size,
    read: (start, length) => readBytes(fd, start, Math.min(length, size - start), path),
    isPipe: false,
    close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
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
