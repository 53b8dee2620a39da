import { DataError, errorLine } from "../core/errors.js";
import type { Extracted } from "./extract-clip.js";
import type { Fatal } from "./extract-worker.js";
import type { SourceEntry, SourceIndex } from "./source-index.js";

/** Progress of an extraction, in files; `done` includes `reused` and `failed`. */
export interface ExtractProgress {
  done: number;
  total: number;
  reused: number;
  failed: number;
}

/** An audio file whose features may have to be computed. */
export interface PendingClip {
  /** Absolute path. */
  readonly path: string;
  /** Path as the user named it, for messages. */
  readonly shownPath: string;
  /** Size [bytes] and modification time, taken before the file is read. */
  readonly size: number;
  readonly mtimeMs: number;
}

/** Keeps count of an extraction: records the outcome of each file in the index on disk and tells the listeners. */
export class ExtractTally {
  /** The index entry of each file that has features, by absolute path. */
  readonly entries = new Map<string, SourceEntry>();
  readonly problems: string[] = [];
  readonly progress: ExtractProgress;
  /** Number of files whose features were computed. */
  extracted = 0;
  readonly #index: SourceIndex;
  readonly #onProgress?: (progress: ExtractProgress) => void;
  readonly #onProblem?: (line: string) => void;

  constructor(
    index: SourceIndex,
    total: number,
    listeners: { onProgress?: (progress: ExtractProgress) => void; onProblem?: (line: string) => void },
  ) {
    this.#index = index;
    this.progress = { done: 0, total, reused: 0, failed: 0 };
    this.#onProgress = listeners.onProgress;
    this.#onProblem = listeners.onProblem;
  }

  report(line: string): void {
    this.problems.push(line);
    this.#onProblem?.(line);
  }

  /** Counts the file as done and returns true if it is unchanged and its features are in the store. */
  reuse(clip: PendingClip, knownHashes: ReadonlySet<string>): boolean {
    const entry = this.#index.findUnchanged(clip.path, clip.size, clip.mtimeMs);
    if (entry === undefined || !knownHashes.has(entry.audioHash)) return false;
    this.#keep(clip, entry);
    this.progress.reused++;
    this.#advance(1);
    return true;
  }

  /**
   * Records the results of a batch.
   * @throws DataError or Error if one of them ends the whole extraction
   */
  settle(clips: readonly PendingClip[], results: readonly (Extracted | Fatal)[]): void {
    const kept: SourceEntry[] = [];
    for (const [i, result] of results.entries()) {
      const clip = clips[i];
      if (result.kind === "fatal") throw new DataError(result.path, result.reason);
      if (result.kind === "bug") throw new Error(result.stack);
      if (result.kind === "bad") {
        this.progress.failed++;
        this.report(`${clip.shownPath}: ${result.reason}`);
        continue;
      }
      if (result.kind === "known") this.progress.reused++;
      else this.extracted++;
      const facts = result.kind === "known" ? this.#index.findAudio(result.audioHash)! : result;
      const { audioHash, durationSec, nFrames, warnings } = facts;
      const { path, size, mtimeMs } = clip;
      kept.push({ path, size, mtimeMs, audioHash, durationSec, nFrames, warnings });
      this.#keep(clip, kept[kept.length - 1]);
    }
    this.#index.append(kept);
    this.#advance(results.length);
  }

  /** Counts a file as failed because the worker that read it died. */
  crash(clip: PendingClip, error: unknown): void {
    this.progress.failed++;
    this.report(`${clip.shownPath}: crashed the worker that read it (${errorLine(error)})`);
    this.#advance(1);
  }

  #keep(clip: PendingClip, entry: SourceEntry): void {
    this.entries.set(clip.path, entry);
    for (const warning of entry.warnings) this.report(`${clip.shownPath}: warning: ${warning.message}`);
  }

  #advance(nFiles: number): void {
    this.progress.done += nFiles;
    this.#onProgress?.({ ...this.progress });
  }
}
