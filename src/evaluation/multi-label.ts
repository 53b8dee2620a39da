import { recordOf } from "../core/record.js";
import { DEFAULT_THRESHOLD } from "../tagging/calibration.js";
import type { Answers } from "./answers.js";
import { averageOf, mean, precisionRecall } from "./averages.js";
import { type Decisions, rank, scoreRanking } from "./ranking.js";
import { binOf, calibrationErrorOf, N_BINS } from "./reliability.js";
import type { MultiLabelValues, TagScores } from "./scores.js";
import { LEAST_PROBABILITY } from "./single-label.js";

/** Number of clips with a label below which it does not enter the means: its score would be that of one clip. */
const LEAST_POSITIVES = 2;

/** The labels that the means are over: those of 2 clips or more; those of 1 clip if none has 2. */
export function meanLabelsOf({ labels, targets }: Answers): string[] {
  const positives = labels.map((_, i) => targets.filter((target) => target[i] === 1).length);
  const least = Math.min(LEAST_POSITIVES, Math.max(1, ...positives));
  return labels.filter((_, i) => positives[i] >= least);
}

/**
 * Returns a function that scores answers to clips of any number of labels, each clip counted as often as `counts` says.
 * What is not known is left out. Where a probability is not a number, neither are the scores.
 * Same as: scikit-learn 1.9 average_precision_score, roc_auc_score, precision_recall_fscore_support and log_loss on what
 * is known, within 1e-10 (log_loss 1e-6); test/evaluation/scores.test.ts
 */
export function multiLabelScorer(answers: Answers): (counts: ArrayLike<number>) => MultiLabelValues {
  const { labels, targets, thresholds } = answers;
  const thresholdOf = (label: string) => thresholds?.[label] ?? DEFAULT_THRESHOLD;
  // A resample only counts each clip anew, so everything is ranked once.
  const rankings = labels.map((label, i) => rank(decisionsOn([i], answers), thresholdOf(label)));
  const whole = rank(decisionsOn([...labels.keys()], answers), DEFAULT_THRESHOLD);
  const { losses, known, gaps } = perClip(answers);
  const inMeans = new Set(meanLabelsOf(answers));

  return (counts) => {
    let nClips = 0;
    for (let clip = 0; clip < targets.length; clip++) nClips += counts[clip];
    const ranked = rankings.map((ranking) => (ranking === null ? UNRANKED : scoreRanking(ranking, counts)));
    const scored = ranked.map((each, i): TagScores => {
      const { averagePrecision, rocAuc, positives, negatives, hits, answered } = each;
      return {
        averagePrecision,
        rocAuc,
        positives,
        negatives,
        unknown: nClips - positives - negatives,
        threshold: thresholdOf(labels[i]),
        ...precisionRecall(hits, answered, positives),
      };
    });
    const inMean = scored.filter(({ positives }, i) => inMeans.has(labels[i]) && positives !== 0);
    const withNegatives = inMean.filter(({ negatives }) => negatives !== 0);
    const all = whole === null ? UNRANKED : scoreRanking(whole, counts);
    const sum = (key: "hits" | "answered" | "positives") =>
      ranked.reduce((total, each) => total + each[key], 0);
    return {
      meanAveragePrecision: mean(inMean.map(({ averagePrecision }) => averagePrecision)),
      microAveragePrecision: all.averagePrecision,
      rocAuc: mean(withNegatives.map(({ rocAuc }) => rocAuc)),
      microRocAuc: all.rocAuc,
      macro: averageOf(inMean),
      micro: precisionRecall(sum("hits"), sum("answered"), sum("positives")),
      weighted: averageOf(
        inMean,
        inMean.map(({ positives }) => positives),
      ),
      ...lossAndCalibration(counts),
      perLabel: recordOf(labels.map((label, i) => [label, scored[i]])),
    };
  };

  function lossAndCalibration(counts: ArrayLike<number>): { loss: number; calibrationError: number } {
    const summed = new Float64Array(N_BINS);
    let [loss, nKnown] = [0, 0];
    for (let clip = 0; clip < targets.length; clip++) {
      const count = counts[clip];
      if (count === 0) continue;
      loss += count * losses[clip];
      nKnown += count * known[clip];
      for (let bin = 0; bin < N_BINS; bin++) summed[bin] += count * gaps[clip * N_BINS + bin];
    }
    return { loss: loss / nKnown, calibrationError: calibrationErrorOf(summed, nKnown) };
  }
}

/** The scores of a label some of whose probabilities are not numbers. */
const UNRANKED = {
  ...{ averagePrecision: Number.NaN, rocAuc: Number.NaN, positives: Number.NaN },
  ...{ negatives: Number.NaN, hits: Number.NaN, answered: Number.NaN },
};

/** The decisions on some labels, as far as they are known. */
function decisionsOn(labels: readonly number[], { targets, probabilities }: Answers): Decisions {
  const knownOf = (target: Float32Array) => labels.filter((label) => !Number.isNaN(target[label]));
  const count = targets.reduce((sum, target) => sum + knownOf(target).length, 0);
  const [clips, positive] = [new Int32Array(count), new Uint8Array(count)];
  const scores = new Float32Array(count);
  let place = 0;
  targets.forEach((target, clip) => {
    for (const label of knownOf(target)) {
      clips[place] = clip;
      positive[place] = target[label];
      scores[place++] = probabilities[clip][label];
    }
  });
  return { clips, positive, probabilities: scores };
}

/** What is added over clips: the sum of the losses of their labels, the number of known ones, and the gaps of each bin. */
function perClip({ targets, probabilities }: Answers) {
  const losses = new Float64Array(targets.length);
  const known = new Float64Array(targets.length);
  const gaps = new Float64Array(targets.length * N_BINS);
  targets.forEach((target, clip) => {
    target.forEach((value, label) => {
      if (Number.isNaN(value)) return;
      const probability = probabilities[clip][label];
      losses[clip] -= Math.log(Math.max(value === 1 ? probability : 1 - probability, LEAST_PROBABILITY));
      known[clip]++;
      gaps[clip * N_BINS + binOf(probability)] += probability - value;
    });
  });
  return { losses, known, gaps };
}
