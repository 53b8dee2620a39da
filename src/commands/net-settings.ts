import { Option } from "commander";
import { nearest } from "../core/check.js";
import { counted } from "../core/counted.js";
import { UsageError } from "../core/errors.js";
import { ACTIVATION_NAMES, type ActivationName } from "../nn/activations.js";
import {
  type GlobalPool,
  hasPooledBlocks,
  NET_KINDS,
  NETS,
  type NetKind,
  type SegmentNetConfig,
} from "../nn/architectures.js";
import { defaultInitializer, INITIALIZER_NAMES, type InitializerName } from "../nn/initializers.js";
import type { BatchNormSettings } from "../nn/layers.js";
import { SEGMENT_FRAMES, TRAIN_DEFAULTS, type TrainConfig } from "../training/config.js";
import { isNetFile, readNetFile } from "./net-file.js";
import { choiceOption, integerOption, integersOption, numberOption } from "./options.js";
import { type Setting, settingsGroup } from "./settings.js";

/** A net and the length of the segments that it reads. */
export type NetChoice = Pick<TrainConfig, "net" | "segmentFrames">;

const { vgg: D } = NETS;
const BATCH_NORM = D.batchNorm!;

const { setting, plain } = settingsGroup<NetChoice>("Net:");

/** Gives a flag the defaults of all kinds of net, for the help: `vgg 0.2; mlp 0.2`. */
function defaultOf(option: Option, pick: (net: SegmentNetConfig) => unknown): Option {
  const texts = NET_KINDS.map((kind) => `${kind} ${String(pick(NETS[kind]))}`);
  return option.default(pick(NETS[TRAIN_DEFAULTS.net.kind]), texts.join("; "));
}

const sizes = (net: SegmentNetConfig) => (net.kind === "mlp" ? net.units : net.channels);

/** Settings of a net, its layers and its segments. A later one refines the earlier ones. */
export const NET_SETTINGS: readonly Setting<NetChoice>[] = [
  setting<string>(netOption(), changeNet),
  plain(
    defaultOf(
      integerOption("--segment-frames <n>", "length of the segments that the net reads", {
        min: 2,
        max: 65536,
      }),
      ({ kind }) => SEGMENT_FRAMES[kind],
    ),
  ),
  setting<number[]>(
    defaultOf(
      integersOption("--channels <list>", "channels of each block; for an mlp, units of each hidden layer", {
        min: 1,
        max: 4096,
      }),
      sizes,
    ),
    ({ net }, channels) => ({ net: withChannels(net, channels) }),
  ),
  setting<GlobalPool>(
    choiceOption(
      "--global-pool <axes>",
      "average the last feature maps of a vgg or ds-cnn over time only, or over time and mel bands",
      ["frames", "all"],
      D.globalPool,
    ),
    ({ net }, globalPool) => {
      if (!hasPooledBlocks(net))
        throw new UsageError({
          setting: "--global-pool",
          rule: "be used with --net vgg or ds-cnn",
          got: `--net ${net.kind}`,
        });
      return { net: { ...net, globalPool } };
    },
  ),
  setting<number>(
    defaultOf(
      numberOption("--dropout <fraction>", "dropout before the last layer", { min: 0, below: 1 }),
      ({ dropout }) => dropout,
    ),
    ({ net }, dropout) => ({ net: { ...net, dropout } }),
  ),
  setting<ActivationName>(
    choiceOption("--activation <name>", "activation of the hidden layers", ACTIVATION_NAMES, D.activation),
    ({ net }, activation) => ({ net: withActivation(net, activation) }),
  ),
  setting<InitializerName | "auto">(
    choiceOption(
      "--init <name>",
      "initial weights; auto is glorot-uniform for tanh and sigmoid, otherwise he-normal",
      ["auto", ...INITIALIZER_NAMES],
      "auto",
    ),
    ({ net }, init) => ({
      net: { ...net, init: init === "auto" ? defaultInitializer(net.activation) : init },
    }),
  ),
  setting<boolean>(
    new Option("--no-batch-norm", "leave out batch norm (default: between each layer and its activation)"),
    ({ net }) => ({ net: { ...net, batchNorm: null } }),
  ),
  setting<number>(
    numberOption(
      "--bn-momentum <fraction>",
      "weight of the new batch in batch norm's moving averages",
      { above: 0, max: 1 },
      BATCH_NORM.momentum,
    ),
    ({ net }, momentum) => ({ net: withBatchNorm(net, "--bn-momentum", { momentum }) }),
  ),
  setting<boolean>(
    new Option(
      "--no-bn-warm-up",
      "let batch norm's moving averages start from 0 and 1, as in PyTorch (default: from the mean of the first batches)",
    ),
    ({ net }) => ({ net: withBatchNorm(net, "--no-bn-warm-up", { warmUp: false }) }),
  ),
  setting<number>(
    numberOption("--bn-epsilon <x>", "added to the variance in batch norm", { above: 0 }, BATCH_NORM.epsilon),
    ({ net }, epsilon) => ({ net: withBatchNorm(net, "--bn-epsilon", { epsilon }) }),
  ),
];

function netOption(): Option {
  const option = new Option(
    "--net <name>",
    `${NET_KINDS.join(", ")}, or a .json file, e.g. {"kind": "vgg", "dropout": 0}`,
  );
  return option.default(TRAIN_DEFAULTS.net.kind).argParser((text) => {
    if (isNetFile(text) || (NET_KINDS as readonly string[]).includes(text)) return text;
    const near = nearest(text, NET_KINDS);
    throw new UsageError({
      setting: "--net",
      rule: `be one of ${NET_KINDS.join(", ")} or a .json file`,
      got: text,
      remedy: near && `did you mean ${near}?`,
    });
  });
}

/** Changes the net; one of another kind brings its own settings and segment length. */
function changeNet({ net: { kind } }: NetChoice, text: string): Partial<NetChoice> {
  const net = isNetFile(text) ? readNetFile(text) : text === kind ? undefined : NETS[text as NetKind];
  if (net === undefined) return {};
  return { net, ...(net.kind === kind ? {} : { segmentFrames: SEGMENT_FRAMES[net.kind] }) };
}

/** Changes the channels; a vgg or ds-cnn keeps its pools and pools by 2x2 in new blocks. */
function withChannels(net: SegmentNetConfig, channels: readonly number[]): SegmentNetConfig {
  switch (net.kind) {
    case "mlp":
      return { ...net, units: channels };
    case "vgg":
    case "ds-cnn":
      return { ...net, channels, pools: channels.map((_, i) => net.pools[i] ?? [2, 2]) };
    case "gct634-1d":
      if (channels.length !== net.channels.length)
        throw new UsageError({
          setting: "--channels",
          rule: `have ${counted(net.channels.length, "number")} for this ${net.kind}`,
          got: channels.length,
          remedy: "a different number of blocks needs its own kernels and pools, set in --net <file.json>",
        });
      return { ...net, channels };
    case "short-chunk":
      return { ...net, channels };
  }
}

/** Changes the activation; initial weights that were the old one's default become the new one's. */
function withActivation(net: SegmentNetConfig, activation: ActivationName): SegmentNetConfig {
  const isAuto = net.init === defaultInitializer(net.activation);
  return { ...net, activation, init: isAuto ? defaultInitializer(activation) : net.init };
}

function withBatchNorm(
  net: SegmentNetConfig,
  flag: string,
  change: Partial<BatchNormSettings>,
): SegmentNetConfig {
  if (net.batchNorm === null)
    throw new UsageError({
      setting: flag,
      rule: "be used with batch norm",
      got: "a net without it",
      remedy: `leave out ${flag} or --no-batch-norm`,
    });
  return { ...net, batchNorm: { ...net.batchNorm, ...change } };
}
