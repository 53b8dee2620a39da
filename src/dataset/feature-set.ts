import { DataError, UsageError } from "../core/errors.js";
import { isFiniteData } from "../core/tensor.js";
import { type FrontEnd, silenceValue } from "../features/front-end.js";
import type { Clip } from "./clip.js";
import { checkData, type FeatureData } from "./feature-data.js";
import { type FrameReader, notFinite, readPadded } from "./frame-reader.js";
import { hasLabel, isBackground, lacksLabels } from "./known-labels.js";
import { SPLITS, type Split } from "./split-names.js";
import { type ClipSplits, checkSplits } from "./splits.js";

/**
 * The clips of one split, whose features are read on demand.
 *
 * The split is part of the type: everything fitted on data takes a `FeatureSet<"train">`, which no other split is.
 * A set is made from whole `ClipSplits`, so that it cannot have another split's name.
 * @example
 * import { featureSets, featuresInMemory, frontEnd, splitClips } from "timbrel";
 *
 * const features = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
 * const clip = { name: "a", labels: ["flute"], features, split: "test" } as const;
 * const data = featuresInMemory(frontEnd({ nMels: 3 }), [clip]);
 * const { test } = featureSets(data, splitClips(data.clips));
 * const frames = new Float32Array(9);
 * await test.readFrames(0, 0, 3, frames, 0);
 * console.log(frames.join(" ")); // -> 1 2 3 4 5 6 0 0 0
 */
export class FeatureSet<S extends Split = Split> {
  readonly split: S;
  /** All but the background. */
  readonly clips: readonly Clip[];
  /** The background clips of the split, as a set of their own, whose targets are zeros; null if there are none. */
  readonly background: FeatureSet<S> | null;
  /** The vocabulary, sorted: entry `i` of `targets` stands for `labels[i]`. */
  readonly labels: readonly string[];
  readonly frontEnd: FrontEnd;
  readonly nMels: number;
  readonly #reader: FrameReader;
  readonly #silence: number;
  readonly #targets: (Float32Array | undefined)[] = [];

  /** Use `featureSets` instead. */
  constructor(
    data: Pick<FeatureData, "frontEnd" | "reader">,
    splits: ClipSplits,
    split: S,
    labels: readonly string[],
    isOfBackground = false,
  ) {
    const { frontEnd, reader } = data;
    this.split = split;
    this.clips = splits[split].filter((clip) => isBackground(clip) === isOfBackground);
    const hasBackground = !isOfBackground && splits[split].some(isBackground);
    this.background = hasBackground ? new FeatureSet(data, splits, split, labels, true) : null;
    this.labels = labels;
    this.frontEnd = frontEnd;
    this.nMels = frontEnd.nMels;
    this.#reader = reader;
    this.#silence = silenceValue(frontEnd);
  }

  /**
   * Copies frames of a clip to `out`, which must not be touched before the promise resolves; frames past the clip's end
   * are silence.
   * @param clip index into `clips`
   * @param first first frame, at least 0
   * @param out time-major, [count, nMels] from `offset` on
   * @throws DataError if the features cannot be read, or some are not finite
   */
  async readFrames(
    clip: number,
    first: number,
    count: number,
    out: Float32Array,
    offset: number,
  ): Promise<void> {
    const frame = { offset, nMels: this.nMels, silence: this.#silence };
    await readPadded(this.#reader, { clip: this.clips[clip], first, count }, out, frame);
    if (!isFiniteData(out, offset, offset + count * this.nMels))
      throw notFinite(this.#reader, this.clips[clip], "features");
  }

  /**
   * The clip's summary vector, entries as in `DESCRIPTOR_NAMES`.
   * @throws DataError if it cannot be read, or some entries are not finite
   */
  async readDescriptors(clip: number): Promise<Float32Array> {
    const vector = await this.#reader.descriptors(this.clips[clip]);
    if (!isFiniteData(vector)) throw notFinite(this.#reader, this.clips[clip], "descriptors");
    return vector;
  }

  /**
   * [nLabels], 1 for every label that the clip has, 0 for those that it lacks, NaN for those of which it is not known. Do
   * not write to it.
   */
  targets(clip: number): Float32Array {
    return (this.#targets[clip] ??= Float32Array.from(this.labels, (label) =>
      Number(hasLabel(this.clips[clip], label) ?? Number.NaN),
    ));
  }

  /** Whether some target is NaN. */
  get lacksTargets(): boolean {
    return this.clips.some((clip, i) => lacksLabels(clip) && this.targets(i).some(Number.isNaN));
  }
}

/**
 * Makes the feature sets of the three splits, over one vocabulary.
 * @param labels vocabulary, e.g. a model's; `@default` the labels of the train split, or of all splits if it is empty
 * @throws DataError naming the labels that are not in the vocabulary, and their clips
 * @example
 * import { featureSets, featuresInMemory, frontEnd, splitClips } from "timbrel";
 *
 * const clips = Array.from({ length: 12 }, (_, i) => {
 *   const features = { shape: [2, 1], data: Float32Array.of(i, 0) };
 *   return { name: `${i}`, labels: [i % 2 === 0 ? "bass" : "flute"], features };
 * });
 * const data = featuresInMemory(frontEnd({ nMels: 1 }), clips);
 * const { train, valid, test } = featureSets(data, splitClips(data.clips));
 * console.log(train.labels, train.clips.length, valid.clips.length, test.clips.length);
 * // -> [ 'bass', 'flute' ] 8 2 2
 */
export function featureSets(
  data: FeatureData,
  splits: ClipSplits,
  labels?: readonly string[],
): { train: FeatureSet<"train">; valid: FeatureSet<"valid">; test: FeatureSet<"test"> } {
  checkData(data);
  checkSplits("splits", splits);
  const learned = splits.train.length > 0 ? splits.train : SPLITS.flatMap((split) => splits[split]);
  const vocabulary = [...new Set(labels ?? learned.flatMap((clip) => clip.labels))].sort();
  checkLabelsKnown(data, splits, vocabulary, labels !== undefined);
  return {
    train: new FeatureSet(data, splits, "train", vocabulary),
    valid: new FeatureSet(data, splits, "valid", vocabulary),
    test: new FeatureSet(data, splits, "test", vocabulary),
  };
}

/** @throws UsageError unless the set is the train split and has clips: JavaScript callers have no type check. */
export function checkTrain(set: FeatureSet<"train">): void {
  const split: unknown = set instanceof FeatureSet ? set.split : typeof set;
  if (split !== "train")
    throw new UsageError({ setting: "train", rule: "be the FeatureSet of the train split", got: split });
  if (set.clips.length === 0)
    throw new UsageError({ setting: "train", rule: "hold at least 1 clip", got: 0 });
}

function checkLabelsKnown(
  data: FeatureData,
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
  const [what, known] = isGiven
    ? ["labels that the model does not know", "the model knows"]
    : ["labels that no training clip has", "training clips have"];
  throw new DataError(
    data.name,
    `has ${what}: ${unknown.sort().join(", ")} (on ${files}); ${known} ${vocabulary.join(", ")}`,
  );
}
