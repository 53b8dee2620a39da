import { mainMeasure } from "../evaluation/measures.js";
import type { EpochRecord } from "../training/fit.js";
import type { TrainResult } from "../training/train-tagger.js";
import { lineChart } from "./charts/line-chart.js";
import type { Html } from "./html.js";

/** The epochs of a run, as `trainTagger` returns them. */
export type EpochRun = Pick<TrainResult, "task" | "history" | "bestEpoch">;

/** What the losses of the charts are. */
export const LOSSES =
  "The train loss is the mean over an epoch's steps, with augmentation, dropout and label smoothing. The clean loss is of \
training clips that are scored after the epoch as the validation clips are.";

/** Losses, scores and learning rate of every epoch. */
export function epochCharts({ task, history, bestEpoch }: EpochRun): Html[] {
  const x = { label: "epoch", domain: [1, Math.max(2, history.length)], isWhole: true } as const;
  const marked = [{ name: `best: ${bestEpoch}`, x: bestEpoch }];
  const series = (name: string, value: (record: EpochRecord) => number | undefined) => {
    const points = history.flatMap((record) => {
      const found = value(record);
      return found === undefined ? [] : [[record.epoch, found] as const];
    });
    return points.length === 0 ? [] : [{ name, points }];
  };
  const percent = (fraction: number | undefined) => (fraction === undefined ? undefined : 100 * fraction);
  return [
    lineChart({
      title: "Loss",
      x,
      y: { label: "loss" },
      series: [
        ...series("train", ({ trainLoss }) => trainLoss),
        ...series("valid", ({ valid }) => valid.loss),
        ...series("clean", ({ cleanTrainLoss }) => cleanTrainLoss),
      ],
      marked,
    }),
    lineChart({
      title: "Score",
      x,
      y: { label: `${mainMeasure(task).title} [%]` },
      series: [
        ...series("valid", (record) => percent(record.score)).map((each) => ({ ...each, style: 1 })),
        ...series("clean", ({ cleanTrainScore }) => percent(cleanTrainScore)).map((each) => ({
          ...each,
          style: 2,
        })),
      ],
      marked,
    }),
    lineChart({
      title: "Learning rate",
      x,
      y: { label: "rate of the last step" },
      series: series("", ({ learningRate }) => learningRate),
      marked,
    }),
  ];
}
