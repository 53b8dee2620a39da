import { DataError } from "../core/errors.js";
import { toBytes } from "../core/inputs.js";
import { callback, checkOptions, choice, nullable, optional } from "../core/setting-checks.js";
import type { Clip } from "../dataset/clip.js";
import { checkData, type FeatureData } from "../dataset/feature-data.js";
import type { FeatureSet } from "../dataset/feature-set.js";
import { type Engine, engineOption } from "../runtime/engine.js";
import { linearModel } from "../tagging/linear-model.js";
import { trainClipCount } from "../tagging/model-clips.js";
import { checkModel, type TrainedModel, uncalibrated } from "../tagging/model-file.js";
import { type AnyModel, isLinear } from "../tagging/open-tagger.js";
import { answerSet, checkFrontEnd, setOf } from "./answer-set.js";
import { chooseClips, type LeftOut, PART_NAMES, type PartName, reasonsIn } from "./choose-clips.js";
import { type ChoosingClips, choosingClips } from "./chose.js";
import { evaluateLinear, evaluateMajority } from "./evaluate.js";
import { type Difference, pairedDifference } from "./paired-difference.js";
import type { ScoredAnswers } from "./score-answers.js";
import type { Scores } from "./scores.js";
import { type UnknownSounds, unknownSounds } from "./unknown-sounds.js";

/** The answer of the scored model to a clip. */
export interface ClipAnswer {
  readonly clip: Clip;
  /** [nLabels], see `FeatureSet.targets`. */
  readonly targets: Float32Array;
  /** [nLabels] */
  readonly probabilities: Float32Array;
  /** The probabilities before calibration; null if the model has none, or none that changes them. */
  readonly uncalibrated: Float32Array | null;
  /** How unlike the training sounds the clip is, see `NoveltyScore`; null if the model has none. */
  readonly novelty: number | null;
}

/** Scores of a model and of two baselines on the same clips. */
export interface Evaluation {
  readonly split: PartName;
  /** Whether the clips come from other data than the model's own splits. */
  readonly isExternal: boolean;
  /** Clips of the split that are not scored, since the model has seen them or cannot know their labels; null for none. */
  readonly leftOut: LeftOut | null;
  readonly chose: ChoosingClips;
  /** The baseline that never listens: its answer to every clip is the fraction of each label in training. */
  readonly majority: Scores;
  /** A linear classifier on descriptors; null if none was given. */
  readonly linear: Scores | null;
  /** Whether the model is a net, or a linear baseline of its own. */
  readonly kind: "net" | "linear";
  /** The model. */
  readonly net: Scores;
  /** The model before calibration; null if it has none, or none that changes its probabilities. */
  readonly uncalibrated: Scores | null;
  /** What the model calls unknown; null if it calls nothing so. */
  readonly unknown: UnknownSounds | null;
  /** The model minus each baseline, by the measure's name. */
  readonly differences: { readonly majority: Differences; readonly linear: Differences | null };
  /** The model's answer to every clip, in the order of the data. */
  readonly answers: readonly ClipAnswer[];
}

/** Paired differences by the measure's name. */
export type Differences = Readonly<Record<string, Difference>>;

/**
 * Scores a model on the clips of a split, which is drawn again as it was for training. Clips that the model was trained on
 * or that chose its epoch are left out, and so are clips in one group with these, unless `split` asks for them. If clips
 * were added to the data or removed since the training, the test split is every clip that the model has not seen.
 *
 * @param options.split `@default` "test"; "all" if the data name no splits and share no clip with the model's training
 *   data: they are all unseen
 * @param options.linear the file of the linear baseline, as `trainLinearBaseline` returns it; its graph is not run, as
 *   the model's is not, but built anew from its tensors. `@default` none
 * @param options.onProgress called with the number of clips scored so far
 * @throws DataError if the data have another front end or labels than the model, or if the split holds no unseen clip
 * @throws DataError naming a clip whose features are not finite, or if an answer is not a number
 * @example
 * import { readFileSync, writeFileSync } from "node:fs";
 * import { decodeModel, evaluateModel, extractFeatures, mainScore, nodeEngine } from "timbrel";
 *
 * const folder = "node_modules/tonejs-instrument";
 * writeFileSync("notes.csv", `path,label\n${folder}-violin-wav/A4.wav,string\n${folder}-flute-wav/A5.wav,flute\n`);
 * const model = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
 * const { store } = await extractFeatures("notes.csv", "features", { frontEnd: model.info.frontEnd });
 * const { split, net } = await evaluateModel(model, store, { engine: nodeEngine() });
 * console.log(split, net.nClips, mainScore(net)); // -> all 2 1
 */
export async function evaluateModel(
  model: AnyModel,
  data: FeatureData,
  options: {
    engine: Engine;
    split?: PartName | undefined;
    linear?: Uint8Array | ArrayBuffer | null | undefined;
    onProgress?: (done: number, total: number) => void;
  },
): Promise<Evaluation> {
  checkModel(model);
  checkData(data);
  checkOptions<typeof options>(options, {
    engine: engineOption,
    split: optional(choice(PART_NAMES)),
    linear: nullable(toBytes),
    onProgress: optional(callback),
  });
  const { info } = model;
  const { engine, linear = null, onProgress } = options;
  checkFrontEnd(model, data);
  const chosen = chooseClips(data, info, options.split);
  const { clips, background, part, isExternal, leftOut } = chosen;
  if (clips.length === 0) throw new DataError(data.name, nothingToScore(part, leftOut));
  const set = setOf(data, clips, info);

  const { task, labels } = info;
  const majority = evaluateMajority(set, { task }, { ...info.split, nClips: trainClipCount(info) });
  const baseline = linear === null ? null : await scoreBaseline(linear, set, { task, labels, engine });
  const nPasses = calibrates(model) ? 2 : 1;
  const pass = (index: number) => ({
    engine,
    onProgress: (done: number, total: number) =>
      onProgress?.(Math.floor((index * total + done) / nPasses), total),
  });
  const net = await answerSet(model, set, pass(0));
  const before = calibrates(model) ? await answerSet(uncalibrated(model), set, pass(1)) : null;
  const unknown = isLinear(model)
    ? null
    : await unknownSounds(model, net.novelties, {
        background: setOf(data, background, info).background,
        engine,
      });
  return {
    split: part,
    isExternal,
    leftOut,
    chose: choosingClips(info, chosen),
    majority: majority.scores,
    linear: baseline?.scores ?? null,
    kind: isLinear(model) ? "linear" : "net",
    net: net.scores,
    uncalibrated: before?.scores ?? null,
    unknown,
    differences: {
      majority: pairedDifference(net, majority),
      linear: baseline === null ? null : pairedDifference(net, baseline),
    },
    answers: clips.map((clip, i) => ({
      clip,
      targets: set.targets(i),
      probabilities: net.rows[i],
      uncalibrated: before?.rows[i] ?? null,
      novelty: net.novelties[i],
    })),
  };
}

/** Scores the file of a linear baseline. */
async function scoreBaseline(
  bytes: Uint8Array | ArrayBuffer,
  set: FeatureSet,
  { task, labels, engine }: Pick<AnyModel["info"], "task" | "labels"> & { engine: Engine },
): Promise<ScoredAnswers> {
  const name = "linear baseline";
  const { length: nDescriptors } = await set.readDescriptors(0);
  // Without descriptors, what is missing is reported where they are read.
  const outputs = { task, labels, ...(nDescriptors > 0 ? { nDescriptors } : {}) };
  return evaluateLinear(linearModel(bytes, name, outputs), set, { engine, task, name });
}

/** Whether a model's calibration changes its probabilities. */
function calibrates(model: AnyModel): model is TrainedModel {
  if (isLinear(model)) return false;
  const { temperature = 1, levelExponent = 0 } = model.info.calibration ?? {};
  return temperature !== 1 || levelExponent !== 0;
}

/** Why a part has no clip to score. */
function nothingToScore(part: PartName, leftOut: LeftOut | null): string {
  if (leftOut === null) return `has no clips in the ${part} split; choose another \`split\``;
  const reasons = reasonsIn(leftOut).map(([count, reason]) => `${count}, since ${reason}`);
  return `has no clips that the model has not seen; left out are ${reasons.join("; ")}`;
}
