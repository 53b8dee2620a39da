import { UsageError } from "../core/errors.js";
import type { Random } from "../core/random.js";
import { sizeOf, type Tensor } from "../core/tensor.js";
import type { Graph, Value } from "../graph/index.js";
import type { ActivationName } from "./activations.js";
import type { Initializer } from "./initializers.js";

/** A tensor that training carries from step to step. */
export interface StateSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: (random: Random) => Float32Array;
}

/** Random numbers that the training step reads: drawn outside it, so that a seed reproduces a run to the bit. */
export interface RandomInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly draw: (random: Random) => Float32Array;
}

/** A parameter in the graph, trained or in training. */
export interface Parameter {
  readonly name: string;
  readonly value: Value;
  readonly isDecayed: boolean;
}

/** One line of a net's summary. */
export interface LayerInfo {
  readonly name: string;
  readonly type: string;
  /** Shape of the output for one example. */
  readonly outputShape: readonly number[];
  /** Number of trained values. */
  readonly parameterCount: number;
  /** Floating-point operations of the layer's products in the forward pass of one example: two per multiply-add. */
  readonly flops: number;
}

/** A layer with a weight, and the output of its activation: what the layer statistics are computed from. */
export interface WatchedLayer {
  readonly name: string;
  /** [N, units] or [N, units, ...spatial]; the logits in the last layer. */
  readonly output: Value;
  /** null for the last layer, which has none. */
  readonly activation: ActivationName | null;
  readonly weight: Parameter;
}

/**
 * A net under construction. In "train" mode parameters and statistics are inputs of the graph, and batch norm uses
 * the batch; in "predict" mode they are constants from `weights`, and batch norm uses its moving averages. The mode is
 * fixed for the whole graph: no layer can be left in the wrong one. Single tensors may be constants in "train" mode, too:
 * those of a frozen layer, and moving averages that batch norm is to use as they are.
 */
export class Net {
  readonly graph: Graph;
  /** The parameters and statistics, in the order of the forward pass. */
  readonly tensors: StateSpec[] = [];
  readonly randomInputs: RandomInput[] = [];
  /** The parameters that are not constants. */
  readonly parameters: Parameter[] = [];
  /** The lines of the summary, in the order of the forward pass. */
  readonly layers: LayerInfo[] = [];
  /** The layers with statistics, in the order of the forward pass; a layer whose weight is a constant has none. */
  readonly watched: WatchedLayer[] = [];
  /** Next values of statistics, by name: functions of the step's number, a scalar that counts from 1. */
  readonly updates = new Map<string, (step: Value) => Value>();
  readonly mode: "train" | "predict";
  readonly #constants: ReadonlyMap<string, Tensor>;

  /**
   * @param weights the trained tensors by name, to predict with the net; null to train it
   * @param fixed the tensors by name that training leaves as they are
   */
  constructor(
    graph: Graph,
    weights: ReadonlyMap<string, Tensor> | null = null,
    fixed: ReadonlyMap<string, Tensor> = new Map(),
  ) {
    this.graph = graph;
    this.mode = weights === null ? "train" : "predict";
    this.#constants = weights ?? fixed;
  }

  /** The tensors that training carries from step to step. */
  get state(): StateSpec[] {
    return this.tensors.filter(({ name }) => !this.isConstant(name));
  }

  /** Whether the tensor of this name is a constant of the graph. */
  isConstant(name: string): boolean {
    return this.mode === "predict" || this.#constants.has(name);
  }

  #tensor(spec: StateSpec): Value {
    if (this.tensors.some(({ name }) => name === spec.name))
      throw new UsageError({ setting: "name", rule: "be unique in the net", got: `${spec.name} twice` });
    this.tensors.push(spec);
    if (!this.isConstant(spec.name)) return this.graph.input(spec.name, spec.shape);
    const stored = this.#constants.get(spec.name);
    if (stored === undefined || stored.shape.join() !== spec.shape.join())
      throw new UsageError({
        setting: "weights",
        rule: `hold ${spec.name} [${spec.shape.join(", ")}]`,
        got: stored === undefined ? "none" : `[${stored.shape.join(", ")}]`,
      });
    return this.graph.weight(spec.name, stored);
  }

  /**
   * Adds a parameter, which the optimizer trains unless it is a constant.
   * @param options.isDecayed whether weight decay applies: to weights, not to biases or batch norm's scale and shift
   */
  parameter(
    name: string,
    shape: readonly number[],
    options: { init: Initializer; isDecayed: boolean },
  ): Value {
    const value = this.#tensor({ name, shape, init: (random) => options.init(shape, random) });
    if (!this.isConstant(name)) this.parameters.push({ name, value, isDecayed: options.isDecayed });
    return value;
  }

  /** Adds a tensor that a layer itself updates, such as a moving average; see `update`. */
  statistic(name: string, shape: readonly number[], initial: number): Value {
    return this.#tensor({ name, shape, init: () => new Float32Array(sizeOf(shape)).fill(initial) });
  }

  /** Sets the next value of a statistic that is not a constant. */
  update(name: string, next: (step: Value) => Value): void {
    this.updates.set(name, next);
  }

  /** Adds random numbers, drawn anew for every step. Only in a net that trains. */
  random(name: string, shape: readonly number[], draw: (random: Random) => Float32Array): Value {
    this.randomInputs.push({ name, shape, draw });
    return this.graph.input(name, shape);
  }

  /** Adds a line to the summary; the parameters named `<name>.<leaf>` are this layer's. */
  layer(name: string, type: string, output: Value, multiplyAdds = 0): void {
    const own = this.parameters.filter((each) => each.name.slice(0, each.name.lastIndexOf(".")) === name);
    const parameterCount = own.reduce((count, { value }) => count + sizeOf(value.shape), 0);
    const outputShape = output.shape.slice(1);
    this.layers.push({ name, type, outputShape, parameterCount, flops: 2 * multiplyAdds });
  }

  /** Adds a layer to the layer statistics: its output, and the weight of this name. */
  watch(name: string, output: Value, activation: ActivationName | null, weightName: string): void {
    const weight = this.parameters.find((parameter) => parameter.name === weightName);
    if (weight !== undefined) this.watched.push({ name, output, activation, weight });
  }
}
