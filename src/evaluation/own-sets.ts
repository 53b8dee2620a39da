import { DataError } from "../core/errors.js";
import { checkData, type FeatureData } from "../dataset/feature-data.js";
import { type FeatureSet, featureSets } from "../dataset/feature-set.js";
import { checkModel, type TrainedModel } from "../tagging/model-file.js";
import { checkFrontEnd } from "./answer-set.js";
import { chooseClips } from "./choose-clips.js";

/**
 * The sets that a model was trained and validated on, as far as their clips are in the data. The data may have more clips.
 * @throws DataError if the data hold none of the training clips or of the validation clips, if they have another front end
 *   than the model, or if they have changed and the model does not say which were its validation clips
 * @example
 * import { featuresInMemory, frontEnd, netConfig, nodeEngine, ownSets, trainModel } from "timbrel";
 *
 * const clips = Array.from({ length: 12 }, (_, i) => {
 *   const features = { shape: [8, 2], data: new Float32Array(16).fill((i % 2) + i / 100) };
 *   return { name: `${i}`, labels: [i % 2 === 0 ? "quiet" : "loud"], features };
 * });
 * const data = featuresInMemory(frontEnd({ nMels: 2 }), clips);
 * const config = { net: netConfig({ kind: "mlp", units: [8] }), segmentFrames: 8, epochs: 1 };
 * const { model } = await trainModel(data, config, { engine: nodeEngine() });
 * const { train, valid } = ownSets(model!, data);
 * console.log(train.clips.length, valid.clips.length); // -> 8 2
 */
export function ownSets(
  model: TrainedModel,
  data: FeatureData,
): { train: FeatureSet<"train">; valid: FeatureSet<"valid"> } {
  checkModel(model);
  checkData(data);
  checkFrontEnd(model, data);
  const { info } = model;
  const [train, valid] = (["train", "valid"] as const).map((part) => {
    const { clips, background, seenIn } = chooseClips(data, info, part);
    if (seenIn === part && clips.length > 0) return [...clips, ...background];
    const which = part === "train" ? "training" : "validation";
    throw new DataError(
      data.name,
      `holds none of the ${which} clips of the model; use the data that it was trained on`,
    );
  });
  return featureSets(data, { train, valid, test: [], hash: "" }, info.labels);
}
