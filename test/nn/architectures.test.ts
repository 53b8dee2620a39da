import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/core/errors.js";
import { Graph } from "../../src/graph/index.js";
import { ACTIVATION_NAMES } from "../../src/nn/activations.js";
import { minFrames, NET_KINDS, NETS, type NetSettings, netConfig } from "../../src/nn/architectures.js";
import { emitNet } from "../../src/nn/emit-net.js";
import { Net } from "../../src/nn/net.js";
import { usageMessageOf } from "../store/message-of.js";

describe("netConfig", () => {
  it.each(NET_KINDS)("gives %s its defaults if only the kind is set", (kind) => {
    expect(netConfig({ kind })).toEqual(NETS[kind]);
  });

  it("gives gct634-1d and mlp these defaults", () => {
    const style = {
      activation: "relu",
      init: "he-normal",
      batchNorm: { epsilon: 1e-5, momentum: 0.1, warmUp: true },
    };
    expect(netConfig({ kind: "gct634-1d" })).toEqual({
      ...style,
      kind: "gct634-1d",
      channels: [32, 32, 64],
      kernelSizes: [8, 8, 4],
      pools: [8, 8, 4],
      dropout: 0,
    });
    expect(netConfig({ kind: "mlp" })).toEqual({ ...style, kind: "mlp", units: [256, 256], dropout: 0.2 });
  });

  it("keeps what is set and changes nothing else", () => {
    const set = { channels: [3, 5], dropout: 0, batchNorm: null } as const;
    expect(netConfig({ kind: "short-chunk", ...set })).toEqual({ ...NETS["short-chunk"], ...set });
    expect(netConfig({ kind: "mlp", activation: undefined })).toEqual(NETS.mlp);
  });

  it("leaves a whole configuration as it is", () => {
    for (const kind of NET_KINDS) {
      const config = netConfig({ kind, activation: "tanh", init: "small" });
      expect(netConfig(config as NetSettings)).toEqual(config);
    }
  });

  it.each(ACTIVATION_NAMES)("chooses the initializer for %s if none is set", (activation) => {
    const isSigmoidal = activation === "tanh" || activation === "sigmoid";
    const init = isSigmoidal ? "glorot-uniform" : "he-normal";
    for (const kind of NET_KINDS) {
      expect(netConfig({ kind, activation }).init).toBe(init);
      expect(netConfig({ kind, activation, init: "orthogonal" }).init).toBe("orthogonal");
    }
  });

  it("pools 2x2 in each block of a vgg if only its channels are set", () => {
    const net = netConfig({ kind: "vgg", channels: [4, 6, 8] });
    expect(net).toMatchObject({
      channels: [4, 6, 8],
      pools: [
        [2, 2],
        [2, 2],
        [2, 2],
      ],
    });
    expect(netConfig({ kind: "vgg", channels: [4], pools: [[3, 1]] })).toMatchObject({ pools: [[3, 1]] });
  });

  const course = { kind: "gct634-1d" };
  it.each<[object, string]>([
    [{}, "net.kind must be one of vgg, gct634-1d, short-chunk, ds-cnn, mlp, got undefined"],
    [
      { kind: "vg" },
      "net.kind must be one of vgg, gct634-1d, short-chunk, ds-cnn, mlp, got vg; did you mean vgg?",
    ],
    [{ kind: "linear" }, "net.kind must be one of vgg, gct634-1d, short-chunk, ds-cnn, mlp, got linear"],
    [
      { kind: "vgg", chanels: [4] },
      "net must have no settings but activation, init, batchNorm, kind, channels, pools, globalPool, dropout, got chanels; did you mean `channels`?",
    ],
    [
      { kind: "mlp", channels: [4] },
      "net must have no settings but activation, init, batchNorm, kind, units, dropout, got channels",
    ],
    [
      { kind: "short-chunk", kernelSizes: [4] },
      "net must have no settings but activation, init, batchNorm, kind, channels, dropout, got kernelSizes",
    ],
    [
      { kind: "vgg", activation: "leaky-rulu" },
      "net.activation must be one of relu, leaky-relu, elu, gelu, silu, tanh, sigmoid, got leaky-rulu; did you mean leaky-relu?",
    ],
    [
      { kind: "vgg", activation: null },
      "net.activation must be one of relu, leaky-relu, elu, gelu, silu, tanh, sigmoid, got null",
    ],
    [
      { kind: "vgg", init: "he" },
      "net.init must be one of glorot-uniform, glorot-normal, he-uniform, he-normal, lecun-uniform, lecun-normal, orthogonal, small, zeros, got he",
    ],
    [
      { kind: "vgg", batchNorm: false },
      'net.batchNorm must be null or {"epsilon": x, "momentum": x, "warmUp": true or false}, got false',
    ],
    [
      { kind: "vgg", batchNorm: { epsilon: 0, momentum: 1 } },
      "net.batchNorm.epsilon must be a number greater than 0, got 0",
    ],
    [
      { kind: "vgg", batchNorm: { epsilon: 1e-5 } },
      "net.batchNorm.momentum must be a number greater than 0 and at most 1, got undefined",
    ],
    [
      { kind: "vgg", batchNorm: { epsilon: 1e-5, momentum: 1.5 } },
      "net.batchNorm.momentum must be a number greater than 0 and at most 1, got 1.5",
    ],
    [
      { kind: "vgg", batchNorm: { epsilon: 1e-5, momentum: 0.1, epsilonn: 1 } },
      "net.batchNorm must have no settings but epsilon, momentum, warmUp, got epsilonn; did you mean `epsilon`?",
    ],
    [
      { kind: "vgg", batchNorm: { epsilon: 1e-5, momentum: 0.1, warmUp: 3 } },
      "net.batchNorm.warmUp must be true or false, got 3",
    ],
    [{ kind: "mlp", dropout: 1 }, "net.dropout must be a number of at least 0 and less than 1, got 1"],
    [{ kind: "mlp", units: [] }, "net.units must be a list of integers from 1 to 4096, got []"],
    [{ kind: "mlp", units: 256 }, "net.units must be a list of integers from 1 to 4096, got 256"],
    [{ kind: "mlp", units: [8, 4097] }, "net.units must be a list of integers from 1 to 4096, got [8,4097]"],
    [{ kind: "vgg", channels: "8,16" }, 'net.channels must be a list of integers from 1 to 4096, got "8,16"'],
    [
      { kind: "short-chunk", channels: [8, 0] },
      "net.channels must be a list of integers from 1 to 4096, got [8,0]",
    ],
    [{ kind: "vgg", globalPool: "mels" }, "net.globalPool must be one of frames, all, got mels"],
    [
      { kind: "vgg", channels: [4, 6], pools: [[2, 2]] },
      "net.pools must have one entry for each of the 2 blocks, got [[2,2]]",
    ],
    [{ kind: "vgg", channels: [4], pools: [2] }, "net.pools[0] must be a pair [frames, mels], got 2"],
    [
      { kind: "vgg", channels: [4], pools: [[2, 2, 2]] },
      "net.pools[0] must be a pair [frames, mels], got [2,2,2]",
    ],
    [
      { kind: "vgg", channels: [4], pools: [[2, 0]] },
      "net.pools[0] must be a list of integers from 1 to 4096, got [2,0]",
    ],
    [
      { ...course, channels: [4, 6] },
      "net.kernelSizes must have one entry for each of the 2 blocks, got [8,8,4]",
    ],
    [{ ...course, pools: [8, 8] }, "net.pools must have one entry for each of the 3 blocks, got [8,8]"],
    [
      { ...course, kernelSizes: [8, 8, 0] },
      "net.kernelSizes must be a list of integers from 1 to 4096, got [8,8,0]",
    ],
    [{ ...course, pools: [8, 8, 1.5] }, "net.pools must be a list of integers from 1 to 4096, got [8,8,1.5]"],
  ])("rejects %j", (settings, message) => {
    expect(usageMessageOf(() => netConfig(settings as NetSettings))).toBe(message);
  });
});

describe("minFrames", () => {
  /** Emits the net on segments of `nFrames` frames and 33 bands. */
  const emit = (settings: NetSettings, nFrames: number) => {
    const graph = new Graph();
    return emitNet(new Net(graph), netConfig(settings), graph.input("x", [2, nFrames, 33]), 3);
  };

  it.each<[NetSettings, number]>([
    [{ kind: "vgg" }, 32],
    [
      {
        kind: "vgg",
        channels: [4, 6, 8],
        pools: [
          [3, 1],
          [1, 2],
          [5, 3],
        ],
      },
      15,
    ],
    [{ kind: "gct634-1d" }, ((1 * 4 + 3) * 8 + 7) * 8 + 7],
    [{ kind: "gct634-1d", channels: [4, 6], kernelSizes: [4, 2], pools: [2, 3] }, 11],
    [{ kind: "gct634-1d", channels: [4], kernelSizes: [5], pools: [1] }, 5],
    [{ kind: "short-chunk", channels: [4, 6, 8, 10] }, 1],
    [{ kind: "mlp", units: [4] }, 1],
  ])("of %j is %d: the graph takes that many frames, but not one fewer", (settings, expected) => {
    const least = minFrames(netConfig(settings));
    expect(least).toBe(expected);
    for (const nFrames of [least, least + 1]) expect(emit(settings, nFrames).logits.shape).toEqual([2, 3]);
    if (least > 1) expect(() => emit(settings, least - 1)).toThrow(UsageError);
  });
});
