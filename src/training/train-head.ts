import { checkNames } from "../core/check.js";
import { checkObject } from "../core/inputs.js";
import { abortSignal, type Check, callback, checkOptions, optional } from "../core/setting-checks.js";
import { checkData, type FeatureData } from "../dataset/feature-data.js";
import type { FeatureSet } from "../dataset/feature-set.js";
import { evaluateNet } from "../evaluation/evaluate.js";
import { measuresOf } from "../evaluation/measures.js";
import { type NeighbourScores, neighbourScores } from "../evaluation/neighbour-scores.js";
import { type Engine, engineOption } from "../runtime/engine.js";
import {
  checkModel,
  type ModelInfo,
  modelGraph,
  modelIdentity,
  segmentsPerRun,
  type TrainedModel,
} from "../tagging/model-file.js";
import { calibrateModel } from "./calibrate-model.js";
import { clipFacts } from "./clip-facts.js";
import type { TrainConfig } from "./config.js";
import { type EmbeddingsOf, fitHead, headWeights } from "./fit-head.js";
import type { LinearFit } from "./fit-linear.js";
import { type RunData, runData } from "./run-data.js";
import { checkStartData, startingConfig } from "./start.js";

/** The settings of a head; `TrainConfig` says what they mean. */
export type HeadConfig = Partial<
  Pick<TrainConfig, "task" | "seed" | "validFraction" | "testFraction" | "balance">
>;

const HEAD_SETTINGS = [
  "task",
  "seed",
  "validFraction",
  "testFraction",
  "balance",
] satisfies (keyof HeadConfig)[];

/** Options of `trainHead`. */
export interface TrainHeadOptions {
  readonly engine: Engine;
  /** Settings that differ from the defaults of a run. */
  readonly config?: HeadConfig;
  /** Gives the embeddings of clips by the model, e.g. those that a store holds. @default they are computed */
  readonly embeddingsOf?: EmbeddingsOf;
  /** Called once, when the clips are split and checked. */
  readonly onStart?: (run: Pick<RunData, "sets" | "splits" | "task">) => void;
  /** After an abort the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A model with a new head. */
export interface HeadRun extends RunData {
  /** The start model's body with the new last layer, calibrated. */
  readonly model: TrainedModel;
  /** Strength of the penalty on the head's weights, see `linearFits`. */
  readonly l2: number;
  /** What the nearest training clips say, for comparison. */
  readonly neighbours: NeighbourScores;
}

/**
 * Gives a trained model a new last layer for other data: logistic regression on the embeddings of the training clips, whose
 * penalty is the one with the least loss on the validation clips. It takes seconds, since the rest of the net stays as it is and reads
 * every clip once. The result is an ordinary model.
 * @param from the model to start from; the data have its front end
 * @throws DataError if the data have too few clips or classes to train on
 * @throws UsageError if the data do not fit the settings or the model
 * @example
 * import { featuresInMemory, frontEnd, netConfig, nodeEngine, trainHead, trainModel } from "timbrel";
 *
 * const engine = nodeEngine();
 * const dataOf = (labels: string[]) =>
 *   featuresInMemory(frontEnd({ nMels: 2 }), Array.from({ length: 24 }, (_, i) => {
 *     const features = { shape: [8, 2], data: new Float32Array(16).fill((i % 2) + i / 100) };
 *     return { name: `${labels[0]} ${i}`, labels: [labels[i % 2]], features };
 *   }));
 * const config = { net: netConfig({ kind: "mlp", units: [8] }), segmentFrames: 8, epochs: 1 };
 * const { model } = await trainModel(dataOf(["quiet", "loud"]), config, { engine });
 * const head = await trainHead(dataOf(["piano", "forte"]), model!, { engine });
 * console.log(head.model.info.labels, head.neighbours.k > 0); // -> [ 'forte', 'piano' ] true
 */
export async function trainHead(
  data: FeatureData,
  from: TrainedModel,
  options: TrainHeadOptions,
): Promise<HeadRun> {
  checkData(data);
  checkModel(from);
  checkOptions<TrainHeadOptions>(options, {
    engine: engineOption,
    config: optional(headConfig),
    embeddingsOf: optional(callback),
    onStart: optional(callback),
    signal: optional(abortSignal),
  });
  const { engine, signal } = options;
  checkStartData(data, from);
  const settings = startingConfig(from, options.config);
  const run = runData(data, settings, { from });
  options.onStart?.(run);
  const { sets, task } = run;
  const { balance } = settings;
  const { train, valid, ...head } = await fitHead(data, run, from, {
    ...{ balance, engine, signal, embeddingsOf: options.embeddingsOf },
  });
  const model = modelWith(head, { data, from, run, settings });
  const valued = { ...model, info: { ...model.info, valid: await validScores(model, sets.valid, engine) } };
  return {
    ...run,
    model: await calibrateModel(valued, sets, { engine, signal }),
    l2: head.l2,
    neighbours: await neighbourScores({ train, valid }, { task, sets, engine }),
  };
}

const headConfig: Check = (setting, value) => {
  checkObject(setting, value, "be an object of settings");
  checkNames(setting, Object.keys(value as HeadConfig), HEAD_SETTINGS);
};

/** The model, without scores. */
function modelWith(
  head: LinearFit,
  {
    data,
    from,
    run: { sets, splits, task },
    settings,
  }: { data: FeatureData; from: TrainedModel; run: RunData; settings: TrainConfig },
): TrainedModel {
  const { seed, validFraction, testFraction, balance } = settings;
  const drawn = { seed, validFraction, testFraction, hash: splits.hash };
  const { split, ...clips } = clipFacts(sets, drawn, { task, from: from.info });
  const info: ModelInfo = {
    task,
    labels: [...sets.train.labels],
    frontEnd: data.frontEnd,
    segmentFrames: from.info.segmentFrames,
    split,
    valid: {},
    epoch: 0,
    config: {
      ...{ task: settings.task, seed, validFraction, testFraction, balance },
      normalize: settings.normalize,
      head: { kind: "linear", l2: head.l2 },
    },
    start: { model: modelIdentity(from), labels: from.info.labels },
    ...clips,
  };
  const weights = new Map([...from.weights, ...headWeights(head)]);
  return { info, net: from.net, weights, normalization: from.normalization };
}

/** The scores on the validation clips that a run records. */
async function validScores(
  model: TrainedModel,
  valid: FeatureSet<"valid">,
  engine: Engine,
): Promise<ModelInfo["valid"]> {
  const { task, segmentFrames } = model.info;
  const { scores } = await evaluateNet(modelGraph(model), valid, {
    ...{ engine, task, segmentFrames, maxSegments: segmentsPerRun(model), resamples: 0 },
  });
  const headline = measuresOf(task).filter(({ isHeadline }) => isHeadline);
  return { loss: scores.loss, ...Object.fromEntries(headline.map((each) => [each.name, each.of(scores)])) };
}
