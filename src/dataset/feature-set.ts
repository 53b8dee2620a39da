import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { DataError, errorLine, UsageError } from "../core/errors.js";
import { silenceValue } from "../features/front-end.js";
import { decodeNpy, NPY_HEADER_BYTES, npyByteLength, readNpyHeader } from "../store/npy.js";
import type { FeatureStore, StoredClip } from "../store/store.js";
import { SPLITS, type Split } from "./split-names.js";
import type { ClipSplits } from "./splits.js";

/**
 * The clips of one split, their features read from disk as they are asked for.
 *
 * The split is part of the type: what is fitted on data takes a `FeatureSet<"train">`, which no other split is.
 * A set is made from whole `ClipSplits`, so that it cannot be called by another split's name.
 */
export class FeatureSet<S extends Split = Split> {
  readonly split: S;
  readonly clips: readonly StoredClip[];
  /** The vocabulary, sorted: entry `i` of `targets` stands for `labels[i]`. */
  readonly labels: readonly string[];
  readonly nMels: number;
  readonly #storeDir: string;
  readonly #silence: number;
  /** Where the values begin in each clip's file, once it was checked [bytes]. */
  readonly #dataOffsets: number[] = [];
  readonly #targets: (Float32Array | undefined)[] = [];

  /** Use `featureSets`. */
  constructor(store: FeatureStore, splits: ClipSplits, split: S, labels: readonly string[]) {
    this.split = split;
    this.clips = splits[split];
    this.labels = labels;
    this.nMels = store.frontEnd.nMels;
    this.#storeDir = store.dir;
    this.#silence = silenceValue(store.frontEnd);
  }

  /**
   * Copies frames of a clip to `out`; frames past its end are silence.
   * @param clip index into `clips`
   * @param firstFrame at least 0
   * @param out time-major, [nFrames, nMels] from `outOffset` on
   * @throws DataError if the file is missing, damaged or not of the store's shape
   */
  readFrames(clip: number, firstFrame: number, nFrames: number, out: Float32Array, outOffset: number): void {
    const { features, nFrames: nClipFrames } = this.clips[clip];
    const path = join(this.#storeDir, features);
    const nRead = Math.max(0, Math.min(nFrames, nClipFrames - firstFrame));
    if (nRead > 0) {
      const fd = openFile(path); // opening costs 15 us; keeping thousands open is worth no limit to run into
      try {
        this.#dataOffsets[clip] ??= checkFile(fd, path, nClipFrames, this.nMels);
        const nBytes = 4 * nRead * this.nMels;
        const bytes = new Uint8Array(out.buffer, out.byteOffset + 4 * outOffset, nBytes);
        const position = this.#dataOffsets[clip] + 4 * firstFrame * this.nMels;
        if (readSync(fd, bytes, 0, nBytes, position) !== nBytes)
          throw new DataError(path, "ended while it was read");
      } finally {
        closeSync(fd);
      }
    }
    out.fill(this.#silence, outOffset + nRead * this.nMels, outOffset + nFrames * this.nMels);
  }

  /** The clip's summary vector, entries as in `DESCRIPTOR_NAMES`. */
  readDescriptors(clip: number): Float32Array {
    const path = join(this.#storeDir, this.clips[clip].descriptors);
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      throw missing(path, error);
    }
    return decodeNpy(bytes, path).data;
  }

  /** 1 for every label the clip has, 0 for the others: [nLabels]. Not to be written to. */
  targets(clip: number): Float32Array {
    return (this.#targets[clip] ??= Float32Array.from(this.labels, (label) =>
      this.clips[clip].labels.includes(label) ? 1 : 0,
    ));
  }
}

/**
 * The three splits of a store, over one vocabulary.
 * @param labels vocabulary, e.g. a model's; `@default` the labels of the train split, or of all where it is empty
 * @throws DataError naming the labels that are not in the vocabulary, and their clips
 */
export function featureSets(
  store: FeatureStore,
  splits: ClipSplits,
  labels?: readonly string[],
): { train: FeatureSet<"train">; valid: FeatureSet<"valid">; test: FeatureSet<"test"> } {
  const learned = splits.train.length > 0 ? splits.train : SPLITS.flatMap((split) => splits[split]);
  const vocabulary = [...new Set(labels ?? learned.flatMap((clip) => clip.labels))].sort();
  checkLabelsKnown(store, splits, vocabulary, labels !== undefined);
  return {
    train: new FeatureSet(store, splits, "train", vocabulary),
    valid: new FeatureSet(store, splits, "valid", vocabulary),
    test: new FeatureSet(store, splits, "test", vocabulary),
  };
}

/** @throws UsageError unless the set is the train split; for those that call from JavaScript. */
export function checkTrain(where: string, set: FeatureSet<"train">): void {
  const split: unknown = set instanceof FeatureSet ? set.split : typeof set;
  if (split !== "train")
    throw new UsageError(`${where}: train must be the FeatureSet of the train split, got ${String(split)}`);
  if (set.clips.length === 0) throw new UsageError(`${where}: train must hold at least one clip, got none`);
}

function checkLabelsKnown(
  store: FeatureStore,
  splits: ClipSplits,
  vocabulary: readonly string[],
  isGiven: boolean,
): void {
  const clips = SPLITS.flatMap((split) => splits[split]);
  const strange = clips.filter((clip) => clip.labels.some((label) => !vocabulary.includes(label)));
  if (strange.length === 0) return;
  const unknown = [...new Set(strange.flatMap((clip) => clip.labels))].filter(
    (label) => !vocabulary.includes(label),
  );
  const names = strange.slice(0, 3).map((clip) => clip.name);
  const files = `${names.join(", ")}${strange.length > names.length ? ` and ${strange.length - names.length} more` : ""}`;
  const known = isGiven ? "the model's labels" : "the labels of the train split";
  throw new DataError(
    store.dir,
    `${known} must include ${unknown.sort().join(", ")} (of ${files}), got ${vocabulary.join(", ")}`,
  );
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw missing(path, error);
  }
}

function missing(path: string, error: unknown): DataError {
  return new DataError(
    path,
    `features cannot be read (${errorLine((error as NodeJS.ErrnoException).code ?? error)}); run the extract command again`,
    { cause: error },
  );
}

/** Offset of the values, after a look at header and length [bytes]. */
function checkFile(fd: number, path: string, nFrames: number, nMels: number): number {
  const head = new Uint8Array(NPY_HEADER_BYTES);
  const nHead = readSync(fd, head, 0, head.length, 0);
  const { shape, dataOffset } = readNpyHeader(head.subarray(0, nHead), path);
  const remedy = "delete it and run the extract command again";
  if (shape.length !== 2 || shape[0] !== nFrames || shape[1] !== nMels)
    throw new DataError(path, `must have shape [${nFrames}, ${nMels}], got [${shape.join(", ")}]; ${remedy}`);
  const { size } = fstatSync(fd);
  if (size !== npyByteLength(shape))
    throw new DataError(path, `must be ${npyByteLength(shape)} bytes long, got ${size}; ${remedy}`);
  return dataOffset;
}
