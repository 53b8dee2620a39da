import type { Random } from "../core/random.js";
import { sizeOf } from "../core/tensor.js";
import { encodeGraph, Graph, gradients } from "../graph/index.js";
import { emitNet } from "../nn/emit-net.js";
import { emitNormalization } from "../nn/input-normalization.js";
import { Net, type StateSpec } from "../nn/net.js";
import { emitLoss, type TrainingStepConfig } from "../nn/training-step.js";
import type { Engine, Session } from "../runtime/engine.js";
import { batchFeeds, type Feeds } from "./step-runner.js";

/** The settings of a training step that the gradient of its loss depends on. */
export type LossConfig = Pick<
  TrainingStepConfig,
  "net" | "task" | "nLabels" | "inputShape" | "batchSize" | "normalization" | "isMasked"
>;

/** The training loss of a net on one batch, as a function of all its weights in one flat vector. */
export class LossGradient {
  readonly #session: Session;
  readonly #parameters: readonly StateSpec[];
  readonly #batch: Feeds;
  /** Number of weights. */
  readonly size: number;

  private constructor(session: Session, parameters: readonly StateSpec[], batch: Feeds) {
    this.#session = session;
    this.#parameters = parameters;
    this.#batch = batch;
    this.size = parameters.reduce((size, { shape }) => size + sizeOf(shape), 0);
  }

  /** @param config of a net without dropout and batch norm, whose loss depends on nothing but the weights */
  static async open(
    config: LossConfig,
    batch: { inputs: Float32Array; targets: Float32Array },
    engine: Engine,
  ): Promise<LossGradient> {
    const { net: netConfig, task, nLabels, inputShape, batchSize, normalization, isMasked = false } = config;
    const graph = new Graph();
    const net = new Net(graph);
    const inputs = graph.input("inputs", [batchSize, ...inputShape]);
    const targets = graph.input("targets", [batchSize, nLabels]);
    const known = isMasked ? graph.input("known", targets.shape) : undefined;
    const { logits } = emitNet(net, netConfig, emitNormalization(inputs, normalization), nLabels);
    const loss = emitLoss(task, logits, { targets, known });
    const found = gradients(
      loss,
      net.parameters.map(({ value }) => value),
    );
    graph.output("loss", loss);
    net.parameters.forEach(({ name }, i) => {
      graph.output(`gradient/${name}`, found[i]);
    });
    const session = await engine.open(encodeGraph(graph));
    return new LossGradient(session, net.state, batchFeeds({ inputShape, nLabels, isMasked }, batch));
  }

  /** Draws initial weights as training does. */
  initialWeights(random: Random): Float32Array {
    return this.#joined(({ name, init }) => init(random.fork(name)));
  }

  async at(weights: Float32Array): Promise<{ loss: number; gradient: Float32Array }> {
    let offset = 0;
    const feeds = this.#parameters.map(({ name, shape }) => {
      const data = weights.subarray(offset, (offset += sizeOf(shape)));
      return [name, { data, shape }] as const;
    });
    const results = await this.#session.run({ ...this.#batch, ...Object.fromEntries(feeds) });
    const gradient = this.#joined(({ name }) => results[`gradient/${name}`].data);
    return { loss: results["loss"].data[0], gradient };
  }

  #joined(part: (parameter: StateSpec) => Float32Array): Float32Array {
    const all = new Float32Array(this.size);
    let offset = 0;
    for (const parameter of this.#parameters) {
      all.set(part(parameter), offset);
      offset += sizeOf(parameter.shape);
    }
    return all;
  }

  /** Frees the model's memory. */
  async close(): Promise<void> {
    await this.#session.close();
  }
}
