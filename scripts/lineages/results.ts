import { existsSync, readFileSync } from "node:fs";
import { DataError } from "../../src/core/errors.js";
import { hashRecord } from "../../src/core/hash.js";
import type { FeatureData } from "../../src/dataset/feature-data.js";
import type { Interval } from "../../src/evaluation/scores.js";
import { growFile } from "../../src/store/grow-file.js";
import { onDisk } from "../../src/store/system-errors.js";
import type { TrainConfig } from "../../src/training/config.js";

/** Score of a model on the lineage that it was trained without. A line of the file of results. */
export interface FoldResult {
  /** Hash of the settings without their seed, and of the data. */
  readonly key: string;
  readonly lineage: string;
  readonly seed: number;
  readonly balancedAccuracy: number;
  /** Over groups; null if it cannot be drawn. */
  readonly interval: Interval | null;
  /** Recall of each class. */
  readonly recalls: Readonly<Record<string, number>>;
  readonly nClips: number;
  readonly nGroups: number;
  /** The epoch that was best on the validation clips of the other lineages. */
  readonly epoch: number;
  /** SHA-256 of the model's file, whether it was kept or not. */
  readonly modelHash: string;
  readonly config: TrainConfig;
}

/** What results of equal settings and data have in common. */
export function resultKey({ seed: _, ...settings }: TrainConfig, data: FeatureData): string {
  const clips = data.clips.map(({ name, audioHash, labels, group }) => [name, audioHash, labels, group]);
  return hashRecord([settings, data.frontEndHash, clips]).slice(0, 16);
}

/** The file that finished folds are kept in. A line that was cut off when a process died is dropped. */
export class ResultsFile {
  readonly #path: string;
  readonly #lines: string[];

  /** @throws DataError if it cannot be read, or is another kind of file */
  constructor(path: string) {
    this.#path = path;
    const text = existsSync(path) ? onDisk("read", path, () => readFileSync(path, "utf8")) : "";
    this.#lines = text.split("\n").slice(0, -1);
    this.results();
  }

  results(): FoldResult[] {
    return this.#lines.map((line, i) => {
      try {
        const result = JSON.parse(line) as FoldResult;
        if (typeof result.key === "string" && typeof result.balancedAccuracy === "number") return result;
      } catch {}
      throw new DataError(this.#path, `line ${i + 1} is no result of a lineage that was left out`);
    });
  }

  /** The latest result of a fold; undefined if it is not done. */
  find(key: string, lineage: string, seed: number): FoldResult | undefined {
    return this.results().findLast(
      (result) => result.key === key && result.lineage === lineage && result.seed === seed,
    );
  }

  add(result: FoldResult): void {
    this.#lines.push(JSON.stringify(result));
    growFile(this.#path, Buffer.from(`${this.#lines.join("\n")}\n`));
  }
}
