import { UsageError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";

/** Element type of a value; indices and shapes are int64, comparisons give bool. */
export type DataType = "float32" | "int64" | "bool";

/** One edge of the graph. `shape` is fully known; see `Graph.batch` for the one symbolic dimension. */
export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly shape: readonly number[];
  readonly dataType: DataType;
}

/** ONNX attribute: integers and lists of them as they are, text as text, a float as `{ float }`. */
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
  readonly data: Float32Array | BigInt64Array;
}

/** Gradients of the loss with respect to an operation's inputs, given those of its outputs; null where there is none. */
export type Backward = (outputGradients: readonly (Value | null)[]) => readonly (Value | null)[];

/** One differentiable operation: what it read and wrote and how its gradient is emitted. */
export interface TapeEntry {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly backward: Backward;
}

interface OutputSpec {
  shape: readonly number[];
  dataType?: DataType;
}

/**
 * A graph under construction: ONNX nodes in order of execution, and beside them the tape of differentiable operations
 * from which `gradients` emits the backward pass into the same graph.
 *
 * An operation is a function that emits one or more nodes and records how its gradient is emitted; see `ops/`.
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly tape: TapeEntry[] = [];
  readonly inputs: Value[] = [];
  readonly outputs: { name: string; value: Value }[] = [];
  readonly initializers: Initializer[] = [];
  /**
   * "fixed": every dimension is written as it is. "free": the first dimension of every input and output is symbolic;
   * build with batch size 1 and only with operations that do not mix examples.
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

  /** Takes a name that the caller chose: of an input, an output or a weight, unique among all three. */
  #take(name: string): void {
    if (this.#given.has(name))
      throw new UsageError({ setting: "name", rule: "be unique in the graph", got: `${name} twice` });
    this.#given.add(name);
  }

  #value(name: string, shape: readonly number[], dataType: DataType): Value {
    return { graph: this, name, shape: [...shape], dataType };
  }

  /** An input that is fed at every run. */
  input(name: string, shape: readonly number[], dataType: DataType = "float32"): Value {
    this.#take(name);
    const value = this.#value(name, shape, dataType);
    this.inputs.push(value);
    return value;
  }

  /** Marks a value as an output under a name of its own. */
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

  /** A tensor stored in the graph under a given name, such as a trained weight. */
  weight(name: string, { shape, data }: Tensor): Value {
    this.#take(name);
    this.initializers.push({ name, shape, data });
    return this.#value(name, shape, "float32");
  }

  /** A constant float: a scalar, or a vector; equal constants are stored once. */
  constant(content: number | readonly number[]): Value {
    const data = Float32Array.from(typeof content === "number" ? [content] : content);
    return this.#constant(data, typeof content === "number" ? [] : [data.length], "float32");
  }

  /** A constant vector of integers: axes, shapes, positions. */
  integers(content: readonly number[]): Value {
    return this.#constant(BigInt64Array.from(content.map(BigInt)), [content.length], "int64");
  }

  #constant(data: Float32Array | BigInt64Array, shape: readonly number[], dataType: DataType): Value {
    const key = `${dataType}[${shape}]${data.join(",")}`;
    let value = this.#constants.get(key);
    if (value === undefined) {
      value = this.#value(this.#unique("const"), shape, dataType);
      this.initializers.push({ name: value.name, shape, data });
      this.#constants.set(key, value);
    }
    return value;
  }

  /** Emits a node of one output. A null input is an omitted optional one. */
  emit(
    opType: string,
    inputs: readonly (Value | null)[],
    output: OutputSpec,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = "",
  ): Value {
    return this.emitMany(opType, inputs, [output], attributes, domain)[0];
  }

  /** Emits a node of several outputs. */
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
    this.nodes.push({
      opType,
      domain,
      inputs: inputs.map((input) => input?.name ?? ""),
      outputs: values.map((value) => value.name),
      attributes,
    });
    return values;
  }

  /** Records how the gradient of an operation is emitted. */
  record(inputs: readonly Value[], outputs: readonly Value[], backward: Backward): void {
    this.tape.push({ inputs, outputs, backward });
  }
}
