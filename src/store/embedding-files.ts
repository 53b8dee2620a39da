import { renameSync } from "node:fs";
import { join } from "node:path";
import { csvText } from "../core/csv.js";
import { partName, removeFile, removeParts, removeQuietly } from "./atomic-file.js";
import { AtomicText } from "./atomic-text.js";
import { NpyWriter } from "./npy-writer.js";
import { onDisk } from "./system-errors.js";

/** Names of the files: the embeddings, a row each, and what each row is of. */
export const EMBEDDING_FILES = { embeddings: "embeddings.npy", index: "index.csv" } as const;

/** The columns of the index, with a row for each clip or for each segment. */
export const INDEX_COLUMNS = {
  clips: ["path", "seconds", "nSegments"],
  segments: ["path", "start", "end"],
} as const;

/** Decimals of times [s]. */
const DECIMALS = 3;

/** What one row is of: a clip with its length and number of segments, or a segment with its beginning and end [s]. */
export type EmbeddingRow =
  | { readonly path: string; readonly durationSec: number; readonly nSegments: number }
  | { readonly path: string; readonly startSec: number; readonly endSec: number };

/**
 * Writes embeddings to a folder as `embeddings.npy` [nRows, size] and `index.csv`, piece by piece. The files get their names
 * when both are whole. The index gets its name last: where it is, the embeddings are its own.
 */
export class EmbeddingFiles {
  readonly #dir: string;
  readonly #part: string;
  readonly #embeddings: NpyWriter;
  readonly #index: AtomicText;
  #size = 0;
  /** Number of rows so far. */
  nRows = 0;

  /** @throws DataError if the folder cannot be written to */
  constructor(dir: string, rows: keyof typeof INDEX_COLUMNS) {
    this.#dir = dir;
    this.#part = partName(join(dir, EMBEDDING_FILES.embeddings));
    this.#embeddings = new NpyWriter(this.#part);
    this.#index = new AtomicText(join(dir, EMBEDDING_FILES.index));
    this.#index.write(csvText([INDEX_COLUMNS[rows]]));
  }

  /**
   * Adds a row.
   * @param embedding must not change until `end`
   */
  write(row: EmbeddingRow, embedding: Float32Array): void {
    const seconds = (value: number) => Number(value.toFixed(DECIMALS));
    const cells =
      "nSegments" in row
        ? [row.path, seconds(row.durationSec), row.nSegments]
        : [row.path, seconds(row.startSec), seconds(row.endSec)];
    this.#index.write(csvText([cells]));
    this.#embeddings.push(embedding);
    this.#size = embedding.length;
    this.nRows++;
  }

  /** Completes the files, which replace earlier ones. There must be a row. */
  end(): void {
    const [embeddings, index] = Object.values(EMBEDDING_FILES).map((name) => join(this.#dir, name));
    this.#embeddings.end(this.#size);
    removeFile(index);
    onDisk("written", embeddings, () => renameSync(this.#part, embeddings));
    this.#index.end();
  }

  /** Removes what was written, unless `end` has given it its name. */
  discard(): void {
    this.#embeddings.close();
    removeQuietly(this.#part);
    this.#index.discard();
  }
}

/** Removes from a folder what killed processes had written of the files when they died. */
export function removeEmbeddingParts(dir: string): void {
  const names: readonly string[] = Object.values(EMBEDDING_FILES);
  removeParts(dir, (name) => names.includes(name));
}
