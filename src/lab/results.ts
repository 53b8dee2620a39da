import type { ActivationName } from "../nn/activations.js";
import type { InitializerName } from "../nn/initializers.js";

/**
 * What `lab.json` holds: every number that `lab.html` draws or speaks of. Infinity stands there as 1e999, which is read as
 * Infinity, and NaN as null.
 */
export interface LabResult {
  readonly store: string;
  readonly isQuick: boolean;
  readonly seed: number;
  /** Of the clips that were cut to validate and to test, where the store names no splits. */
  readonly validFraction: number;
  readonly testFraction: number;
  readonly data: LabData;
  readonly gradientFlow: GradientFlowResult;
  readonly inputNormalization: InputNormalizationResult;
  readonly initialization: InitializationResult;
  readonly batchNorm: BatchNormResult;
  readonly optimization: OptimizationResult;
}

/** The data that the lab ran on. */
export interface LabData {
  readonly nTrain: number;
  readonly nValid: number;
  readonly nTest: number;
  readonly labels: readonly string[];
  readonly splitHash: string;
  readonly frontEndHash: string;
  /** What a score is, e.g. "balanced accuracy": higher is better. */
  readonly measure: string;
}

/** Deviations of activations and of gradients by depth, in nets that have not learned yet. */
export interface GradientFlowResult {
  /** Units of every hidden layer. */
  readonly width: number;
  readonly runs: readonly GradientFlowRun[];
}

export interface GradientFlowRun {
  /** Hidden layers. */
  readonly depth: number;
  readonly init: InitializerName;
  readonly activation: ActivationName;
  readonly isBatchNorm: boolean;
  /** By hidden layer, first layer first. */
  readonly activationStd: readonly number[];
  /** Of the loss's gradient with respect to each hidden layer's activations. */
  readonly gradientStd: readonly number[];
}

export type NormalizeName = "none" | "standardize" | "whiten";

export interface InputNormalizationResult {
  /** What the net is, in words. */
  readonly net: string;
  /** Largest by smallest eigenvalue of the covariance of what the net reads. */
  readonly conditionNumber: Readonly<Record<NormalizeName, number>>;
  /** Eigenvalues of that covariance, largest first. */
  readonly eigenvalues: Readonly<Record<NormalizeName, readonly number[]>>;
  /** One a normalization and a learning rate. */
  readonly runs: readonly NormalizeRun[];
  /** Statistics of all data against those of the train split. */
  readonly leak: LeakResult;
}

export interface NormalizeRun extends LabRun {
  readonly normalize: NormalizeName;
}

/** Test scores of nets that differ in nothing but the clips their statistics came from; one entry a seed. */
export interface LeakResult {
  readonly seeds: readonly number[];
  readonly trainOnly: readonly number[];
  readonly allData: readonly number[];
}

export interface InitializationResult {
  readonly draws: readonly VarianceDraw[];
}

export interface VarianceDraw {
  readonly init: InitializerName;
  /** [out, in, ...kernel] */
  readonly shape: readonly number[];
  readonly fanIn: number;
  readonly fanOut: number;
  /** Weights drawn. */
  readonly count: number;
  /** What the law says. */
  readonly variance: number;
  readonly measured: number;
}

/** One training run of the lab. */
export interface LabRun {
  readonly learningRate: number;
  readonly curve: readonly CurvePoint[];
  /** The step at which the loss was no longer finite; null where it stayed so. */
  readonly divergedAt: number | null;
}

export interface CurvePoint {
  /** Training steps done. */
  readonly step: number;
  /** Mean over the steps since the point before. */
  readonly trainLoss: number;
  readonly validLoss: number;
  /** On the valid split. */
  readonly score: number;
}

export type BatchNormRunName = "baseline" | "BN" | "BN x5" | "BN x30" | "BN x5 sigmoid" | "sigmoid";

/** The experiment of Ioffe and Szegedy's Figure 2. */
export interface BatchNormResult {
  readonly net: string;
  readonly runs: readonly BatchNormRun[];
}

export interface BatchNormRun extends LabRun {
  readonly name: BatchNormRunName;
  readonly best: number;
  /** Steps until the baseline's best score is reached; null where it never is. */
  readonly stepsToBaselineBest: number | null;
  /** Activations of the last hidden layer, over training. */
  readonly spread: readonly { readonly step: number; readonly mean: number; readonly std: number }[];
}

export interface OptimizationResult {
  readonly landscapes: readonly LandscapeResult[];
  /** The same net and batches by each optimizer. */
  readonly net: string;
  readonly runs: readonly (LabRun & { readonly optimizer: string })[];
  readonly sharpness: readonly SharpnessRun[];
}

export interface LandscapeResult {
  readonly name: LandscapeName;
  readonly paths: readonly LandscapePath[];
}

export type LandscapeName = "ill-conditioned quadratic" | "saddle" | "local minimum";

export interface LandscapePath {
  readonly optimizer: string;
  readonly learningRate: number;
  /** x, y and the loss there, beginning with the start. */
  readonly points: readonly (readonly [x: number, y: number, loss: number])[];
}

/** The largest eigenvalue of the training loss's Hessian, along plain gradient descent. */
export interface SharpnessRun {
  readonly learningRate: number;
  readonly points: readonly {
    readonly step: number;
    readonly loss: number;
    readonly eigenvalue: number;
  }[];
}
