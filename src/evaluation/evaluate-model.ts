import { DataError } from "../core/errors.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { featureSets } from "../dataset/feature-set.js";
import { describeDifference, frontEndHash } from "../features/front-end.js";
import type { Engine } from "../runtime/engine.js";
import { linearModel } from "../tagging/linear-model.js";
import { modelGraph, segmentsPerRun, type TrainedModel } from "../tagging/model-file.js";
import { checkUnseen, chooseClips, type PartName } from "./choose-clips.js";
import { evaluateLinear, evaluateMajority, evaluateNet } from "./evaluate.js";
import type { Scores } from "./scores.js";

/** Scores of a model and of two baselines on the same clips. */
export interface Evaluation {
  readonly split: PartName;
  /** Whether the clips come from other data than the model's own splits. */
  readonly isExternal: boolean;
  /** The baseline that never listens: its answer to every clip is the fraction of each label in training. */
  readonly majority: Scores;
  /** A linear classifier on descriptors; null if none was given. */
  readonly linear: Scores | null;
  readonly net: Scores;
}

/**
 * Scores a model on the clips of a split, which is drawn again as it was for training. Clips that the model was trained
 * on are not scored, unless `split` is "train".
 *
 * @param options.split `@default` "test"; "all" if the data name no splits and share no clip with the model's training
 *   data: they are all unseen
 * @param options.linear the file of the linear baseline, as `trainLinearBaseline` returns it; its graph is not run, as
 *   the model's is not, but built anew from its tensors. `@default` none
 * @param options.onProgress called with the number of clips scored so far
 * @throws DataError if the data have another front end or labels than the model, if the split holds no clip, or if the
 *   model was trained on one of its clips
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
    linear?: Uint8Array | null | undefined;
    onProgress?: (done: number, total: number) => void;
  },
): Promise<Evaluation> {
  const { info } = model;
  const { engine, linear, onProgress } = options;
  if (frontEndHash(info.frontEnd) !== data.frontEndHash)
    throw new DataError(
      data.name,
      `holds features of another front end than the model's (${describeDifference(data.frontEnd, info.frontEnd)}); extract them again with the model's`,
    );
  const { splits, part, isExternal } = chooseClips(data, info, options.split);
  const { [part === "all" ? "test" : part]: set } = featureSets(data, splits, info.labels);
  if (set.clips.length === 0)
    throw new DataError(data.name, `has no clips in the ${part} split; choose another \`split\``);
  if (part !== "train") checkUnseen(info, set.clips, { name: data.name, part });

  const { task, labels, segmentFrames, split } = info;
  const scoreLinear = async (bytes: Uint8Array): Promise<Scores> => {
    const name = "linear baseline";
    const { length: nDescriptors } = await set.readDescriptors(0);
    // Without descriptors, what is missing is reported where they are read.
    const outputs = { task, labels, ...(nDescriptors > 0 ? { nDescriptors } : {}) };
    return evaluateLinear(linearModel(bytes, name, outputs), set, { engine, task, name });
  };
  return {
    split: part,
    isExternal,
    majority: evaluateMajority(set, task, split.trainCounts),
    linear: linear ? await scoreLinear(linear) : null,
    net: await evaluateNet(modelGraph(model), set, {
      engine,
      task,
      segmentFrames,
      maxSegments: segmentsPerRun(model),
      name: "model",
      onProgress,
    }),
  };
}
