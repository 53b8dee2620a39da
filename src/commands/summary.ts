import { Command } from "commander";
import { counted } from "../core/counted.js";
import { UsageError } from "../core/errors.js";
import { minBands, type SegmentNetConfig } from "../nn/architectures.js";
import type { LayerInfo } from "../nn/net.js";
import { summarize } from "../nn/summary.js";
import { calibrationLines } from "../report/calibration.js";
import { table } from "../report/table.js";
import { print } from "../report/terminal.js";
import { readModelFile } from "../store/read-files.js";
import type { Calibration } from "../tagging/calibration.js";
import { decodeModel, type ModelInfo } from "../tagging/model-file.js";
import { TRAIN_DEFAULTS, trainConfig } from "../training/config.js";
import { NET_SETTINGS, type NetChoice } from "./net-settings.js";
import { integerOption } from "./options.js";
import { addSettings, changed, typedSettings } from "./settings.js";

interface Options {
  labels: number;
  mels: number;
  json: boolean;
}

/** What to summarize. */
interface Subject {
  readonly net: SegmentNetConfig;
  /** [frames, values of a frame] */
  readonly inputShape: readonly [number, number];
  readonly nLabels: number;
  /** "segment" if a model file brings every segment to one level; null if it does not. */
  readonly level?: "segment" | null;
  /** Of a model file; null if it has none. */
  readonly calibration?: Calibration | null;
  /** The model that the training of a model file started from; null if there is none. */
  readonly start?: ModelInfo["start"] | null;
}

const DESCRIPTION = `Show the layers of a net: output shapes, trained parameters, and floating-point operations of the forward pass.

The net is taken from a model file, or is the one that train would build from the same flags. Shapes and operations are \
for one segment; only convolutions and dense layers are counted, two operations for each multiply-add. For a model file, it \
also shows how its probabilities are calibrated.`;

const EXAMPLES = `
Examples:
  timbrel summary --net gct634-1d
  timbrel summary --net vgg --channels 8,16,32 --segment-frames 32 --mels 96 --labels 4
  timbrel summary models/mine/model.onnx --json`;

export const command = addSettings(
  new Command("summary")
    .description(DESCRIPTION)
    .argument("[model]", "model file made by train (default: the net of the flags)")
    .addOption(integerOption("--labels <n>", "number of labels", { min: 1, max: 65536 }, 10))
    .addOption(integerOption("--mels <n>", "values per frame that the net reads", { min: 1, max: 4096 }, 128))
    .option("--json", "print one JSON object on stdout", false),
  NET_SETTINGS,
)
  .addHelpText("after", EXAMPLES)
  .action(summary);

function summary(modelPath: string | undefined, options: Options): void {
  const subject = modelPath === undefined ? subjectOfFlags(options) : subjectOfModel(modelPath);
  const layers = summarize(subject.net, subject.inputShape, subject.nLabels);
  const total = { parameterCount: sum(layers, "parameterCount"), flops: sum(layers, "flops") };
  if (options.json) print(JSON.stringify({ ...subject, layers, total }));
  else print(summaryText(subject, layers, total));
}

function subjectOfFlags({ labels, mels }: Options): Subject {
  const start: NetChoice = { net: TRAIN_DEFAULTS.net, segmentFrames: TRAIN_DEFAULTS.segmentFrames };
  const choice = changed(start, typedSettings(command, NET_SETTINGS));
  const { net, segmentFrames } = trainConfig(choice);
  if (mels < minBands(net))
    throw new UsageError({
      setting: "--mels",
      rule: `be at least ${minBands(net)} for this ${net.kind}`,
      got: mels,
      remedy: "use more mel bands, or fewer blocks",
    });
  return { net, inputShape: [segmentFrames, mels], nLabels: labels };
}

/** Reads the net of a model file, which leaves nothing for flags to set. */
function subjectOfModel(path: string): Subject {
  const typed = command.options.find(
    (option) => option.long !== "--json" && command.getOptionValueSource(option.attributeName()) === "cli",
  );
  if (typed !== undefined)
    throw new UsageError({
      setting: `${typed.long}`,
      rule: "be used without a model file",
      got: path,
      remedy: "leave out one of them",
    });
  const { info, net, normalization } = decodeModel(readModelFile(path), path);
  const { labels, segmentFrames, frontEnd, calibration = null, start = null } = info;
  // Whitening may have dropped some of the principal components.
  const width = normalization.kind === "whiten" ? normalization.projection.shape[1] : frontEnd.nMels;
  const level = normalization.level === undefined ? null : "segment";
  return { net, inputShape: [segmentFrames, width], nLabels: labels.length, level, calibration, start };
}

type Count = "parameterCount" | "flops";

function sum(layers: readonly LayerInfo[], count: Count): number {
  return layers.reduce((total, layer) => total + layer[count], 0);
}

/** `1,234,567` */
const grouped = (count: number) => count.toLocaleString("en-US");
const countText = (count: number) => (count === 0 ? "" : grouped(count));

function summaryText(
  { net, inputShape, nLabels, level, calibration, start }: Subject,
  layers: readonly LayerInfo[],
  total: Readonly<Record<Count, number>>,
): string {
  const rows = layers.map(({ name, type, outputShape, parameterCount, flops }) => [
    name,
    type,
    outputShape.join(" x "),
    countText(parameterCount),
    countText(flops),
  ]);
  const body = table(
    [
      ["layer", "type", "output", "parameters", "FLOPs"],
      ["input", "", inputShape.join(" x "), "", ""],
      ...rows,
      ["total", "", "", grouped(total.parameterCount), grouped(total.flops)],
    ],
    2,
  );
  const norm = net.batchNorm === null ? ", no batch norm" : "";
  const atLevel = level === "segment" ? ", every segment at one level" : "";
  return `${net.kind}, ${net.activation}, initial weights ${net.init}${norm}${atLevel}, ${counted(nLabels, "label")}\n\n${body}${calibrationText(calibration)}${startText(start)}`;
}

/** What is said of the calibration of a model file. */
function calibrationText(calibration: Calibration | null | undefined): string {
  if (calibration === undefined) return "";
  const lines = calibration === null ? ["not calibrated"] : calibrationLines(calibration);
  return `\n\n${lines.join("\n")}`;
}

/** What is said of the model that a model file's training started from. */
function startText(start: Subject["start"]): string {
  return start ? `\ntraining started from a model of ${counted(start.labels.length, "label")}` : "";
}
