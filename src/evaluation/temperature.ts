import type { Task } from "../nn/training-step.js";
import { type Calibration, TEMPERATURES } from "../tagging/calibration.js";
import { WeightedMean } from "../tagging/weighted-mean.js";

/** What a net gave to the segments of some clips, and what is true of the clips. */
export interface SegmentLogits {
  readonly task: Task;
  /** [nLabels] for each clip, see `FeatureSet.targets`. A single-label clip without a 1 does not count. */
  readonly targets: readonly Float32Array[];
  /** [nSegments, nLabels] for each clip. */
  readonly logits: readonly Float32Array[];
  /** [nSegments] for each clip: how much a segment counts. `@default` all count the same */
  readonly weights?: readonly Float32Array[] | undefined;
}

/** Least probability in a log loss, as in the scores. */
const LEAST = 1e-15;

/** Clips below which a temperature is not fitted: it would be that of a few of them. */
export const LEAST_CLIPS = 20;

/** Distance of the temperatures that are tried first, in their logarithm. */
const STRIDE = 0.25;

/** How exact the logarithm of the temperature is. */
const TOLERANCE = 1e-6;

/**
 * The probabilities of a clip at a temperature: the weighted mean over its segments of softmax(logits / temperature), or of
 * sigmoid in a multi-label task.
 * @param logits [nSegments, nLabels]
 * @param weights [nSegments]; `@default` all are 1
 * @returns [nLabels]
 */
export function probabilitiesAt(
  task: Task,
  logits: Float32Array,
  nLabels: number,
  temperature: number,
  weights?: Float32Array,
): Float64Array {
  const mean = new WeightedMean(nLabels);
  const values = new Float64Array(nLabels);
  for (let at = 0; at < logits.length; at += nLabels) {
    if (task === "multi-label")
      for (let i = 0; i < nLabels; i++) values[i] = 1 / (1 + Math.exp(-logits[at + i] / temperature));
    else {
      let greatest = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < nLabels; i++) greatest = Math.max(greatest, logits[at + i]);
      let sum = 0;
      for (let i = 0; i < nLabels; i++)
        sum += values[i] = Math.exp((logits[at + i] - greatest) / temperature);
      for (let i = 0; i < nLabels; i++) values[i] /= sum;
    }
    mean.add(values, weights?.[at / nLabels] ?? 1);
  }
  return mean.value;
}

const logOf = (probability: number) => Math.log(Math.max(probability, LEAST));

/**
 * Mean log loss of whole clips at a temperature [nat]; binary in a multi-label task, over what is known.
 * @param doubt weight, in [0, 1], of the loss that the probabilities would have if the truth were drawn evenly
 */
export function lossAt(
  { task, targets, logits, weights }: SegmentLogits,
  temperature: number,
  doubt = 0,
): number {
  let [sum, count] = [0, 0];
  for (const [clip, target] of targets.entries()) {
    const nLabels = target.length;
    if (task === "single-label" && !target.includes(1)) continue;
    const row = probabilitiesAt(task, logits[clip], nLabels, temperature, weights?.[clip]);
    if (task === "single-label") {
      sum -= (1 - doubt) * logOf(row[target.indexOf(1)]);
      if (doubt > 0) sum -= (doubt / nLabels) * row.reduce((total, value) => total + logOf(value), 0);
      count++;
      continue;
    }
    for (let i = 0; i < nLabels; i++) {
      if (Number.isNaN(target[i])) continue;
      const weight = (1 - doubt) * target[i] + doubt / 2;
      if (weight > 0) sum -= weight * logOf(row[i]);
      if (weight < 1) sum -= (1 - weight) * logOf(1 - row[i]);
      count++;
    }
  }
  return sum / count;
}

/**
 * Finds the temperature with the least log loss of whole clips.
 *
 * Where a lower one is always better, since every clip is answered right, no temperature is the best: then it is the one
 * that fits if one more clip were answered by chance (Laplace's rule of succession).
 * Same as: scipy 1.17 minimize_scalar of the same loss, within 1e-4; test/evaluation/temperature.test.ts
 * Reference: Guo et al. 2017, On Calibration of Modern Neural Networks
 */
export function fitTemperature(answers: SegmentLogits): Pick<Calibration, "temperature" | "basis"> {
  const nClips = answers.targets.length;
  if (nClips < LEAST_CLIPS) return { temperature: 1, basis: "few clips" };
  const fitted = leastOf((temperature) => lossAt(answers, temperature));
  if (fitted !== TEMPERATURES.min)
    return { temperature: fitted, basis: fitted === TEMPERATURES.max ? "limit" : "fitted" };
  const doubted = leastOf((temperature) => lossAt(answers, temperature, 1 / (nClips + 1)));
  return { temperature: doubted, basis: doubted === TEMPERATURES.min ? "limit" : "all right" };
}

/** The temperature at which a function is least: the best of a row of them, refined by golden section. */
function leastOf(of: (temperature: number) => number): number {
  const [first, last] = [Math.log(TEMPERATURES.min), Math.log(TEMPERATURES.max)];
  const at = (x: number) => of(Math.exp(x));
  const nTried = Math.ceil((last - first) / STRIDE) + 1;
  const tried = Array.from({ length: nTried }, (_, i) => first + ((last - first) * i) / (nTried - 1));
  const values = tried.map(at);
  const best = values.indexOf(Math.min(...values)); // the lowest of equally good ones
  if (best === 0) return TEMPERATURES.min;
  if (best === nTried - 1) return TEMPERATURES.max;
  return Math.exp(goldenSection(at, tried[best - 1], tried[best + 1]));
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Where a function with one minimum between `low` and `high` is least. */
function goldenSection(of: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  let [left, right] = [b - GOLDEN * (b - a), a + GOLDEN * (b - a)];
  let [atLeft, atRight] = [of(left), of(right)];
  while (b - a > TOLERANCE)
    if (atLeft <= atRight) {
      [b, right, atRight] = [right, left, atLeft];
      left = b - GOLDEN * (b - a);
      atLeft = of(left);
    } else {
      [a, left, atLeft] = [left, right, atRight];
      right = a + GOLDEN * (b - a);
      atRight = of(right);
    }
  return (a + b) / 2;
}
