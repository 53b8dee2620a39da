import onnxProto from "onnx-proto";

const { onnx } = onnxProto;
type NodeProto = InstanceType<typeof onnx.NodeProto>;

/**
 * Replaces ONNX Runtime's own operator `FusedMatMul` by `Transpose` and `MatMul`, for a device that lacks it. The CPU keeps
 * `FusedMatMul`: ONNX Runtime would fuse most such pairs again, but which ones depends on the rest of the graph, and the
 * last bits of a product depend on whether it was fused.
 * @param model a model that `encodeGraph` made
 */
export function withStandardOperators(model: Uint8Array): Uint8Array {
  const decoded = onnx.ModelProto.decode(model);
  const graph = decoded.graph!;
  const rankOf = new Map<string, number>([
    ...graph.initializer!.map(({ name, dims }) => [name!, dims!.length] as const),
    ...[...graph.input!, ...graph.valueInfo!].map(
      ({ name, type }) => [name!, type!.tensorType!.shape!.dim!.length] as const,
    ),
  ]);
  const swapped = new Set<string>();
  graph.node = graph.node!.flatMap((node) => {
    if (node.opType !== "FusedMatMul") return [node];
    const isSet = (attribute: string) =>
      node.attribute!.some(({ name, i }) => name === attribute && Number(i) === 1);
    const nodes: NodeProto[] = [];
    const operands = node.input!.map((name, i) => {
      if (!isSet(i === 0 ? "transA" : "transB")) return name;
      const output = `${name}/swapped`;
      if (!swapped.has(output)) nodes.push(swap(name, output, rankOf.get(name)!));
      swapped.add(output);
      return output;
    });
    nodes.push(onnx.NodeProto.fromObject({ opType: "MatMul", input: operands, output: node.output }));
    return nodes;
  });
  return onnx.ModelProto.encode(decoded).finish();
}

/** Swaps the last two axes. */
function swap(input: string, output: string, rank: number): NodeProto {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  perm.splice(-2, 2, rank - 1, rank - 2);
  const attribute = [{ name: "perm", type: onnx.AttributeProto.AttributeType.INTS, ints: perm }];
  return onnx.NodeProto.fromObject({ opType: "Transpose", input: [input], output: [output], attribute });
}
