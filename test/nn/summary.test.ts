import { describe, expect, it } from "vitest";
import { NET_KINDS, NETS, type NetSettings, netConfig } from "../../src/nn/architectures.js";
import type { LayerInfo } from "../../src/nn/net.js";
import { summarize } from "../../src/nn/summary.js";
import fixture from "./fixtures/torch-nets.json" with { type: "json" };

const total = (layers: readonly LayerInfo[], count: "parameterCount" | "flops") =>
  layers.reduce((sum, layer) => sum + layer[count], 0);

describe("summarize", () => {
  it.each(fixture.nets)("counts as PyTorch does: $settings on $inputShape", (expected) => {
    const net = netConfig(expected.settings as unknown as NetSettings);
    const layers = summarize(net, expected.inputShape, fixture.nLabels);
    expect(total(layers, "parameterCount")).toBe(expected.parameterCount);
    expect(total(layers, "flops")).toBe(expected.flops);
  });
  it("lists the layers, with shapes and counts for one example", () => {
    const net = netConfig({ kind: "gct634-1d", channels: [2, 3], kernelSizes: [4, 2], pools: [2, 1] });
    const layer = (name: string, type: string, outputShape: number[], parameterCount = 0, flops = 0) => ({
      name,
      type,
      outputShape,
      parameterCount,
      flops,
    });
    expect(summarize(net, [12, 5], 3)).toEqual([
      layer("block1.conv", "conv 4", [2, 9], 2 * 5 * 4, 2 * 2 * 5 * 4 * 9),
      layer("block1.norm", "batch norm", [2, 9], 4),
      layer("block1", "relu, max pool 2", [2, 4]),
      layer("block2.conv", "conv 2", [3, 3], 3 * 2 * 2, 2 * 3 * 2 * 2 * 3),
      layer("block2.norm", "batch norm", [3, 3], 6),
      layer("block2", "relu", [3, 3]),
      layer("output", "dense", [3], 9 * 3 + 3, 2 * 9 * 3),
    ]);
  });
  it.each(NET_KINDS)("%s: layers do not depend on where in a block the net pools", (kind) => {
    // With tanh it pools before batch norm, with gelu after the activation.
    const [tanh, gelu] = (["tanh", "gelu"] as const).map((activation) =>
      summarize({ ...NETS[kind], activation }, [700, 32], 4).map((layer) => ({
        ...layer,
        type: layer.type.replace(activation, ""),
      })),
    );
    expect(gelu).toEqual(tanh);
  });
  it("counts a bias instead of batch norm", () => {
    const net = netConfig({ kind: "mlp", units: [3], batchNorm: null });
    expect(summarize(net, [2, 4], 5).map(({ name, parameterCount }) => [name, parameterCount])).toEqual([
      ["hidden1.dense", 8 * 3 + 3],
      ["hidden1", 0],
      ["output", 3 * 5 + 5],
    ]);
  });
});
