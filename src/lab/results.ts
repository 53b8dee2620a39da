import type { ActivationName } from "../nn/activations.js";
import type { InitializerName } from "../nn/initializers.js";

/**
 * The contents of `lab.json`: every number that `lab.html` draws or mentions. In the file, Infinity is 1e999, which
 * `JSON.parse` reads as Infinity, and NaN is null.
 */
export interface LabResult {
  readonly store: string;
  readonly isQuick: boolean;
  readonly seed: number;
  /** Fractions of the clips used for validation and test, if the store names none for them. */
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

/** Deviations of activations and gradients by depth, in untrained nets. */
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
  /** Standard deviation of each hidden layer's activations, first layer first. */
  readonly activationStd: readonly number[];
  /** Standard deviation of the loss's gradient with respect to each hidden layer's activations. */
  readonly gradientStd: readonly number[];
}

export type NormalizeName = "none" | "standardize" | "whiten";

export interface InputNormalizationResult {
  /** Description of the net. */
  readonly net: string;
  /** Largest over smallest eigenvalue of the covariance of the net's input, after normalization. */
  readonly conditionNumber: Readonly<Record<NormalizeName, number>>;
  /** Eigenvalues of the same covariance, largest first. */
  readonly eigenvalues: Readonly<Record<NormalizeName, readonly number[]>>;
  /** One run per normalization and learning rate. */
  readonly runs: readonly NormalizeRun[];
  /** Comparison of statistics of all data with statistics of the training split. */
  readonly leak: LeakResult;
}

export interface NormalizeRun extends LabRun {
  readonly normalize: NormalizeName;
}

/** Test scores of nets that differ only in the clips their statistics come from; one entry per seed. */
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
  /** Number of weights drawn. */
  readonly count: number;
  /** Variance by the initializer's formula. */
  readonly variance: number;
  readonly measured: number;
}

/** One training run of the lab. */
export interface LabRun {
  readonly learningRate: number;
  readonly curve: readonly CurvePoint[];
  /** The step at which the loss stopped being finite; null if it never did. */
  readonly divergedAt: number | null;
}

export interface CurvePoint {
  /** Number of training steps done. */
  readonly step: number;
  /** Mean over the steps since the previous point. */
  readonly trainLoss: number;
  readonly validLoss: number;
  /** Score on the validation split. */
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
  /** Steps until the baseline's best score is reached; null if it never is. */
  readonly stepsToBaselineBest: number | null;
  /** Mean and deviation of the last hidden layer's activations during training. */
  readonly spread: readonly { readonly step: number; readonly mean: number; readonly std: number }[];
}

export interface OptimizationResult {
  readonly landscapes: readonly LandscapeResult[];
  /** Description of the net; all optimizers train it on the same batches. */
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
  /** x, y and the loss at that point, beginning with the start. */
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
