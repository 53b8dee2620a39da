import { closeSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { joined } from "../audio/joined.js";
import { raiseTo } from "../features/compress.js";
import { encodeNpy, NPY_HEADER_BYTES, npyHeader } from "./npy.js";
import { onDisk } from "./system-errors.js";

/** Values that are kept in memory between two writes: a short clip takes one [numbers]. */
const HELD_VALUES = 2e6;

/** Writes a `.npy` file, whose shape is known only at the end, piece by piece. */
export class NpyWriter {
  readonly #path: string;
  readonly #heldValues: number;
  #held: Float32Array[] = [];
  #nHeld = 0;
  #nWritten = 0;
  #fd: number | null = null;

  constructor(path: string, heldValues = HELD_VALUES) {
    this.#path = path;
    this.#heldValues = heldValues;
  }

  /**
   * Adds values, which must not change until `end`.
   * @throws DataError if the file cannot be written
   */
  push(values: Float32Array): void {
    this.#held.push(values);
    this.#nHeld += values.length;
    if (this.#nHeld > this.#heldValues) this.#flush();
  }

  /**
   * Writes the rest and closes the file.
   * @param rowLength length of a row, for shape [nRows, rowLength]; `null` for shape [n]
   * @param least lower values are raised to it
   * @throws DataError if the file cannot be written
   */
  end(rowLength: number | null, least = Number.NEGATIVE_INFINITY): void {
    const n = this.#nWritten + this.#nHeld;
    const shape = rowLength === null ? [n] : [n / rowLength, rowLength];
    if (this.#fd === null) {
      const data = joined(this.#held);
      raiseTo(least, data);
      onDisk("written", this.#path, () => writeFileSync(this.#path, encodeNpy({ data, shape })));
      return;
    }
    this.#flush();
    const fd = this.#fd;
    onDisk("written", this.#path, () => {
      if (least > Number.NEGATIVE_INFINITY) raiseFileTo(least, fd, n);
      writeAll(fd, npyHeader(shape), 0);
    });
    this.close();
  }

  /** Closes the file if it is open. */
  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    this.#held = [];
    this.#nHeld = 0;
  }

  #flush(): void {
    onDisk("written", this.#path, () => {
      this.#fd ??= openSync(this.#path, "w+");
      writeAll(this.#fd, bytesOf(joined(this.#held)), NPY_HEADER_BYTES + 4 * this.#nWritten);
    });
    this.#nWritten += this.#nHeld;
    this.#held = [];
    this.#nHeld = 0;
  }
}

function raiseFileTo(least: number, fd: number, nValues: number): void {
  const values = new Float32Array(HELD_VALUES);
  for (let first = 0; first < nValues; first += values.length) {
    const some = values.subarray(0, Math.min(values.length, nValues - first));
    const at = NPY_HEADER_BYTES + 4 * first;
    for (let n = 0; n < some.byteLength; ) n += readSync(fd, bytesOf(some), n, some.byteLength - n, at + n);
    raiseTo(least, some);
    writeAll(fd, bytesOf(some), at);
  }
}

function writeAll(fd: number, bytes: Uint8Array, at: number): void {
  for (let n = 0; n < bytes.length; ) n += writeSync(fd, bytes, n, bytes.length - n, at + n);
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
