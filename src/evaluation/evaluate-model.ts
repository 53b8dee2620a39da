import { DataError } from "../core/errors.js";
import { toBytes } from "../core/inputs.js";
import { callback, checkOptions, choice, nullable, optional } from "../core/setting-checks.js";
import { checkData, type FeatureData } from "../dataset/feature-data.js";
import { featureSets } from "../dataset/feature-set.js";
import type { ClipSplits } from "../dataset/splits.js";
import { describeDifference, frontEndHash } from "../features/front-end.js";
import { type Engine, engineOption } from "../runtime/engine.js";
import { linearModel } from "../tagging/linear-model.js";
import {
  checkModel,
  modelGraph,
  segmentsPerRun,
  type TrainedModel,
  trainClipCount,
} from "../tagging/model-file.js";
import { chooseClips, type LeftOut, PART_NAMES, type PartName, reasonsIn } from "./choose-clips.js";
import { evaluateLinear, evaluateMajority, evaluateNet } from "./evaluate.js";
import type { Scores } from "./scores.js";

/** Scores of a model and of two baselines on the same clips. */
export interface Evaluation {
  readonly split: PartName;
  /** Whether the clips come from other data than the model's own splits. */
  readonly isExternal: boolean;
  /** Clips of the split that are not scored, since the model has seen them or cannot know their labels; null for none. */
  readonly leftOut: LeftOut | null;
  /** The baseline that never listens: its answer to every clip is the fraction of each label in training. */
  readonly majority: Scores;
  /** A linear classifier on descriptors; null if none was given. */
  readonly linear: Scores | null;
  readonly net: Scores;
}

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
 * writeFileSync("notes.csv", `path,label\n${folder}-violin-wav/A4.wav,string\n${folder}-flute-wav/A4.wav,flute\n`);
 * const model = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
 * const { store } = await extractFeatures("notes.csv", "features", { frontEnd: model.info.frontEnd });
 * const { split, net } = await evaluateModel(model, store, { engine: nodeEngine() });
 * console.log(split, net.nClips, mainScore(net)); // -> all 2 1
 */
export async function evaluateModel(
  model: TrainedModel,
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
  if (frontEndHash(info.frontEnd) !== data.frontEndHash)
    throw new DataError(
      data.name,
      `holds features of another front end than the model's (${describeDifference(data.frontEnd, info.frontEnd)}); extract them again with the model's`,
    );
  const { clips, part, isExternal, leftOut } = chooseClips(data, info, options.split);
  if (clips.length === 0) throw new DataError(data.name, nothingToScore(part, leftOut));
  const split = part === "all" ? "test" : part;
  const { [split]: set } = featureSets(data, { ...NO_CLIPS, [split]: clips }, info.labels);

  const { task, labels, segmentFrames } = info;
  const scoreLinear = async (bytes: Uint8Array | ArrayBuffer) => {
    const name = "linear baseline";
    const { length: nDescriptors } = await set.readDescriptors(0);
    // Without descriptors, what is missing is reported where they are read.
    const outputs = { task, labels, ...(nDescriptors > 0 ? { nDescriptors } : {}) };
    return evaluateLinear(linearModel(bytes, name, outputs), set, { engine, task, name });
  };
  const scored = {
    majority: evaluateMajority(
      set,
      { task },
      { trainCounts: info.split.trainCounts, nClips: trainClipCount(info) },
    ).scores,
    linear: linear === null ? null : (await scoreLinear(linear)).scores,
    net: (
      await evaluateNet(modelGraph(model), set, {
        engine,
        task,
        segmentFrames,
        maxSegments: segmentsPerRun(model),
        name: "model",
        onProgress,
      })
    ).scores,
  };
  return { split: part, isExternal, leftOut, ...scored };
}

const NO_CLIPS: ClipSplits = { train: [], valid: [], test: [], hash: "" };

function nothingToScore(part: PartName, leftOut: LeftOut | null): string {
  if (leftOut === null) return `has no clips in the ${part} split; choose another \`split\``;
  const reasons = reasonsIn(leftOut).map(([count, reason]) => `${count}, since ${reason}`);
  return `has no clips that the model has not seen; left out are ${reasons.join("; ")}`;
}
