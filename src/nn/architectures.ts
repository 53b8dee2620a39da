import { checkChoice, checkIntegers, checkNames, checkNumber } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { checkObject } from "../core/inputs.js";
import { boolean, optional } from "../core/setting-checks.js";
import { ACTIVATION_NAMES } from "./activations.js";
import { defaultInitializer, INITIALIZER_NAMES } from "./initializers.js";
import type { LayerStyle } from "./layers.js";

/** Longest segment of a net [frames]: a model file of another hand may not ask for any amount of memory. */
export const MAX_SEGMENT_FRAMES = 65_536;
/** Most values of a layer's output for one example: 256 MiB. A small file may describe a net that needs any amount. */
export const MAX_OUTPUT_VALUES = 2 ** 26;
/** Most blocks or hidden layers of a net. */
export const MAX_BLOCKS = 64;

/** A 2-D conv net of blocks that end with a max pool: mean, dropout, dense after the last. */
interface PooledBlocksConfig extends LayerStyle {
  /** Output channels of each block. */
  readonly channels: readonly number[];
  /** The max-pool window [frames, mels] of each block. */
  readonly pools: readonly (readonly [number, number])[];
  /**
   * The axes that the last maps are averaged over. "frames": time only, so that the last layer knows where on the mel
   * axis a pattern is; register and formants distinguish sounds. "all": time and mel bands.
   */
  readonly globalPool: GlobalPool;
  /** Dropout before the last dense layer, in [0, 1). */
  readonly dropout: number;
}

/** The axes that the last maps are averaged over: time alone, or time and mel bands. */
export type GlobalPool = "frames" | "all";

/** The VGG-like 2-D conv net: blocks of conv 3x3 -> batch norm -> activation -> max pool. */
export interface VggConfig extends PooledBlocksConfig {
  readonly kind: "vgg";
}

/**
 * The same with depthwise-separable convolutions from the second block on: conv 3x3 of every channel alone -> batch norm ->
 * activation -> conv 1x1 -> batch norm -> activation -> max pool. Far fewer operations, and more passes over memory.
 *
 * Reference: Zhang, Suda, Lai and Chandra, "Hello Edge: Keyword Spotting on Microcontrollers", 2017,
 * https://arxiv.org/abs/1711.07128; its net has strides in place of the pools
 */
export interface DsCnnConfig extends PooledBlocksConfig {
  readonly kind: "ds-cnn";
}

/**
 * The 1-D conv net of the course: convolutions over time only, with the mel bands as channels and no padding. The dense
 * layer reads the last maps whole.
 */
export interface Conv1dConfig extends LayerStyle {
  readonly kind: "gct634-1d";
  readonly channels: readonly number[];
  /** Kernel size of each block [frames]. */
  readonly kernelSizes: readonly number[];
  /** Max-pool window of each block [frames]. */
  readonly pools: readonly number[];
  readonly dropout: number;
}

/**
 * Short-chunk CNN with residual blocks: blocks of two 3x3 convolutions, the first with stride 2, and a shortcut past
 * them; the maximum over the remaining frames and bands; one hidden dense layer, dropout, dense.
 *
 * Reference: Won, Ferraro, Bogdanov and Serra, "Evaluation of CNN-based automatic music tagging models", 2020,
 * https://arxiv.org/abs/2006.00751; the paper's net has 128-128-256-256-256-256-512 channels
 */
export interface ShortChunkConfig extends LayerStyle {
  readonly kind: "short-chunk";
  /** Output channels of each residual block. */
  readonly channels: readonly number[];
  readonly dropout: number;
}

/** A multilayer perceptron on all values of the segment. */
export interface MlpConfig extends LayerStyle {
  readonly kind: "mlp";
  /** Units of each hidden layer. */
  readonly units: readonly number[];
  readonly dropout: number;
}

/** A linear classifier on a vector of features. */
export interface LinearConfig {
  readonly kind: "linear";
}

/** Configuration of a net that trains on log-mel segments. */
export type SegmentNetConfig = VggConfig | DsCnnConfig | Conv1dConfig | ShortChunkConfig | MlpConfig;

/** Configuration of any net. */
export type NetConfig = SegmentNetConfig | LinearConfig;

/** The name of a kind of net. */
export type NetKind = SegmentNetConfig["kind"];

const STYLE: LayerStyle = {
  activation: "relu",
  init: "he-normal",
  batchNorm: { epsilon: 1e-5, momentum: 0.1, warmUp: true },
};

const POOLED_BLOCKS = {
  channels: [16, 32, 64, 128, 256],
  pools: [
    [2, 2],
    [2, 2],
    [2, 2],
    [2, 2],
    [2, 2],
  ],
  globalPool: "frames",
  dropout: 0.2,
} as const;

/** The nets by name, with their default settings. */
export const NETS: { readonly [K in NetKind]: Extract<SegmentNetConfig, { kind: K }> } = {
  vgg: { ...STYLE, kind: "vgg", ...POOLED_BLOCKS },
  "gct634-1d": {
    ...STYLE,
    kind: "gct634-1d",
    channels: [32, 32, 64],
    kernelSizes: [8, 8, 4],
    pools: [8, 8, 4],
    dropout: 0,
  },
  "short-chunk": { ...STYLE, kind: "short-chunk", channels: [32, 32, 64, 64, 64, 64, 128], dropout: 0.5 },
  "ds-cnn": { ...STYLE, kind: "ds-cnn", ...POOLED_BLOCKS },
  mlp: { ...STYLE, kind: "mlp", units: [256, 256], dropout: 0.2 },
};

export const NET_KINDS = Object.keys(NETS) as NetKind[];

/** Some settings of a net; `kind` says which net. */
export type NetSettings = {
  [K in NetKind]: { readonly kind: K } & Partial<Omit<Extract<SegmentNetConfig, { kind: K }>, "kind">>;
}[NetKind];

/**
 * Completes some of a net's settings to its whole configuration, and checks it. The initializer defaults to the
 * activation's, see `defaultInitializer`; the pools of a `vgg` or a `ds-cnn` default to 2x2 in every block.
 * @throws UsageError naming a setting that is unknown or out of range
 * @example
 * import { netConfig } from "timbrel";
 *
 * const { kind, init, dropout } = netConfig({ kind: "mlp", units: [64], activation: "tanh" });
 * console.log(kind, init, dropout); // -> mlp glorot-uniform 0.2
 */
export function netConfig(settings: NetSettings): SegmentNetConfig {
  checkObject("net", settings, "be an object of settings");
  const kind = checkChoice("net.kind", settings.kind, NET_KINDS);
  const defaults: Record<string, unknown> = { ...NETS[kind] };
  checkNames("net", Object.keys(settings), Object.keys(defaults));
  const { activation = NETS[kind].activation } = settings;
  checkChoice("net.activation", activation, ACTIVATION_NAMES);
  if (hasPooledBlocks({ kind }) && "channels" in settings && Array.isArray(settings.channels))
    defaults["pools"] = settings.channels.map(() => [2, 2]);
  const config = {
    ...defaults,
    init: defaultInitializer(activation),
    ...settings,
    activation,
  } as SegmentNetConfig;
  checkStyle(config);
  checkNumber("net.dropout", config.dropout, { min: 0, below: 1 });
  if (config.kind === "mlp") checkSizes("units", config.units);
  else checkSizes("channels", config.channels);
  if (hasPooledBlocks(config)) {
    checkChoice("net.globalPool", config.globalPool, ["frames", "all"]);
    checkPerBlock("pools", config.pools, config.channels);
    for (const [i, pool] of config.pools.entries()) {
      if (!Array.isArray(pool) || pool.length !== 2)
        throw new UsageError({ setting: `net.pools[${i}]`, rule: "be a pair [frames, mels]", got: pool });
      checkSizes(`pools[${i}]`, pool);
    }
  }
  if (config.kind === "gct634-1d")
    for (const name of ["kernelSizes", "pools"] as const) {
      checkPerBlock(name, config[name], config.channels);
      checkSizes(name, config[name]);
    }
  return config;
}

/** Whether a net is a `vgg` or a `ds-cnn`. */
export function hasPooledBlocks<Net extends { readonly kind: NetKind }>(
  net: Net,
): net is Net & { readonly kind: "vgg" | "ds-cnn" } {
  return net.kind === "vgg" || net.kind === "ds-cnn";
}

function checkStyle({ init, batchNorm }: LayerStyle): void {
  checkChoice("net.init", init, INITIALIZER_NAMES);
  if (batchNorm === null) return;
  if (typeof batchNorm !== "object" || Array.isArray(batchNorm))
    throw new UsageError({
      setting: "net.batchNorm",
      rule: 'be null or {"epsilon": x, "momentum": x, "warmUp": true or false}',
      got: batchNorm,
    });
  checkNames("net.batchNorm", Object.keys(batchNorm), ["epsilon", "momentum", "warmUp"]);
  checkNumber("net.batchNorm.epsilon", batchNorm.epsilon, { above: 0 });
  checkNumber("net.batchNorm.momentum", batchNorm.momentum, { above: 0, max: 1 });
  optional(boolean)("net.batchNorm.warmUp", batchNorm.warmUp);
}

function checkSizes(name: string, sizes: readonly number[]): void {
  checkIntegers(`net.${name}`, sizes, { min: 1, max: 4096 });
  if (sizes.length > MAX_BLOCKS)
    throw new UsageError({
      setting: `net.${name}`,
      rule: `have at most ${MAX_BLOCKS} numbers`,
      got: sizes.length,
    });
}

function checkPerBlock(name: string, list: readonly unknown[], channels: readonly number[]): void {
  if (!Array.isArray(list) || list.length !== channels.length)
    throw new UsageError({
      setting: `net.${name}`,
      rule: `have one entry for each of the ${channels.length} blocks`,
      got: list,
    });
}

/** The shortest segment that a net can read [frames]. */
export function minFrames(config: SegmentNetConfig): number {
  if (hasPooledBlocks(config)) return config.pools.reduce((frames, [window]) => frames * window, 1);
  if (config.kind === "gct634-1d")
    return config.kernelSizes.reduceRight((frames, kernel, i) => frames * config.pools[i] + kernel - 1, 1);
  return 1;
}

/** The smallest number of values in a frame that a net can read. */
export function minBands(config: SegmentNetConfig): number {
  return hasPooledBlocks(config) ? config.pools.reduce((bands, [, window]) => bands * window, 1) : 1;
}
