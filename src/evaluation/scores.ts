import type { MultiLabelScores, SingleLabelScores } from "./metrics.js";

/** Scores of answers to some clips, by task. */
export type Scores =
  | ({ readonly task: "single-label" } & SingleLabelScores)
  | ({ readonly task: "multi-label" } & MultiLabelScores);
