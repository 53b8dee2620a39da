import onnxProto from "onnx-proto";
import { Attributes } from "./attributes.js";
import { type Dense, sizeOf } from "./dense.js";
import { ELEMENTWISE } from "./elementwise.js";
import { LAYOUT } from "./layout.js";
import { PRODUCTS } from "./products.js";
import { WINDOWS } from "./windows.js";

const { onnx } = onnxProto;

const RULES = { ...ELEMENTWISE, ...LAYOUT, ...PRODUCTS, ...WINDOWS };

type TensorProto = InstanceType<typeof onnx.TensorProto>;

function denseOf({ dims, dataType, rawData }: TensorProto): Dense {
  const shape = dims!.map(Number);
  const bytes = rawData!.slice();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read =
    dataType === onnx.TensorProto.DataType.INT64
      ? (i: number) => Number(view.getBigInt64(i * 8, true))
      : (i: number) => view.getFloat32(i * 4, true);
  return { shape, data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => read(i)) };
}

/**
 * A slow and obvious float64 executor of the ONNX models that `encodeGraph` writes. It reads the bytes, follows the
 * ONNX specification with naive loops and uses nothing from `src/`. It throws on an operator, attribute or opset that
 * it has no rule for.
 */
export class Interpreter {
  readonly #nodes: InstanceType<typeof onnx.NodeProto>[];
  readonly #constants: Map<string, Dense>;
  readonly #outputs: string[];
  /** The number of nodes, by operator. */
  readonly opTypes: ReadonlyMap<string, number>;

  constructor(bytes: Uint8Array) {
    const model = onnx.ModelProto.decode(bytes);
    const opsets = model.opsetImport.map(({ domain, version }) => `${domain || "ai.onnx"} ${version}`);
    if (opsets.some((opset) => !["ai.onnx 19", "com.microsoft 1"].includes(opset)))
      throw new Error(`no rules for opsets ${opsets}`);
    const { node, initializer, output } = model.graph!;
    this.#nodes = node as InstanceType<typeof onnx.NodeProto>[];
    this.#constants = new Map(initializer!.map((proto) => [proto.name!, denseOf(proto as TensorProto)]));
    this.#outputs = output!.map(({ name }) => name!);
    const counts = new Map<string, number>();
    for (const { opType } of node!) counts.set(opType!, (counts.get(opType!) ?? 0) + 1);
    this.opTypes = counts;
  }

  /** The values of the named outputs (all by default), computed from the inputs' values. */
  run(
    inputs: Readonly<Record<string, Dense>>,
    outputs: readonly string[] = this.#outputs,
  ): Record<string, Dense> {
    const values = new Map([...this.#constants, ...Object.entries(inputs)]);
    const needed = new Set(outputs);
    const steps = [...this.#nodes].reverse();
    const live = steps.filter(({ input, output }) => {
      const isLive = needed.has(output[0]);
      if (isLive) for (const name of input) needed.add(name);
      return isLive;
    });
    for (const node of live.reverse()) values.set(node.output[0], this.#execute(node, values));
    return Object.fromEntries(outputs.map((name) => [name, values.get(name)!]));
  }

  #execute(node: InstanceType<typeof onnx.NodeProto>, values: ReadonlyMap<string, Dense>): Dense {
    const { opType, domain, input, output } = node;
    const rule = RULES[domain ? `${domain}.${opType}` : opType];
    if (rule === undefined || output.length !== 1)
      throw new Error(`interpreter: no rule for ${domain} ${opType}`);
    const inputs = input.map((name) => {
      const value = values.get(name);
      if (value === undefined && name !== "")
        throw new Error(`interpreter: ${name} is read before it is written`);
      return value as Dense;
    });
    const attributes = new Attributes(node.attribute);
    const result = rule(inputs, attributes);
    attributes.checkAllRead();
    return result;
  }
}
