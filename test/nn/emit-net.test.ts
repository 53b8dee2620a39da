import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import type { Tensor } from "../../src/core/tensor.js";
import { encodeGraph, Graph } from "../../src/graph/index.js";
import { type NetConfig, netConfig } from "../../src/nn/architectures.js";
import { emitNet } from "../../src/nn/emit-net.js";
import { Net } from "../../src/nn/net.js";
import { ENGINE } from "../engine.js";
import { normals } from "./tiny-step.js";

/** Sums of at most 40 products, added in another order. */
const SAME = 1e-5;
const BATCH = 3;
const N_LABELS = 4;

const NETS: readonly [NetConfig, readonly number[]][] = [
  [netConfig({ kind: "vgg", channels: [4, 5], dropout: 0.5 }), [8, 8]],
  [netConfig({ kind: "vgg", channels: [4, 5], globalPool: "all", dropout: 0.5 }), [8, 8]],
  [
    netConfig({ kind: "gct634-1d", channels: [4, 5], kernelSizes: [3, 2], pools: [2, 1], dropout: 0.5 }),
    [9, 6],
  ],
  [netConfig({ kind: "short-chunk", channels: [4, 5], dropout: 0.5 }), [8, 8]],
  [netConfig({ kind: "ds-cnn", channels: [4, 5], dropout: 0.5 }), [8, 8]],
  [netConfig({ kind: "mlp", units: [7, 5], dropout: 0.5 }), [3, 4]],
  [{ kind: "linear" }, [6]],
];

interface Emitted {
  readonly feeds: Record<string, Tensor>;
  run(noise?: string): Promise<Record<string, Tensor>>;
}

/** A net that trains, with its embedding and logits as outputs, at its initial weights. */
async function emitted(config: NetConfig, inputShape: readonly number[]): Promise<Emitted> {
  const graph = new Graph();
  const net = new Net(graph);
  const { logits, embedding } = emitNet(net, config, graph.input("x", [BATCH, ...inputShape]), N_LABELS);
  graph.output("logits", logits);
  graph.output("embedding", embedding);
  const random = new Random("weights");
  const state = net.state.map(({ name, shape, init }) => [name, { shape, data: init(random.fork(name)) }]);
  // A tensor that the two outputs do not read, such as a moving average, is still fed.
  const feeds = { x: normals("x", [BATCH, ...inputShape]), ...Object.fromEntries(state) };
  const session = await ENGINE.open(encodeGraph(graph));
  return {
    feeds,
    run: (noise = "noise") => {
      const drawn = net.randomInputs.map(({ name, shape, draw }) => [
        name,
        { shape, data: draw(new Random(noise)) },
      ]);
      return session.run({ ...feeds, ...Object.fromEntries(drawn) });
    },
  };
}

/** x w^T + b for the rows of x. */
function dense(x: Tensor, weight: Tensor, bias: Tensor): number[] {
  const [nLabels, nFeatures] = weight.shape;
  return Array.from({ length: x.shape[0] * nLabels }, (_, i) => {
    const [row, label] = [Math.floor(i / nLabels), i % nLabels];
    let sum = bias.data[label];
    for (let k = 0; k < nFeatures; k++)
      sum += x.data[row * nFeatures + k] * weight.data[label * nFeatures + k];
    return sum;
  });
}

describe("the embedding of a net", () => {
  it.each(NETS)("is what the last dense layer turns into the logits: %j", async (config, inputShape) => {
    const withoutDropout = config.kind === "linear" ? config : { ...config, dropout: 0 };
    const { feeds, run } = await emitted(withoutDropout, inputShape);
    const { logits, embedding } = await run();
    expect(embedding.shape).toEqual([BATCH, feeds["output.weight"].shape[1]]);
    expect(logits.shape).toEqual([BATCH, N_LABELS]);
    dense(embedding, feeds["output.weight"], feeds["output.bias"]).forEach((value, i) => {
      expect(Math.abs(value - logits.data[i])).toBeLessThan(SAME);
    });
  });
  it("comes before dropout", async () => {
    const { run } = await emitted(netConfig({ kind: "mlp", units: [9], dropout: 0.5 }), [3, 4]);
    const [a, b] = [await run("one"), await run("another")];
    expect(a["logits"].data).not.toEqual(b["logits"].data);
    expect(a["embedding"].data).toEqual(b["embedding"].data);
  });
  it("is the input itself for a linear classifier", async () => {
    const { feeds, run } = await emitted({ kind: "linear" }, [6]);
    expect((await run())["embedding"].data).toEqual(feeds["x"].data);
  });
});
