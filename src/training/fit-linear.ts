import type { Tensor } from "../core/tensor.js";
import { LEAST_CLIPS, lossAt } from "../evaluation/temperature.js";
import type { Task } from "../nn/training-step.js";
import type { Engine } from "../runtime/engine.js";
import { LossGradient } from "./loss-gradient.js";
import { minimize } from "./minimize.js";

/** Vectors of clips with what is true of them. */
export interface LabelledVectors {
  readonly vectors: readonly Float32Array[];
  /** [nLabels] for each, see `FeatureSet.targets`. */
  readonly targets: readonly Float32Array[];
}

/** A linear classifier: logits = weight x + bias. */
export interface LinearFit {
  /** [nLabels, size] */
  readonly weight: Tensor;
  /** [nLabels] */
  readonly bias: Tensor;
  /** Strength of the penalty that it was fitted with; see `fitLinear`. */
  readonly l2: number;
}

/** The strengths of the penalty that are tried, strongest first. */
const L2_TRIED = [10, 1, 0.1, 0.01, 0.001];
/** The strength if there are too few validation clips to choose by. */
const L2_FEW = 1;
/** Solutions are this exact in every member of the gradient, as exact as 32-bit losses allow. */
const TOLERANCE = 1e-5;
const MAX_STEPS = 300;

/**
 * Fits linear classifiers to vectors: logistic regression, or one for each label in a multi-label task, which is where
 *
 *     mean loss over the clips + l2 / 2 * (sum of squared weights)
 *
 * is least, of vectors minus their mean and divided by one number, their root mean square. The bias has no penalty.
 * @param l2s strengths of the penalty, strongest first: each solution, which is computed when it is asked for, starts from the
 *   one before
 * Same as: scikit-learn 1.9 LogisticRegression(C=1 / (l2 * nClips)) on the same vectors, probabilities within 1e-3;
 *   test/training/train-head.test.ts
 */
export async function* linearFits(
  { vectors, targets }: LabelledVectors,
  { task, l2s, engine }: { task: Task; l2s: readonly number[]; engine: Engine },
): AsyncGenerator<LinearFit> {
  const [size, nLabels] = [vectors[0].length, targets[0].length];
  const { mean, scale } = scalingOf(vectors);
  const inputs = new Float32Array(vectors.length * size);
  for (const [row, vector] of vectors.entries())
    for (let i = 0; i < size; i++) inputs[row * size + i] = (vector[i] - mean[i]) / scale;
  const config = {
    net: { kind: "linear" },
    task,
    nLabels,
    inputShape: [size],
    batchSize: vectors.length,
    normalization: { kind: "none" },
    isMasked: task === "multi-label" && targets.some((row) => row.some(Number.isNaN)),
  } as const;
  const joined = Float32Array.from(targets.flatMap((row) => [...row]));
  const loss = await LossGradient.open(config, { inputs, targets: joined }, engine);
  const nWeights = nLabels * size;
  try {
    let x = new Float64Array(loss.size);
    for (const l2 of l2s) {
      const penalized = async (at: Float64Array) => {
        const found = await loss.at(Float32Array.from(at));
        const gradient = Float64Array.from(found.gradient);
        let squares = 0;
        for (let i = 0; i < nWeights; i++) {
          squares += at[i] * at[i];
          gradient[i] += l2 * at[i];
        }
        return { value: found.loss + (l2 / 2) * squares, gradient };
      };
      x = new Float64Array(await minimize(penalized, x, { tolerance: TOLERANCE, maxSteps: MAX_STEPS }));
      yield { l2, ...unscaled(x, { mean, scale, nLabels }) };
    }
  } finally {
    await loss.close();
  }
}

/** The mean of vectors, and the root mean square of what remains without it; 1 if nothing does. */
function scalingOf(vectors: readonly Float32Array[]): { mean: Float64Array; scale: number } {
  const mean = new Float64Array(vectors[0].length);
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) mean[i] += vector[i] / vectors.length;
  let squares = 0;
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) squares += (vector[i] - mean[i]) ** 2;
  return { mean, scale: Math.sqrt(squares / (vectors.length * mean.length)) || 1 };
}

/** The classifier of vectors as they are that does what the one in `x` does to the scaled ones. */
function unscaled(
  x: Float64Array,
  { mean, scale, nLabels }: { mean: Float64Array; scale: number; nLabels: number },
): Pick<LinearFit, "weight" | "bias"> {
  const size = mean.length;
  const weights = x.subarray(0, nLabels * size).map((value) => value / scale);
  const bias = x.slice(nLabels * size);
  for (let label = 0; label < nLabels; label++)
    for (let i = 0; i < size; i++) bias[label] -= weights[label * size + i] * mean[i];
  return {
    weight: { data: Float32Array.from(weights), shape: [nLabels, size] },
    bias: { data: Float32Array.from(bias), shape: [nLabels] },
  };
}

/** The classifier of `linearFits` with the least loss on validation clips. */
export async function fitLinear(
  train: LabelledVectors,
  valid: LabelledVectors,
  { task, engine }: { task: Task; engine: Engine },
): Promise<LinearFit> {
  const hasFew = valid.vectors.length < LEAST_CLIPS;
  let best: { fit: LinearFit; loss: number } | undefined;
  for await (const fit of linearFits(train, { task, l2s: hasFew ? [L2_FEW] : L2_TRIED, engine })) {
    const loss = hasFew ? 0 : linearLoss(fit, valid, task);
    if (best !== undefined && loss >= best.loss) break; // weaker penalties take longer, and fit the training clips alone
    best = { fit, loss };
  }
  return best!.fit;
}

/** Logits of a vector. */
export function linearLogits({ weight, bias }: LinearFit, vector: Float32Array): Float32Array {
  const [, size] = weight.shape;
  return bias.data.map((value, label) => {
    let sum = value;
    for (let i = 0; i < size; i++) sum += weight.data[label * size + i] * vector[i];
    return sum;
  });
}

/** Mean log loss of a classifier on other vectors [nat]. */
export function linearLoss(fit: LinearFit, { vectors, targets }: LabelledVectors, task: Task): number {
  return lossAt({ task, targets, logits: vectors.map((vector) => linearLogits(fit, vector)) }, 1);
}
