import { DataError, UsageError } from "../core/errors.js";
import { checkObject } from "../core/inputs.js";
import { recordOf } from "../core/record.js";
import { abortSignal, callback, checkOptions, optional } from "../core/setting-checks.js";
import { isFiniteData } from "../core/tensor.js";
import { checkTrain, type FeatureSet } from "../dataset/feature-set.js";
import { lacksLabels } from "../dataset/known-labels.js";
import { segmentStarts } from "../dataset/segments.js";
import { fitNovelty } from "../evaluation/fit-novelty.js";
import {
  fitLevelExponent,
  type SegmentOutputs,
  segmentWeights,
  tailSegments,
} from "../evaluation/level-exponent.js";
import { reliability } from "../evaluation/reliability.js";
import { fitTemperature, lossAt, probabilitiesAt, type SegmentLogits } from "../evaluation/temperature.js";
import { fitThresholds } from "../evaluation/thresholds.js";
import type { Task } from "../nn/training-step.js";
import { type Engine, engineOption, type Session, withSession } from "../runtime/engine.js";
import { type FrameSource, runSegments } from "../tagging/aggregate.js";
import { type Calibration, DEFAULT_THRESHOLD } from "../tagging/calibration.js";
import {
  checkModel,
  logitsGraph,
  segmentsPerRun,
  type TrainedModel,
  uncalibrated,
} from "../tagging/model-file.js";

/** Options of `calibrateModel`. */
export interface CalibrateOptions {
  readonly engine: Engine;
  /** After an abort the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of validation clips that the net has answered. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Calibrates a trained model on validation clips: finds how much more a loud segment counts in the answer for a clip than a quiet
 * one, see `fitLevelExponent`; the temperature by which its logits are divided, so that its probabilities come true as often as
 * they say; and for a multi-label model the threshold of every tag, with which F1 is highest. `trainModel` does this at the end
 * of a run. An earlier calibration is replaced.
 *
 * It also finds what the model calls a sound unknown by, see `fitNovelty`.
 *
 * With fewer than 20 validation clips, a segment weighs its level, the temperature is 1, every threshold 0.5, and the limit of
 * novelty is fitted to the training clips, too.
 * @param sets the sets that the model was trained and validated on, over its labels, see `ownSets`
 * @returns the model with `info.calibration`
 * @throws UsageError if the sets have other labels than the model, or no validation clip whose labels are known
 * @throws DataError if the model gives logits that are not finite
 * @example
 * import { calibrateModel, featuresInMemory, frontEnd, netConfig, nodeEngine, ownSets, trainModel } from "timbrel";
 *
 * const clips = Array.from({ length: 200 }, (_, i) => {
 *   const features = { shape: [8, 2], data: new Float32Array(16).fill((i % 2) + (i % 7) / 3) };
 *   return { name: `${i}`, group: `${i}`, labels: [i % 2 === 0 ? "quiet" : "loud"], features };
 * });
 * const data = featuresInMemory(frontEnd({ nMels: 2 }), clips);
 * const config = { net: netConfig({ kind: "mlp", units: [8] }), segmentFrames: 8, epochs: 3 };
 * const engine = nodeEngine();
 * const { model } = await trainModel(data, config, { engine });
 * const { info } = await calibrateModel(model!, ownSets(model!, data), { engine });
 * console.log(info.calibration!.temperature === model!.info.calibration!.temperature); // -> true
 */
export async function calibrateModel(
  model: TrainedModel,
  sets: { readonly train: FeatureSet<"train">; readonly valid: FeatureSet<"valid"> },
  options: CalibrateOptions,
): Promise<TrainedModel> {
  checkModel(model);
  checkObject("sets", sets, "be feature sets", { train: "object", valid: "object" });
  checkTrain(sets.train);
  checkOptions<CalibrateOptions>(options, {
    engine: engineOption,
    signal: optional(abortSignal),
    onProgress: optional(callback),
  });
  const plain = uncalibrated(model);
  checkValidation(sets.valid, plain);
  const calibration = await calibrationOf(plain, sets.valid, options);
  const weighted = { ...plain, info: { ...plain.info, calibration } };
  const { score, unknown } = await fitNovelty(weighted, sets, options);
  return {
    ...plain,
    novelty: score,
    info: { ...plain.info, calibration: { ...calibration, unknown } },
  };
}

function checkValidation(valid: FeatureSet<"valid">, { info }: TrainedModel): void {
  const { split, clips, labels } = valid;
  if ((split as string) !== "valid")
    throw new UsageError({ setting: "sets.valid", rule: "be the FeatureSet of the valid split", got: split });
  if (JSON.stringify(labels) !== JSON.stringify(info.labels))
    throw new UsageError({
      setting: "sets.valid",
      rule: `have the labels of the model, ${info.labels.join(", ")}`,
      got: labels.join(", "),
    });
  if (!clips.some((_, clip) => countsIn(info.task, valid, clip)))
    throw new UsageError({
      setting: "sets.valid",
      rule: "hold at least 1 clip whose labels are known",
      got: "none",
    });
}

async function calibrationOf(
  model: TrainedModel,
  valid: FeatureSet<"valid">,
  options: CalibrateOptions,
): Promise<Calibration> {
  const { task, labels } = model.info;
  const [all, tails] = await segmentOutputs(model, valid, options);
  const counted = valid.clips.map((_, clip) => clip).filter((clip) => countsIn(task, valid, clip));
  const targets = counted.map((clip) => valid.targets(clip));
  const [logits, levels] = [counted.map((clip) => all.logits[clip]), counted.map((clip) => all.levels[clip])];
  const plain = { task, targets, logits };
  const levelExponent = fitLevelExponent({ ...plain, levels }, tails);
  const weighted = { ...plain, weights: segmentWeights({ levels }, levelExponent) };
  const { temperature, basis } = fitTemperature(weighted);
  const groups = counted.map((clip) => valid.clips[clip].group);
  const answeredAt = ({ weights }: SegmentLogits, at: number) => {
    const row = (clip: Float32Array, i: number) =>
      Float32Array.from(probabilitiesAt(task, clip, labels.length, at, weights?.[i]));
    return { task, labels, groups, targets, probabilities: logits.map(row) };
  };
  const [before, after] = [answeredAt(plain, 1), answeredAt(weighted, temperature)];
  const isTuned = task === "multi-label" && basis !== "few clips";
  const untuned = {
    thresholds: task === "multi-label" ? recordOf(labels.map((label) => [label, DEFAULT_THRESHOLD])) : null,
    sharedThreshold: task === "multi-label" ? [...labels] : [],
  };
  return {
    temperature,
    levelExponent,
    basis,
    ...(isTuned ? fitThresholds(after) : untuned),
    unknown: null,
    validation: {
      nClips: counted.length,
      loss: [lossAt(plain, 1), lossAt(weighted, temperature)],
      calibrationError: [reliability(before).calibrationError, reliability(after).calibrationError],
    },
  };
}

/** Whether a clip says something about the labels. Clips of no class do not, nor do those of which nothing is known. */
function countsIn(task: Task, set: FeatureSet, clip: number): boolean {
  const [facts, target] = [set.clips[clip], set.targets(clip)];
  if (task === "single-label") return target.includes(1);
  return (facts.labels.length > 0 || lacksLabels(facts)) && !target.every(Number.isNaN);
}

/** What the net gives to the segments that the answers for the clips are the mean of, and to quiet tails. */
async function segmentOutputs(
  model: TrainedModel,
  set: FeatureSet,
  { engine, signal, onProgress }: CalibrateOptions,
): Promise<[clips: SegmentOutputs, tails: SegmentOutputs]> {
  const [clips, tails] = await withSession(engine, logitsGraph(model, 1), async (session) => [
    await outputsOf(session, set, model, (done) => {
      signal?.throwIfAborted();
      onProgress?.(done, set.clips.length);
    }),
    await outputsOf(session, tailSegments(model.info), model, () => signal?.throwIfAborted()),
  ]);
  if (![...clips.logits, ...clips.levels].every((row) => isFiniteData(row)))
    throw new DataError("model", "gives numbers that are not finite to validation clips; train it again");
  return [clips, tails];
}

/** @param session the model's logits, and its level as their weight */
async function outputsOf(
  session: Session,
  source: FrameSource,
  model: TrainedModel,
  onProgress: (done: number) => void,
): Promise<SegmentOutputs> {
  const { segmentFrames, labels } = model.info;
  const nLabels = labels.length;
  const all: { readonly logits: Float32Array[]; readonly levels: Float32Array[] } = {
    logits: [],
    levels: [],
  };
  const runs = { segmentFrames, maxSegments: segmentsPerRun(model), onProgress };
  await runSegments(session, source, runs, {
    plan(nFrames) {
      const starts = segmentStarts(nFrames, segmentFrames);
      return starts.map((first, index) => ({ first, index, count: starts.length }));
    },
    visit(clip, { index, count }, { logits, weight }, i) {
      all.logits[clip] ??= new Float32Array(count * nLabels);
      all.logits[clip].set(logits.data.subarray(i * nLabels, (i + 1) * nLabels), index * nLabels);
      all.levels[clip] ??= new Float32Array(count);
      all.levels[clip][index] = weight.data[i];
    },
  });
  return all;
}
