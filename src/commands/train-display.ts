import type { Command } from "commander";
import { labelText } from "../dataset/known-labels.js";
import type { ClipSplits } from "../dataset/splits.js";
import { isMultiLabel } from "../dataset/trainable.js";
import { mainMeasure } from "../evaluation/measures.js";
import { NETS, type SegmentNetConfig } from "../nn/architectures.js";
import type { Task } from "../nn/training-step.js";
import type { LayerHealth } from "../nn/watch.js";
import { diagnosisText, NewDiagnoses, remedyTexts } from "../report/gradient-flow.js";
import { threeDigits } from "../report/numbers.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { drawnFromTrain, splitTable } from "../report/split-table.js";
import { alignedRow, percent } from "../report/table.js";
import { print, visibleLine } from "../report/terminal.js";
import type { NormalizeConfig } from "../training/config.js";
import type { EpochRecord, StepReport } from "../training/fit.js";
import { diagnose } from "../training/gradient-flow.js";
import type { RunStart } from "../training/train-model.js";
import { withFlags } from "./flag-names.js";

const heading = (task: Task): string[] => [
  "epoch",
  "learning rate",
  "train loss",
  "clean loss",
  "valid loss",
  mainMeasure(task).title,
  "seconds",
  "best",
];

/** A net in a few words: `vgg of 16-32 channels`. */
function netText(net: SegmentNetConfig): string {
  return net.kind === "mlp"
    ? `mlp of ${net.units.join("-")} units`
    : `${net.kind} of ${net.channels.join("-")} channels`;
}

/** Why the clips make the task multi-label; null if they do not. */
function multiLabelReason({ train, valid, test }: ClipSplits): string | null {
  const clips = [...train, ...valid, ...test];
  const several = clips.filter(isMultiLabel);
  if (several.length === 0) return null;
  const have = `${several.length} of ${clips.length} clips ${several.length === 1 ? "has" : "have"}`;
  return `multi-label because ${have} several labels, or some that are not known, e.g. ${several[0].name}: ${labelText(several[0])}`;
}

/** The effect of the normalization on the input: `whiten, condition number of the input's covariance 2300 -> 1`. */
function inputText({ kind }: NormalizeConfig, conditionNumber: RunStart["conditionNumber"]): string {
  if (conditionNumber === null) return `${kind}, with the statistics of the model that training starts from`;
  const { before, after } = conditionNumber;
  const numbers = kind === "none" ? threeDigits(before) : `${threeDigits(before)} -> ${threeDigits(after)}`;
  return `${kind === "none" ? "not normalized" : kind}, condition number of the input's covariance ${numbers}`;
}

/** Shows a run while it trains: its data and settings, a bar with the loss and the time left, a row for every epoch. */
export class TrainDisplay {
  readonly #threads: number;
  readonly #command: Command;
  #bar: ProgressBar | undefined;
  #epochs = 0;
  #resumedFrom = 0;
  #epochStartMs = 0;
  #widths: number[] = [];
  #net: SegmentNetConfig = NETS.vgg;
  readonly #news = new NewDiagnoses();

  /** @param command command whose flags are named as remedies */
  constructor(threads: number, command: Command) {
    this.#threads = threads;
    this.#command = command;
  }

  readonly onStart = (run: RunStart): void => {
    const { config, task, splits, parameterCount, batchSize, conditionNumber, unusedClips, resumedFrom } =
      run;
    this.#epochs = config.epochs;
    this.#resumedFrom = resumedFrom;
    const { net, segmentFrames } = config;
    this.#net = net;
    print(splitTable(splits));
    const drawn = drawnFromTrain(splits);
    if (drawn !== null) print(drawn);
    print(`\n${task}, ${netText(net)}, ${parameterCount} parameters,`);
    const reason = task === "multi-label" && config.task === "auto" ? multiLabelReason(splits) : null;
    if (reason !== null) print(visibleLine(reason));
    print(`batches of ${batchSize} segments of ${segmentFrames} frames, CPU threads: ${this.#threads}`);
    print(inputText(config.normalize, conditionNumber));
    if (unusedClips > 0)
      print(
        `${unusedClips} clips came into the store after the run began and are not used; a new run would use them`,
      );
    if (resumedFrom > 0) print(`epochs 1 to ${resumedFrom} of ${config.epochs} are already done`);
    this.#widths = heading(task).map((title) => title.length);
    print(`\n${alignedRow(heading(task), this.#widths)}`);
    this.#epochStartMs = Date.now();
  };

  readonly onStep = ({ epoch, step, stepsPerEpoch, loss }: StepReport): void => {
    this.#bar ??= progressBar("training", (this.#epochs - this.#resumedFrom) * stepsPerEpoch);
    const done = (epoch - 1 - this.#resumedFrom) * stepsPerEpoch + step;
    this.#bar.update(done, `epoch ${epoch}/${this.#epochs}, loss ${loss.toFixed(3)}`);
  };

  readonly onEpoch = (
    { epoch, learningRate, trainLoss, cleanTrainLoss, score, valid, layers = [] }: EpochRecord,
    isBest: boolean,
  ): void => {
    const seconds = (Date.now() - this.#epochStartMs) / 1000;
    this.#epochStartMs = Date.now();
    const cells = [
      String(epoch),
      learningRate.toPrecision(3),
      trainLoss.toFixed(4),
      cleanTrainLoss?.toFixed(4) ?? "-",
      valid["loss"].toFixed(4),
      percent(score),
      seconds.toFixed(1),
      isBest ? "*" : "",
    ];
    this.#bar?.log(alignedRow(cells, this.#widths), process.stdout);
    this.warn(layers);
  };

  /** Warns of new problems that the layer statistics show. */
  warn(layers: readonly LayerHealth[] = []): void {
    const news = this.#news.among(diagnose(layers));
    for (const diagnosis of news) this.#bar?.log(`warning: ${diagnosisText(diagnosis)}`);
    for (const remedy of remedyTexts(news, this.#net))
      this.#bar?.log(`  ${withFlags(remedy, this.#command)}`);
  }

  stop(): void {
    this.#bar?.stop();
  }
}
