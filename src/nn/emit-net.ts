import {
  add,
  globalAveragePool,
  globalMaxPool,
  mul,
  reshape,
  sum,
  transpose,
  type Value,
} from "../graph/index.js";
import { ACTIVATIONS } from "./activations.js";
import type { Conv1dConfig, DsCnnConfig, NetConfig, ShortChunkConfig, VggConfig } from "./architectures.js";
import {
  convBlock,
  convNormLayer,
  denseBlock,
  dropoutLayer,
  type LayerStyle,
  outputLayer,
} from "./layers.js";
import type { Net } from "./net.js";

/** The outputs of a net. */
export interface NetOutput {
  /** [N, nLabels] */
  readonly logits: Value;
  /** Input of the last dense layer, before dropout [N, features]; for "linear" the net's input [N, nFeatures]. */
  readonly embedding: Value;
}

/**
 * Emits a net from its normalized input to its embedding and its logits.
 * @param x [N, nFrames, nFeatures], or [N, nFeatures] for "linear"
 * Same as: PyTorch 2.15 modules, layer -> batch norm -> activation -> pool: losses of ten steps within 4e-6, predictions
 * in eval() after them within 2e-5; test/nn/torch-training.test.ts
 */
export function emitNet(net: Net, config: NetConfig, x: Value, nLabels: number): NetOutput {
  if (config.kind === "linear")
    return { logits: outputLayer(net, x, nLabels, "glorot-uniform"), embedding: x };
  const embedding = emitHidden(net, config, x);
  const hidden = dropoutLayer(net, "dropout", embedding, config.dropout);
  return { logits: outputLayer(net, hidden, nLabels, config.init), embedding };
}

/** Everything up to the last layer: [N, features]. */
function emitHidden(net: Net, config: Exclude<NetConfig, { kind: "linear" }>, x: Value): Value {
  switch (config.kind) {
    case "vgg":
    case "ds-cnn":
      return emitPooledBlocks(net, config, x);
    case "gct634-1d":
      return emitConv1d(net, config, x);
    case "short-chunk":
      return emitShortChunk(net, config, x);
    case "mlp":
      return config.units.reduce(
        (h, units, i) => denseBlock(net, `hidden${i + 1}`, h, units, config),
        flatten(x),
      );
  }
}

function flatten(x: Value): Value {
  return reshape(x, [x.shape[0], x.shape.slice(1).reduce((a, b) => a * b, 1)]);
}

/** Adds a channel axis of size 1: [N, nFrames, nMels] -> [N, 1, nFrames, nMels] */
function asMaps(x: Value): Value {
  const [batch, nFrames, nMels] = x.shape;
  return reshape(x, [batch, 1, nFrames, nMels]);
}

function emitPooledBlocks(net: Net, config: VggConfig | DsCnnConfig, x: Value): Value {
  const { kind, channels, pools, globalPool } = config;
  const maps = channels.reduce((h, outChannels, i) => {
    const name = `block${i + 1}`;
    const pool = pools[i];
    // The input is one channel: there is nothing to separate.
    if (kind === "vgg" || i === 0)
      return convBlock(net, name, h, { outChannels, kernelSize: 3, padding: 1, pool }, config);
    const filtered = depthwiseLayer(net, `${name}.depthwise`, h, config);
    return convBlock(net, name, filtered, { outChannels, kernelSize: 1, pool }, config);
  }, asMaps(x));
  const pooled = globalPool === "all" ? globalAveragePool(maps) : averageOverFrames(maps);
  net.layer("pool", globalPool === "all" ? "mean" : "mean over time", pooled);
  return pooled;
}

/** A 3x3 convolution of every channel alone -> batch norm -> activation. */
function depthwiseLayer(net: Net, name: string, x: Value, style: LayerStyle): Value {
  const settings = { outChannels: x.shape[1], kernelSize: 3, padding: 1, isDepthwise: true };
  const out = ACTIVATIONS[style.activation].emit(convNormLayer(net, name, x, settings, style));
  net.layer(name, style.activation, out);
  net.watch(name, out, style.activation, `${name}.conv.weight`);
  return out;
}

/** [N, C, frames, bands] -> [N, C * bands] */
function averageOverFrames(maps: Value): Value {
  const [batch, channels, frames, bands] = maps.shape;
  return reshape(mul(sum(maps, [2]), 1 / frames), [batch, channels * bands]);
}

function emitConv1d(net: Net, config: Conv1dConfig, x: Value): Value {
  const { channels, kernelSizes, pools } = config;
  const maps = channels.reduce(
    (h, outChannels, i) => {
      const settings = { outChannels, kernelSize: kernelSizes[i], pool: [pools[i]] };
      return convBlock(net, `block${i + 1}`, h, settings, config);
    },
    transpose(x, [0, 2, 1]),
  );
  return flatten(maps);
}

function emitShortChunk(net: Net, config: ShortChunkConfig, x: Value): Value {
  const maps = config.channels.reduce(
    (h, outChannels, i) => residualBlock(net, `block${i + 1}`, h, outChannels, config),
    asMaps(x),
  );
  const pooled = globalMaxPool(maps);
  net.layer("pool", "max", pooled);
  return denseBlock(net, "hidden", pooled, config.channels.at(-1)!, config);
}

/** activation(conv(activation(conv(x, stride 2))) + conv(x, stride 2)), with batch norm after every convolution. */
function residualBlock(net: Net, name: string, x: Value, outChannels: number, style: LayerStyle): Value {
  const { emit } = ACTIVATIONS[style.activation];
  const settings = { outChannels, kernelSize: 3, padding: 1 };
  const first = emit(convNormLayer(net, `${name}.first`, x, { ...settings, stride: 2 }, style));
  net.watch(`${name}.first`, first, style.activation, `${name}.first.conv.weight`);
  const second = convNormLayer(net, `${name}.second`, first, settings, style);
  const shortcut = convNormLayer(net, `${name}.shortcut`, x, { ...settings, stride: 2 }, style);
  const out = emit(add(second, shortcut));
  net.layer(name, `sum, ${style.activation}`, out);
  net.watch(name, out, style.activation, `${name}.second.conv.weight`);
  return out;
}
