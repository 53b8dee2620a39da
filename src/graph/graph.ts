import { UsageError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";

/** Element type of a value; indices and shapes are int64, comparisons give bool. */
export type DataType = "float32" | "int64" | "bool";

/**
 * A value in a graph: an input, a constant, or the result of a node. Its shape is known when the graph is built; see
 * `Graph.batch` for the one symbolic dimension.
 */
export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly shape: readonly number[];
  readonly dataType: DataType;
}

/** An attribute of an ONNX node: an integer, a list of integers, a string, or a float as `{ float }`. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

/** One ONNX node. */
export interface Node {
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A value stored in the graph: a constant, or a weight of an inference model. */
export interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array | Int8Array;
}

/**
 * Emits the gradients of the loss with respect to an operation's inputs, given the gradients with respect to its outputs.
 * null means no gradient: for an output that the loss does not depend on, or an input that is not differentiated.
 */
export type Backward = (outputGradients: readonly (Value | null)[]) => readonly (Value | null)[];

/** One differentiable operation: what it reads, what it writes, and how its gradient is emitted. */
export interface TapeEntry {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly backward: Backward;
}

const CONSTANT = "const";

/** Whether a stored tensor of this name is a constant, numbered by a `Graph`, and not a weight, named by the caller. */
export function isConstantName(name: string): boolean {
  return new RegExp(`^${CONSTANT}_\\d+$`).test(name);
}

/** Shape and element type of a node's output. */
export interface OutputSpec {
  shape: readonly number[];
  /** @default "float32" */
  dataType?: DataType;
}

/**
 * A graph under construction: ONNX nodes in execution order, and the tape of differentiable operations from which
 * `gradients` emits the backward pass into the same graph.
 *
 * An operation is a function that emits one or more nodes and records how its gradient is emitted. The ones in `ops/`
 * need only `emit` and `record`, and so can yours.
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly tape: TapeEntry[] = [];
  readonly inputs: Value[] = [];
  readonly outputs: { name: string; value: Value }[] = [];
  readonly initializers: Initializer[] = [];
  /** Operands of operators that are not standard ones: the model states their shapes, for runtimes that lack the operators. */
  readonly described: Value[] = [];
  /**
   * "fixed": every dimension is as given. "free": the first dimension of every input and output takes any size at run time;
   * build such a graph with batch size 1 and only from operations that do not mix examples.
   */
  readonly batch: "fixed" | "free";
  #count = 0;
  #constants = new Map<string, Value>();
  #given = new Set<string>();

  constructor(options: { batch?: "fixed" | "free" } = {}) {
    this.batch = options.batch ?? "fixed";
  }

  #unique(stem: string): string {
    return `${stem}_${this.#count++}`;
  }

  /** Reserves a name that the caller chose for an input, an output or a weight; it is unique among all three. */
  #take(name: string): void {
    if (this.#given.has(name))
      throw new UsageError({ setting: "name", rule: "be unique in the graph", got: `${name} twice` });
    this.#given.add(name);
  }

  #value(name: string, shape: readonly number[], dataType: DataType): Value {
    return { graph: this, name, shape: [...shape], dataType };
  }

  /**
   * Adds an input, fed on every run.
   * @throws UsageError if the name is taken
   */
  input(name: string, shape: readonly number[], dataType: DataType = "float32"): Value {
    this.#take(name);
    const value = this.#value(name, shape, dataType);
    this.inputs.push(value);
    return value;
  }

  /**
   * Makes a value an output of the graph, called `name`.
   * @throws UsageError if the name is taken
   */
  output(name: string, value: Value): void {
    this.#take(name);
    const named = this.#value(name, value.shape, value.dataType);
    this.nodes.push({
      opType: "Identity",
      domain: "",
      inputs: [value.name],
      outputs: [name],
      attributes: {},
    });
    this.outputs.push({ name, value: named });
  }

  /**
   * Stores a tensor in the graph under a name, such as a trained weight.
   * @throws UsageError if the name is taken
   */
  weight(name: string, { shape, data }: Tensor): Value {
    this.#take(name);
    this.initializers.push({ name, shape, data });
    return this.#value(name, shape, "float32");
  }

  /** Returns a float32 constant: a scalar [] or a vector [n]. Equal constants are stored once. */
  constant(content: number | readonly number[]): Value {
    const data = Float32Array.from(typeof content === "number" ? [content] : content);
    return this.#constant(data, typeof content === "number" ? [] : [data.length], "float32");
  }

  /** Returns a constant int64 vector [n], for axes, shapes or positions. */
  integers(content: readonly number[]): Value {
    return this.#constant(BigInt64Array.from(content.map(BigInt)), [content.length], "int64");
  }

  #constant(data: Float32Array | BigInt64Array, shape: readonly number[], dataType: DataType): Value {
    const key = `${dataType}[${shape}]${data.join(",")}`;
    let value = this.#constants.get(key);
    if (value === undefined) {
      value = this.#value(this.#unique(CONSTANT), shape, dataType);
      this.initializers.push({ name: value.name, shape, data });
      this.#constants.set(key, value);
    }
    return value;
  }

  /**
   * Emits a node with one output. The output's shape is not checked: it must be what the operator produces.
   * @param opType an ONNX operator, e.g. "MatMul"
   * @param inputs in the operator's order; null for an optional input that is left out
   * @param domain the operator's domain, e.g. "com.microsoft" for ONNX Runtime's own. @default "" for standard ones
   */
  emit(
    opType: string,
    inputs: readonly (Value | null)[],
    output: OutputSpec,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = "",
  ): Value {
    return this.emitMany(opType, inputs, [output], attributes, domain)[0];
  }

  /** Emits a node with several outputs; see `emit`. */
  emitMany(
    opType: string,
    inputs: readonly (Value | null)[],
    outputs: readonly OutputSpec[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = "",
  ): Value[] {
    const values = outputs.map(({ shape, dataType = "float32" }) =>
      this.#value(this.#unique(opType.toLowerCase()), shape, dataType),
    );
    if (domain !== "") this.described.push(...inputs.filter((input) => input !== null));
    this.nodes.push({
      opType,
      domain,
      inputs: inputs.map((input) => input?.name ?? ""),
      outputs: values.map((value) => value.name),
      attributes,
    });
    return values;
  }

  /**
   * Records how the gradient of an operation is emitted. No gradient flows through an operation that records nothing.
   * @param backward called once, by `gradients`, if the loss depends on an output and an input depends on a parameter
   */
  record(inputs: readonly Value[], outputs: readonly Value[], backward: Backward): void {
    this.tape.push({ inputs, outputs, backward });
  }
}
