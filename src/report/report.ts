import type { Split } from "../dataset/split-names.js";
import type { Evaluation } from "../evaluation/evaluate-model.js";
import type { ReliabilityBin } from "../evaluation/reliability.js";
import type { Task } from "../nn/training-step.js";
import type { Calibration } from "../tagging/calibration.js";
import type { ModelInfo } from "../tagging/model-file.js";
import type { EpochRecord } from "../training/fit.js";

/** How the JSON of a report begins. */
export const REPORT_HEAD = '{"format":"timbrel report"';

/** Everything that a run's or an evaluation's report says: the contents of `report.json`. */
export interface Report {
  readonly format: "timbrel report";
  readonly version: 1;
  /** Path of the model file. */
  readonly model: string;
  readonly kind: Evaluation["kind"];
  /** Path of the store, or name of the data. */
  readonly data: string;
  /** The shell command that makes the report again. */
  readonly command: string;
  readonly task: Task;
  readonly labels: readonly string[];
  readonly training: TrainingFacts;
  readonly calibration: Calibration | null;
  readonly summary: DataSummary;
  /** The parts of the data that are scored; the first is the one to quote. */
  readonly parts: readonly [ReportPart, ...ReportPart[]];
}

/** How the model was trained. */
export interface TrainingFacts {
  /** The epoch whose weights the model has; null for a linear baseline, as is `config`. */
  readonly epoch: number | null;
  readonly frontEndHash: string;
  readonly splitHash: string;
  /** Settings of the run. */
  readonly config: Readonly<Record<string, unknown>> | null;
  /** The model that training started from; null if its initial weights were drawn. */
  readonly start: ModelInfo["start"] | null;
  /** Every epoch, without layer statistics; null if the model's run is not at hand. */
  readonly history: readonly EpochRecord[] | null;
}

/** Clips, groups and seconds by class and split. */
export interface DataSummary {
  /** Columns of `rows`: the splits, or only "all" if the model's own splits cannot be told. */
  readonly columns: readonly (Split | "all")[];
  /** A row for each label, most clips first. A clip with two labels counts for both. */
  readonly rows: readonly { readonly label: string; readonly cells: readonly DataCount[] }[];
  /** Clips of no class; null if there are none. */
  readonly background: readonly DataCount[] | null;
  readonly total: readonly DataCount[];
}

export interface DataCount {
  readonly nClips: number;
  readonly nGroups: number;
  readonly seconds: number;
}

/** The clips of one group. */
export interface GroupScore {
  readonly group: string;
  readonly nClips: number;
  /** Clips whose every label is answered rightly. */
  readonly nRight: number;
  /** Mean loss of its clips [nat]. */
  readonly loss: number;
}

/** A clip and the answer to it. */
export interface ClipScore {
  readonly name: string;
  readonly audioHash: string;
  readonly labels: readonly string[];
  /** Whether every label is answered rightly. */
  readonly isCorrect: boolean;
  /** Cross-entropy of the answer [nat]. */
  readonly loss: number;
  /** The labels that were answered worst. */
  readonly answers: readonly {
    readonly label: string;
    readonly has: boolean;
    readonly probability: number;
  }[];
}

/** The points of a reliability diagram, and their mean distance from the diagonal. */
export interface Reliability {
  readonly bins: readonly ReliabilityBin[];
  readonly calibrationError: number;
}

/** Scores on a part of the data. */
export interface ReportPart extends Omit<Evaluation, "answers" | "kind"> {
  /** How far probabilities can be trusted, before calibration (null if that changed nothing) and after. */
  readonly reliability: { readonly before: Reliability | null; readonly after: Reliability };
  /** The worst groups first; empty if every clip is a group of its own. */
  readonly groups: readonly GroupScore[];
  /** The worst clips first. */
  readonly worst: readonly ClipScore[];
}
