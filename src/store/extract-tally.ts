import { tooLongReason } from "../audio/mono-stream.js";
import type { AudioWarning, WarningCode } from "../audio/warning.js";
import { DataError, errorLine } from "../core/errors.js";
import type { ClipProgress, Extracted } from "./extract-clip.js";
import type { Fatal } from "./extract-worker.js";
import type { FileState, SourceEntry, SourceIndex } from "./source-index.js";

/** Progress of an extraction, in files; `done` includes `reused` and `failed`. */
export interface ExtractProgress {
  done: number;
  total: number;
  reused: number;
  failed: number;
  /** The long files that are being read, the one that was heard of last at the end. */
  within: readonly ClipProgress[];
}

/** An oddity of a file whose features are in the store. */
export interface FileWarning extends AudioWarning {
  /** The file, as the user named it. */
  readonly path: string;
}

/** Of warnings of one of these kinds, only the first files get a line; the others are counted in one line at the end. */
const COUNTED: ReadonlySet<WarningCode> = new Set([
  "converted",
  "silent",
  "clipped",
  "short",
  "low-sample-rate",
]);
const LINES_PER_KIND = 10;

/** An audio file whose features may have to be computed, as it was before it is read. */
export interface PendingClip extends FileState {
  /** Path as the user named it, for messages. */
  readonly shownPath: string;
}

/** Keeps count of an extraction: records the outcome of each file in the index on disk and tells the listeners. */
export class ExtractTally {
  /** The index entry of each file that has features, by absolute path. */
  readonly entries = new Map<string, SourceEntry>();
  readonly problems: string[] = [];
  readonly warnings: FileWarning[] = [];
  readonly progress: ExtractProgress;
  /** Number of files whose features were computed. */
  extracted = 0;
  readonly #within = new Map<string, ClipProgress>();
  readonly #nOfKind = new Map<WarningCode, number>();
  readonly #index: SourceIndex;
  readonly #maxDurationSec: number;
  readonly #onProgress?: (progress: ExtractProgress) => void;
  readonly #onProblem?: (line: string) => void;

  constructor(
    index: SourceIndex,
    total: number,
    {
      maxDurationSec,
      onProgress,
      onProblem,
    }: {
      maxDurationSec: number;
      onProgress?: (progress: ExtractProgress) => void;
      onProblem?: (line: string) => void;
    },
  ) {
    this.#index = index;
    this.#maxDurationSec = maxDurationSec;
    this.progress = { done: 0, total, reused: 0, failed: 0, within: [] };
    this.#onProgress = onProgress;
    this.#onProblem = onProblem;
  }

  report(line: string): void {
    this.problems.push(line);
    this.#onProblem?.(line);
  }

  /**
   * Counts the file as done and returns true if it is unchanged and its features are in the store. It failed if it is
   * longer than allowed now.
   */
  reuse(clip: PendingClip, knownHashes: ReadonlySet<string>): boolean {
    const entry = this.#index.findUnchanged(clip);
    if (entry === undefined || !knownHashes.has(entry.audioHash)) return false;
    this.#reuseEntry(clip, entry);
    this.#advance(1);
    return true;
  }

  /**
   * Records the results of a batch.
   * @throws DataError or Error if one of them ends the whole extraction
   */
  settle(clips: readonly PendingClip[], results: readonly (Extracted | Fatal)[]): void {
    const kept: SourceEntry[] = [];
    let nDone = 0;
    for (const [i, result] of results.entries()) {
      const clip = clips[i];
      this.#within.delete(clip.shownPath);
      if (result.kind === "fatal") throw new DataError(result.path, result.reason);
      if (result.kind === "bug") throw new Error(result.stack);
      if (result.kind === "stopped") continue;
      nDone++;
      if (result.kind === "bad") {
        this.#fail(clip, result.reason);
        continue;
      }
      const facts = result.kind === "known" ? this.#index.findAudio(result.audioHash)! : result;
      const { audioHash, durationSec, nFrames, warnings } = facts;
      const { path, size, mtimeMs, ctimeMs } = clip;
      const entry = { path, size, mtimeMs, ctimeMs, audioHash, durationSec, nFrames, warnings };
      kept.push(entry);
      if (result.kind === "known") this.#reuseEntry(clip, entry);
      else {
        this.extracted++;
        this.#keep(clip, entry);
      }
    }
    this.#index.append(kept);
    this.#advance(nDone);
  }

  /** Reports how many files there are of each kind of warning besides those that have a line. */
  countMoreWarnings(): void {
    for (const code of COUNTED) {
      const nMore = (this.#nOfKind.get(code) ?? 0) - LINES_PER_KIND;
      if (nMore <= 0) continue;
      const { path, message } = this.warnings.findLast((warning) => warning.code === code)!;
      this.report(
        `${nMore} more ${nMore === 1 ? "file" : "files"}: warning: ${code}, e.g. ${path} ${message}`,
      );
    }
  }

  /** Tells the listener how far a long file is. */
  showWithin(within: ClipProgress): void {
    this.#within.delete(within.path);
    this.#within.set(within.path, within);
    this.#advance(0);
  }

  /** Counts a file as failed because the worker that read it died. */
  crash(clip: PendingClip, error: unknown): void {
    this.#within.delete(clip.shownPath);
    this.#fail(clip, `crashed the worker that read it (${errorLine(error)})`);
    this.#advance(1);
  }

  #fail(clip: PendingClip, reason: string): void {
    this.progress.failed++;
    this.report(`${clip.shownPath}: ${reason}`);
  }

  #reuseEntry(clip: PendingClip, entry: SourceEntry): void {
    if (entry.durationSec > this.#maxDurationSec) {
      this.#fail(clip, tooLongReason(this.#maxDurationSec));
      return;
    }
    this.progress.reused++;
    this.#keep(clip, entry);
  }

  #keep(clip: PendingClip, entry: SourceEntry): void {
    this.entries.set(clip.path, entry);
    for (const warning of entry.warnings) {
      const { code, message } = warning;
      const nOfKind = (this.#nOfKind.get(code) ?? 0) + 1;
      this.#nOfKind.set(code, nOfKind);
      this.warnings.push({ path: clip.shownPath, ...warning });
      if (nOfKind <= LINES_PER_KIND || !COUNTED.has(code))
        this.report(`${clip.shownPath}: warning: ${message}`);
    }
  }

  #advance(nFiles: number): void {
    this.progress.done += nFiles;
    this.#onProgress?.({ ...this.progress, within: [...this.#within.values()] });
  }
}
