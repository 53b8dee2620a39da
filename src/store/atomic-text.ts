import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { ensureFolder, partName, removeQuietly } from "./atomic-file.js";
import { onDisk } from "./system-errors.js";

/** Text that is held before it is written [characters]. */
const HELD = 1 << 16;

/** Writes a text file piece by piece, under a temporary name until it is whole. Creates the folder if it is missing. */
export class AtomicText {
  readonly #path: string;
  readonly #part: string;
  readonly #fd: number;
  #held = "";
  #isOpen = true;

  /** @throws DataError if the file cannot be written */
  constructor(path: string) {
    this.#path = path;
    this.#part = partName(path);
    ensureFolder(dirname(path));
    this.#fd = onDisk("written", path, () => openSync(this.#part, "wx"));
  }

  /** @throws DataError if the file cannot be written */
  write(text: string): void {
    this.#held += text;
    if (this.#held.length >= HELD) this.#flush();
  }

  /**
   * Completes the file and gives it its name.
   * @throws DataError if the file cannot be written; the old content is kept
   */
  end(): void {
    this.#flush();
    onDisk("written", this.#path, () => {
      fsyncSync(this.#fd);
      this.#close();
      renameSync(this.#part, this.#path);
    });
  }

  /** Removes what was written, unless `end` has given it its name. */
  discard(): void {
    if (this.#isOpen) this.#close();
    removeQuietly(this.#part);
  }

  #flush(): void {
    const bytes = new TextEncoder().encode(this.#held);
    this.#held = "";
    onDisk("written", this.#path, () => {
      for (let n = 0; n < bytes.length; ) n += writeSync(this.#fd, bytes, n);
    });
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#fd);
  }
}
