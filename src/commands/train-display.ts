import type { Command } from "commander";
import { counted } from "../core/counted.js";
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
import type { EpochRecord, StepReport } from "../training/fit.js";
import { frozenCount } from "../training/freezing.js";
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
function inputText({ config: { normalize, start }, conditionNumber }: RunStart): string {
  const { kind } = normalize;
  const level = normalize.level === undefined ? "" : "every segment at one level, ";
  if (conditionNumber === null) return `${level}${kind}, with the statistics of the model`;
  const { before, after } = conditionNumber;
  const numbers = kind === "none" ? threeDigits(before) : `${threeDigits(before)} -> ${threeDigits(after)}`;
  const whose = start === undefined || kind === "none" ? "" : ", with the statistics of the train split";
  return `${level}${kind === "none" ? "not normalized" : kind}${whose}, condition number of the input's covariance ${numbers}`;
}

/** What a run keeps of the model that it starts from, and what is new. */
function startLines({ start, config, sets: { train } }: RunStart, path: string): string[] {
  if (start === null || config.start === undefined) return [];
  const { blocks, keepsHead, labels } = start;
  const { freeze, batchNorm, lastLayer } = config.start;
  const head = keepsHead
    ? "the last layer's, since task and labels are the same"
    : `a new last layer for ${counted(train.labels.length, "label")} (the model has ${labels.length}), ${LAST_LAYER_TEXTS[lastLayer]}`;
  const nFrozen = frozenCount(freeze, { epoch: 1, epochs: config.epochs, nBlocks: blocks.length });
  const thaw = freeze === "gradual" ? " at first, fewer and fewer up to the middle of the run" : "";
  const norm = config.net.batchNorm === null ? "" : `; batch norm's averages: ${NORM_TEXTS[batchNorm]}`;
  return [
    `starts from ${path}: weights of ${rangeText(blocks)}, and ${head}`,
    `frozen: ${nFrozen === 0 ? "none" : rangeText(blocks.slice(0, nFrozen))}${thaw}${norm}`,
  ];
}

const NORM_TEXTS = { keep: "the model's", adapt: "the model's, adapted where blocks train" } as const;

const LAST_LAYER_TEXTS = {
  fitted: "fitted to their embeddings",
  drawn: "drawn at random",
} as const;

/** `block1 to block5` */
const rangeText = (names: readonly string[]) =>
  names.length === 1 ? names[0] : `${names[0]} to ${names.at(-1)!}`;

/** Shows a run while it trains: its data and settings, a bar with the loss and the time left, a row for every epoch. */
export class TrainDisplay {
  readonly #engine: string;
  readonly #command: Command;
  readonly #startPath: string;
  #bar: ProgressBar | undefined;
  #epochs = 0;
  #resumedFrom = 0;
  #epochStartMs = 0;
  #widths: number[] = [];
  #net: SegmentNetConfig = NETS.vgg;
  readonly #news = new NewDiagnoses();

  /**
   * @param engine what the net runs on
   * @param command command whose flags are named as remedies
   * @param startPath path of the model that the run starts from
   */
  constructor(engine: string, command: Command, startPath = "") {
    this.#engine = engine;
    this.#command = command;
    this.#startPath = startPath;
  }

  readonly onStart = (run: RunStart): void => {
    const { config, task, splits, parameterCount, batchSize, unusedClips, resumedFrom } = run;
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
    print(`batches of ${batchSize} segments of ${segmentFrames} frames, ${this.#engine}`);
    print(inputText(run));
    for (const line of startLines(run, this.#startPath)) print(visibleLine(line));
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
