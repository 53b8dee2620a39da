/** Percentiles 2.5 and 97.5 of a score when groups of clips are drawn anew. */
export type Interval = readonly [low: number, high: number];

/**
 * How often an answer is right, and how often what is there is answered. A label that is never answered has a precision of
 * 0, as in scikit-learn.
 */
export interface PrecisionRecall {
  readonly precision: number;
  readonly recall: number;
  /** Harmonic mean of the two. */
  readonly f1: number;
}

/** Scores of one label in a single-label task. */
export interface LabelScores extends PrecisionRecall {
  /** Number of clips with the label. */
  readonly support: number;
}

/** Scores of one label in a multi-label task, over the clips of which it is known whether they have it. */
export interface TagScores extends PrecisionRecall {
  /** NaN if no clip has the label. */
  readonly averagePrecision: number;
  /** Area under the ROC curve; NaN if no clip has the label, or every clip. */
  readonly rocAuc: number;
  /** Number of clips with the label. */
  readonly positives: number;
  /** Number of clips without it. */
  readonly negatives: number;
  /** Number of clips of which it is not known. */
  readonly unknown: number;
  /** The least probability at which the label is answered: precision, recall and F1 are those of these answers. */
  readonly threshold: number;
}

/** What both tasks are scored by. */
interface CommonValues {
  /** Mean over the labels. */
  readonly macro: PrecisionRecall;
  /** Over all answers at once, whatever their label. */
  readonly micro: PrecisionRecall;
  /** Mean over the labels, each weighted by the number of its clips. */
  readonly weighted: PrecisionRecall;
  /** Mean cross-entropy [nat]; binary in a multi-label task. */
  readonly loss: number;
  /** Expected calibration error: mean distance of the probabilities from how often they come true, see `reliability`. */
  readonly calibrationError: number;
}

/** Scores of single-label answers. The means are over the labels that occur. */
export interface SingleLabelValues extends CommonValues {
  readonly accuracy: number;
  /** Mean recall over the labels that occur. */
  readonly balancedAccuracy: number;
  /** Fraction of clips whose label is among the three most probable ones; absent unless there are more labels. */
  readonly top3Accuracy?: number;
  readonly top5Accuracy?: number;
  /** Labels without clips are left out. */
  readonly perLabel: Readonly<Record<string, LabelScores>>;
}

/** Scores of multi-label answers. The means are over `meanLabels`, as far as a label's score is defined. */
export interface MultiLabelValues extends CommonValues {
  /** Mean of the labels' average precision. */
  readonly meanAveragePrecision: number;
  /** Average precision of all decisions in one ranking. */
  readonly microAveragePrecision: number;
  /** Mean of the labels' areas under the ROC curve. */
  readonly rocAuc: number;
  /** Area under the ROC curve of all decisions in one ranking. */
  readonly microRocAuc: number;
  readonly perLabel: Readonly<Record<string, TagScores>>;
}

/** On what scores are based, and how much they depend on it. */
interface Sample {
  readonly nClips: number;
  readonly nGroups: number;
  /**
   * The 95 % interval of each measure, by its name: percentile bootstrap over groups of clips. null if the clips are in fewer
   * than 2 groups, or if the measure is not defined.
   */
  readonly intervals: Readonly<Record<string, Interval | null>>;
  /** The same by label and the name of its score. null if the clips with the label are in fewer than 6 groups. */
  readonly labelIntervals: Readonly<Record<string, Readonly<Record<string, Interval | null>>>>;
}

/** Scores of single-label answers to some clips. */
export interface SingleLabelScores extends SingleLabelValues, Sample {
  readonly task: "single-label";
  /** confusion[i][j] is the number of clips of label i answered as label j. */
  readonly confusion: readonly (readonly number[])[];
}

/** Scores of multi-label answers to some clips. */
export interface MultiLabelScores extends MultiLabelValues, Sample {
  readonly task: "multi-label";
  /** The labels that the means are over: those of 2 clips or more; those of 1 clip if none has 2. */
  readonly meanLabels: readonly string[];
}

/** Scores of answers to some clips. Numbers that are not defined are NaN, which is null in JSON. */
export type Scores = SingleLabelScores | MultiLabelScores;
