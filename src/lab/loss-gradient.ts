import type { Random } from "../core/random.js";
import { sizeOf, type Tensor } from "../core/tensor.js";
import { encodeGraph, Graph, gradients, sigmoidCrossEntropy, softmaxCrossEntropy } from "../graph/index.js";
import { emitNet } from "../nn/emit-net.js";
import { emitNormalization } from "../nn/input-normalization.js";
import { Net, type StateSpec } from "../nn/net.js";
import type { TrainingStepConfig } from "../nn/training-step.js";
import type { Engine, Session } from "../runtime/engine.js";

/** The settings of a training step that the gradient of its loss depends on. */
export type LossConfig = Pick<
  TrainingStepConfig,
  "net" | "task" | "nLabels" | "inputShape" | "batchSize" | "normalization"
>;

/** The training loss of a net on one batch, as a function of all its weights in one flat vector. */
export class LossGradient {
  readonly #session: Session;
  readonly #parameters: readonly StateSpec[];
  readonly #batch: Readonly<Record<"inputs" | "targets", Tensor>>;
  /** Number of weights. */
  readonly size: number;

  private constructor(
    session: Session,
    parameters: readonly StateSpec[],
    batch: Readonly<Record<"inputs" | "targets", Tensor>>,
  ) {
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
    const { net: netConfig, task, nLabels, inputShape, batchSize, normalization } = config;
    const graph = new Graph();
    const net = new Net(graph);
    const inputs = graph.input("inputs", [batchSize, ...inputShape]);
    const targets = graph.input("targets", [batchSize, nLabels]);
    const { logits } = emitNet(net, netConfig, emitNormalization(inputs, normalization), nLabels);
    const loss =
      task === "single-label" ? softmaxCrossEntropy(logits, targets) : sigmoidCrossEntropy(logits, targets);
    const found = gradients(
      loss,
      net.parameters.map(({ value }) => value),
    );
    graph.output("loss", loss);
    net.parameters.forEach(({ name }, i) => {
      graph.output(`gradient/${name}`, found[i]);
    });
    const session = await engine.open(encodeGraph(graph));
    const feeds = {
      inputs: { data: batch.inputs, shape: inputs.shape },
      targets: { data: batch.targets, shape: targets.shape },
    };
    return new LossGradient(session, net.state, feeds);
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
