import { type Answers, argmax, checkAnswers } from "./answers.js";

/** Answers whose confidence is in one range. */
export interface ReliabilityBin {
  /** Confidences from `from` on and below `to`; 1 is in the last bin. */
  readonly from: number;
  readonly to: number;
  /** Mean confidence; NaN if the bin is empty. */
  readonly confidence: number;
  /** Fraction that came true; NaN if the bin is empty. */
  readonly accuracy: number;
  readonly count: number;
}

/** Number of bins of equal width. */
export const N_BINS = 15;

/** The bin of a confidence in [0, 1]; NaN is in the last one, where it makes the error NaN. */
export function binOf(confidence: number): number {
  return confidence < 1 ? Math.floor(confidence * N_BINS) : N_BINS - 1;
}

/**
 * The calibration error.
 * @param gaps [N_BINS], the sum of confidence - outcome over each bin
 * @param count number of confidences
 */
export function calibrationErrorOf(gaps: ArrayLike<number>, count: number): number {
  let sum = 0;
  for (let bin = 0; bin < N_BINS; bin++) sum += Math.abs(gaps[bin]);
  return sum / count;
}

/**
 * How often what was answered with some confidence is true: the points of a reliability diagram, and their mean distance
 * from the diagonal, the expected calibration error
 *
 *     calibrationError = sum over bins of count / (all counts) * |accuracy - confidence|
 *
 * over 15 bins of equal width. In a single-label task a clip's confidence is the probability of its most probable label,
 * which is right or wrong. In a multi-label task every label of every clip of which it is known counts on its own: its
 * confidence is its probability, and it is true if the clip has the label.
 * Same as: torchmetrics 1.9 MulticlassCalibrationError and BinaryCalibrationError, n_bins=15, norm="l1", within 1e-6;
 * test/evaluation/scores.test.ts
 * @example
 * import { reliability } from "timbrel";
 *
 * const { bins, calibrationError } = reliability({
 *   task: "single-label",
 *   labels: ["flute", "harp"],
 *   groups: ["player 1", "player 2"],
 *   targets: [Float32Array.of(1, 0), Float32Array.of(0, 1)],
 *   probabilities: [Float32Array.of(0.75, 0.25), Float32Array.of(0.75, 0.25)],
 * });
 * console.log(calibrationError, bins.find(({ count }) => count > 0)?.accuracy); // -> 0.25 0.5
 */
export function reliability(answers: Answers): { bins: ReliabilityBin[]; calibrationError: number } {
  checkAnswers(answers);
  const confidence = new Float64Array(N_BINS);
  const outcome = new Float64Array(N_BINS);
  const count = new Float64Array(N_BINS);
  for (const [p, isTrue] of decisionsOf(answers)) {
    const bin = binOf(p);
    confidence[bin] += p;
    outcome[bin] += isTrue ? 1 : 0;
    count[bin]++;
  }
  const bins = Array.from(count, (n, bin) => ({
    from: bin / N_BINS,
    to: (bin + 1) / N_BINS,
    confidence: confidence[bin] / n,
    accuracy: outcome[bin] / n,
    count: n,
  }));
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  return {
    bins,
    calibrationError: calibrationErrorOf(
      confidence.map((sum, bin) => sum - outcome[bin]),
      total,
    ),
  };
}

function* decisionsOf({
  task,
  targets,
  probabilities,
}: Answers): Iterable<[confidence: number, isTrue: boolean]> {
  for (const [clip, target] of targets.entries()) {
    const row = probabilities[clip];
    if (task === "single-label") {
      if (target.includes(1)) yield [Math.max(...row), target[argmax(row)] === 1];
    } else for (let i = 0; i < row.length; i++) if (!Number.isNaN(target[i])) yield [row[i], target[i] === 1];
  }
}
