import { checkInteger } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { globalAveragePool, mul, relu, reshape, sum, type Value } from "../graph/index.js";
import { convBlock, denseLayer, dropoutLayer } from "./layers.js";
import type { Net } from "./net.js";

/** The sizes of the VGG-like 2-D conv net. */
export interface VggConfig {
  readonly kind: "vgg";
  /** Output channels of each block; every block is conv 3x3 -> batch norm -> ReLU -> max pool. */
  readonly channels: readonly number[];
  /** The max-pool window [frames, mels] of each block. */
  readonly pools: readonly (readonly [number, number])[];
  /**
   * What the last maps are averaged over. "frames": over time alone, so that the last layer knows where on the mel axis
   * a pattern lies; register and formants tell sounds apart. "all": over time and mel bands.
   */
  readonly globalPool: GlobalPool;
  /** Dropout before the last dense layer, in [0, 1). */
  readonly dropout: number;
}

export type GlobalPool = "frames" | "all";

/** A linear classifier on a vector of features. */
export interface LinearConfig {
  readonly kind: "linear";
}

/** A net by its configuration. */
export type NetConfig = VggConfig | LinearConfig;

/**
 * The VGG-like net: blocks, global average pooling, dropout, dense.
 * @param options `channels`: output channels of each block; `globalPool`, `@default` "frames"; `dropout`, `@default` 0
 * @throws UsageError if a size is none
 */
export function vgg(options: {
  channels: readonly number[];
  globalPool?: GlobalPool;
  dropout?: number;
}): VggConfig {
  if (options.channels.length === 0)
    throw new UsageError("vgg: channels must name at least 1 block, got none");
  for (const width of options.channels) checkInteger("vgg: channels", width, { min: 1, max: 4096 });
  return {
    kind: "vgg",
    channels: options.channels,
    pools: options.channels.map(() => [2, 2]),
    globalPool: options.globalPool ?? "frames",
    dropout: options.dropout ?? 0,
  };
}

/**
 * Emits a net from its normalized input to its logits.
 * @param x [N, nFrames, nMels] for "vgg", [N, nFeatures] for "linear"
 * @returns logits [N, nLabels]
 */
export function emitNet(net: Net, config: NetConfig, x: Value, nLabels: number): Value {
  if (config.kind === "linear") return denseLayer(net, "output", x, nLabels);
  const [batch, nFrames, nMels] = x.shape;
  let maps = reshape(x, [batch, 1, nFrames, nMels]);
  config.channels.forEach((outChannels, i) => {
    maps = convBlock(net, `block${i + 1}`, maps, { outChannels, pool: config.pools[i], activation: relu });
  });
  const pooled = config.globalPool === "all" ? globalAveragePool(maps) : averageOverFrames(maps);
  return denseLayer(net, "output", dropoutLayer(net, "dropout", pooled, config.dropout), nLabels);
}

/** [N, C, frames, bands] -> [N, C * bands] */
function averageOverFrames(maps: Value): Value {
  const [batch, channels, frames, bands] = maps.shape;
  return reshape(mul(sum(maps, [2]), 1 / frames), [batch, channels * bands]);
}
