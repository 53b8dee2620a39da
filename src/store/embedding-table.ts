import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  read as readCallback,
  readFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { DataError, errorLine } from "../core/errors.js";
import { ensureFolder } from "./atomic-file.js";
import { statOrNull } from "./audio-files.js";
import { NPY_HEADER_BYTES, npyHeader } from "./npy.js";
import { isOnDisk, onDisk } from "./system-errors.js";

const FORMAT = "timbrel embeddings";
const VERSION = 1;
/** Digits of a model's key in the names of its files. */
const NAME_DIGITS = 16;

const indexHead = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  model: z.string(),
  size: z.int().min(1),
});

const indexRow = z.object({
  audioHash: z.string().regex(/^[0-9a-f]{64}$/),
  nSegments: z.int().min(1),
  /** CRC-32 of the row's bytes. */
  crc: z.int().min(0),
});

/** The embedding of one clip, to store. */
export interface StoredEmbedding {
  readonly audioHash: string;
  readonly nSegments: number;
  readonly embedding: Float32Array;
}

const readAsync = promisify(readCallback);

/**
 * The embeddings that a store holds of its clips by one model: `embeddings/<model>.npy` [nRows, size], and
 * `embeddings/<model>.jsonl`, whose first line names the model and whose others say which audio each row is of. Rows are
 * appended and never change. The line of a row is written when the row is on the disk, so that a row without a line, which a
 * kill may leave, does not count.
 */
export class EmbeddingTable {
  /** Number of values in a row. */
  readonly size: number;
  /** Path of the rows. */
  readonly path: string;
  readonly #indexPath: string;
  readonly #head: string;
  readonly #rowOf = new Map<string, number>();
  readonly #checksums: number[] = [];
  /** Length of the whole lines of the index [bytes]. */
  #indexBytes = 0;

  /**
   * Opens the table of a model in a store; one that is not there is empty.
   * @param key SHA-256 that identifies what computes the embeddings
   * @throws DataError if the table's files are damaged or are of another model
   */
  constructor(storeDir: string, key: string, size: number) {
    this.size = size;
    const stem = join(storeDir, "embeddings", key.slice(0, NAME_DIGITS));
    this.path = `${stem}.npy`;
    this.#indexPath = `${stem}.jsonl`;
    this.#head = `${JSON.stringify({ format: FORMAT, version: VERSION, model: key, size })}\n`;
    if (isOnDisk(this.#indexPath)) this.#readIndex(key);
  }

  /** Number of rows. */
  get count(): number {
    return this.#checksums.length;
  }

  /** The row of a clip; undefined if there is none. */
  rowOf(audioHash: string): number | undefined {
    return this.#rowOf.get(audioHash);
  }

  /**
   * Reads rows.
   * @param out [count, size] from its beginning on
   * @throws DataError if they cannot be read, or have changed since they were written
   */
  async read(first: number, count: number, out: Float32Array): Promise<void> {
    const rowBytes = 4 * this.size;
    const bytes = new Uint8Array(out.buffer, out.byteOffset, count * rowBytes);
    const fd = onDisk("read", this.path, () => openSync(this.path, "r"));
    try {
      const { bytesRead } = await readAsync(fd, bytes, 0, bytes.length, this.#offsetOf(first));
      if (bytesRead !== bytes.length) throw this.#damaged(this.path, "it ends too early");
    } finally {
      closeSync(fd);
    }
    for (let i = 0; i < count; i++)
      if (crc32(bytes.subarray(i * rowBytes, (i + 1) * rowBytes)) !== this.#checksums[first + i])
        throw this.#damaged(this.path, `row ${first + i} does not match its checksum`);
  }

  /**
   * Adds rows of audio that has none. The caller holds the lock of the store.
   * @throws DataError if they cannot be written
   */
  append(rows: readonly StoredEmbedding[]): void {
    ensureFolder(join(this.path, ".."));
    const { count } = this;
    const bytes = rows.map(({ embedding }) => bytesOf(embedding));
    const checksums = bytes.map((row) => crc32(row));
    const lines = rows.map(({ audioHash, nSegments }, i) => ({ audioHash, nSegments, crc: checksums[i] }));
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const head = this.#indexBytes === 0 ? this.#head : "";
    const header = npyHeader([count + rows.length, this.size]);
    inFile(this.path, (fd) => {
      ftruncateSync(fd, this.#offsetOf(count));
      writeAll(fd, Buffer.concat(bytes), this.#offsetOf(count));
      fsyncSync(fd);
      writeAll(fd, header, 0);
    });
    inFile(this.#indexPath, (fd) => {
      ftruncateSync(fd, this.#indexBytes);
      const added = Buffer.from(head + text);
      writeAll(fd, added, this.#indexBytes);
      fsyncSync(fd);
      this.#indexBytes += added.length;
    });
    this.#checksums.push(...checksums);
    for (const [i, { audioHash }] of rows.entries()) this.#rowOf.set(audioHash, count + i);
  }

  #offsetOf(row: number): number {
    return NPY_HEADER_BYTES + 4 * this.size * row;
  }

  #readIndex(key: string): void {
    const content = onDisk("read", this.#indexPath, () => readFileSync(this.#indexPath));
    const whole = content.subarray(0, content.lastIndexOf("\n") + 1); // a kill may have cut the last line short
    const [head, ...lines] = whole.toString("utf8").split("\n").slice(0, -1);
    if (head === undefined) return;
    const { model, size } = this.#parse(indexHead, head, 1);
    if (model !== key || size !== this.size) throw this.#damaged(this.#indexPath, "it is of another model");
    const bytes = statOrNull(this.path)?.size ?? 0;
    const nRows = Math.max(0, Math.floor((bytes - NPY_HEADER_BYTES) / (4 * this.size)));
    const kept = lines.slice(0, nRows);
    for (const [row, line] of kept.entries()) {
      const { audioHash, crc } = this.#parse(indexRow, line, row + 2);
      this.#rowOf.set(audioHash, row);
      this.#checksums.push(crc);
    }
    this.#indexBytes = Buffer.byteLength([head, ...kept, ""].join("\n"));
  }

  #parse<T>(schema: z.ZodType<T>, line: string, at: number): T {
    try {
      return schema.parse(JSON.parse(line));
    } catch (cause) {
      if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
      const reason = cause instanceof SyntaxError ? errorLine(cause) : "it is no line of this version";
      throw this.#damaged(`${this.#indexPath}:${at}`, reason);
    }
  }

  #damaged(where: string, reason: string): DataError {
    const remedy = `delete ${this.#indexPath}, and its embeddings are computed again`;
    return new DataError(where, `is damaged (${reason}); ${remedy}`);
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Does something with a file that is open for reading and writing, which is made if it does not exist. */
function inFile(path: string, work: (fd: number) => void): void {
  onDisk("written", path, () => {
    const fd = openSync(path, statOrNull(path) === null ? "w+" : "r+");
    try {
      work(fd);
    } finally {
      closeSync(fd);
    }
  });
}

function writeAll(fd: number, bytes: Uint8Array, at: number): void {
  for (let n = 0; n < bytes.length; ) n += writeSync(fd, bytes, n, bytes.length - n, at + n);
}
