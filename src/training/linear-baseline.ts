import { checkObject } from "../core/inputs.js";
import { Random } from "../core/random.js";
import { abortSignal, type Check, checkOptions, choice, integer, optional } from "../core/setting-checks.js";
import type { Tensor } from "../core/tensor.js";
import { Covariance } from "../dataset/covariance.js";
import { checkTrain, type FeatureSet } from "../dataset/feature-set.js";
import { RUN_SPLITS } from "../dataset/splits.js";
import { standardizationOf } from "../dataset/standardization.js";
import { evaluateLinear, readAllDescriptors } from "../evaluation/evaluate.js";
import { mainScore } from "../evaluation/measures.js";
import { buildInferenceModel } from "../nn/inference.js";
import { buildTrainingStep, type Task } from "../nn/training-step.js";
import { type Engine, engineOption } from "../runtime/engine.js";
import { encodeLinearModel } from "../tagging/linear-model.js";
import { clipFacts, type DrawnSplit } from "./clip-facts.js";
import { type BatchSource, fit } from "./fit.js";

const EPOCHS = 40;
const BATCH_SIZE = 64;
const LEARNING_RATE = 0.01;

/** Batches of whole descriptor vectors, every clip once per epoch in random order. */
function descriptorBatches(
  train: FeatureSet<"train">,
  vectors: readonly Float32Array[],
  seed: number,
): BatchSource {
  const batchSize = Math.min(BATCH_SIZE, vectors.length);
  const clips = vectors.map((_, clip) => clip);
  let order: number[] = [];
  let position = 0;
  return {
    stepsPerEpoch: Math.floor(vectors.length / batchSize),
    startEpoch(epoch) {
      order = new Random(`${seed}/baseline ${epoch}`).shuffle(clips);
      position = 0;
    },
    async next() {
      const chosen = order.slice(position, (position += batchSize));
      const join = (rows: readonly Float32Array[]) => Float32Array.from(rows.flatMap((row) => [...row]));
      return {
        inputs: join(chosen.map((clip) => vectors[clip])),
        targets: join(chosen.map((clip) => train.targets(clip))),
      };
    },
  };
}

/**
 * Trains the course's first homework as a baseline: a linear classifier on mean and deviation of Meyda's descriptors
 * and MFCCs, standardized over the train split. It uses the same engine and splits as the net.
 * @param options.split how the clips were split: the file records it, so that a later evaluation can draw the same splits.
 *   `@default` the defaults of `splitClips` for this seed, and no hash: the file knows the training and validation clips alone
 * @returns an ONNX model from `inputs` [batch, nDescriptors] to `probabilities` [batch, nLabels]; null if stopped
 * @example
 * import { featureSets, featuresInMemory, frontEnd, nodeEngine, splitClips, trainLinearBaseline } from "timbrel";
 *
 * const clips = Array.from({ length: 12 }, (_, i) => {
 *   const descriptors = Float32Array.of(i % 2, i);
 *   const features = { shape: [1, 1], data: Float32Array.of(i) };
 *   return { name: `${i}`, labels: [i % 2 === 0 ? "bass" : "flute"], features, descriptors };
 * });
 * const data = featuresInMemory(frontEnd({ nMels: 1 }), clips);
 * const options = { task: "single-label", seed: 1, engine: nodeEngine() } as const;
 * const linear = await trainLinearBaseline(featureSets(data, splitClips(data.clips)), options);
 * console.log(linear instanceof Uint8Array); // -> true
 */
export async function trainLinearBaseline(
  sets: { train: FeatureSet<"train">; valid: FeatureSet<"valid"> },
  options: {
    task: Task;
    seed: number;
    engine: Engine;
    split?: DrawnSplit | undefined;
    signal?: AbortSignal | undefined;
  },
): Promise<Uint8Array | null> {
  checkObject("sets", sets, "be feature sets", { train: "object", valid: "object" });
  checkTrain(sets.train);
  checkOptions<typeof options>(options, {
    task: choice(["single-label", "multi-label"]),
    seed: integer(0),
    engine: engineOption,
    split: optional(drawnSplit),
    signal: optional(abortSignal),
  });
  const { train, valid } = sets;
  const { task, seed, engine, signal, split = { ...RUN_SPLITS, seed, hash: "" } } = options;
  const vectors = await readAllDescriptors(train);
  const nFeatures = vectors[0].length;
  const covariance = new Covariance(nFeatures);
  for (const vector of vectors) covariance.add(vector, 1);
  const { mean, std } = standardizationOf(covariance, { epsilon: 1e-6 });
  const batches = descriptorBatches(train, vectors, seed);
  const config = {
    net: { kind: "linear" },
    task,
    nLabels: train.labels.length,
    inputShape: [nFeatures],
    batchSize: Math.min(BATCH_SIZE, vectors.length),
    normalization: { kind: "standardize", mean, std },
    isMasked: train.lacksTargets,
    optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.001 },
  } as const;
  const { state, ended } = await fit({
    step: buildTrainingStep(config),
    engine,
    batches,
    evaluate: async (weights: ReadonlyMap<string, Tensor>) => {
      const model = buildInferenceModel(config, weights);
      const { scores } = await evaluateLinear(model, valid, { engine, task, resamples: 0 });
      return { score: mainScore(scores), valid: { loss: scores.loss } };
    },
    epochs: EPOCHS,
    learningRate: LEARNING_RATE,
    schedule: { kind: "cosine", warmUp: 0 },
    patience: 0,
    seed,
    signal,
  });
  if (ended === "interrupted") return null;
  const { frontEnd, labels } = train;
  const info = { task, labels: [...labels], frontEnd, ...clipFacts(sets, split, { task }) };
  const { net, normalization } = config;
  return encodeLinearModel({ info, net, weights: state.best.weights, normalization });
}

const drawnSplit: Check = (setting, value) =>
  checkObject(setting, value, "say how the clips were split", {
    seed: "number",
    validFraction: "number",
    testFraction: "number",
    hash: "text",
  });
