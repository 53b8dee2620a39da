import onnxProto from "onnx-proto";
import { UsageError } from "../core/errors.js";
import type { Attribute, DataType, Graph, Initializer, Node, Value } from "./graph.js";

const { onnx } = onnxProto;

/** Opset of the standard operators, from May 2023: every runtime released since then reads it. */
const OPSET = 19;
const IR_VERSION = 9;

const ELEMENT_TYPE: Record<DataType, number> = {
  float32: onnx.TensorProto.DataType.FLOAT,
  int64: onnx.TensorProto.DataType.INT64,
  bool: onnx.TensorProto.DataType.BOOL,
};

function attributeProto(name: string, attribute: Attribute) {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof attribute === "number") return { name, type: AttributeType.INT, i: attribute };
  if (typeof attribute === "string")
    return { name, type: AttributeType.STRING, s: new TextEncoder().encode(attribute) };
  if ("float" in attribute) return { name, type: AttributeType.FLOAT, f: attribute.float };
  return { name, type: AttributeType.INTS, ints: [...attribute] };
}

function tensorProto({ name, shape, data }: Initializer) {
  return {
    name,
    dims: [...shape],
    dataType: elementTypeOf(data),
    // The format is little-endian, as is every platform that JavaScript engines run on.
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

function elementTypeOf(data: Initializer["data"]): number {
  if (data instanceof Int8Array) return onnx.TensorProto.DataType.INT8;
  return data instanceof Float32Array ? ELEMENT_TYPE.float32 : ELEMENT_TYPE.int64;
}

function valueInfo(name: string, { shape, dataType }: Value, free: boolean | readonly (string | number)[]) {
  const sizes = typeof free === "boolean" ? shape.map((size, i) => (free && i === 0 ? "batch" : size)) : free;
  const dim = sizes.map((size) => (typeof size === "string" ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: ELEMENT_TYPE[dataType], shape: { dim } } } };
}

/** The nodes that an output depends on, in order. Gradient rules emit freely; unread results are dropped here. */
function liveNodes({ nodes, outputs }: Graph): Node[] {
  const needed = new Set(outputs.map(({ name }) => name));
  const live: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    live.push(node);
    for (const name of node.inputs) needed.add(name);
  }
  return live.reverse();
}

/** The described values that are results of nodes, once each: inputs and stored tensors have their shapes elsewhere. */
function describedValues(graph: Graph, read: ReadonlySet<string>): Value[] {
  const results = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const found = graph.described.filter(({ name }) => read.has(name) && results.has(name));
  return [...new Map(found.map((value) => [value.name, value])).values()];
}

/**
 * Encodes a graph as the bytes of an ONNX model. Nodes that no output depends on are left out.
 * @param metadata strings stored with the model, by key
 * @param dims shapes of inputs and outputs by name, with names in place of sizes that are free; `@default` as in the graph
 * @throws UsageError if the graph has no output
 */
export function encodeGraph(
  graph: Graph,
  metadata: Readonly<Record<string, string>> = {},
  dims: Readonly<Record<string, readonly (string | number)[]>> = {},
): Uint8Array {
  if (graph.outputs.length === 0)
    throw new UsageError({ setting: "graph", rule: "have at least 1 output", got: 0 });
  const free = graph.batch === "free";
  const nodes = liveNodes(graph);
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const described = (name: string, value: Value) =>
    valueInfo(name, value, dims[name] ?? (free && value.shape.length > 0));
  const model = {
    irVersion: IR_VERSION,
    producerName: "timbrel",
    opsetImport: [
      { domain: "", version: OPSET },
      ...(nodes.some((node) => node.domain === "com.microsoft")
        ? [{ domain: "com.microsoft", version: 1 }]
        : []),
    ],
    graph: {
      name: "timbrel",
      node: nodes.map((node) => ({
        opType: node.opType,
        domain: node.domain,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes).map(([name, attribute]) =>
          attributeProto(name, attribute),
        ),
      })),
      initializer: graph.initializers.filter(({ name }) => read.has(name)).map(tensorProto),
      valueInfo: describedValues(graph, read).map((value) => valueInfo(value.name, value, free)),
      input: graph.inputs.map((value) => described(value.name, value)),
      output: graph.outputs.map(({ name, value }) => described(name, value)),
    },
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  };
  return onnx.ModelProto.encode(onnx.ModelProto.fromObject(model)).finish();
}
