import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/core/errors.js";
import { add, encodeGraph, Graph, mul } from "../../src/graph/index.js";
import { nodeEngine } from "../../src/runtime/node.js";

/** out = 2 x + y, and twice = 2 x. */
function smallModel(): Uint8Array {
  const graph = new Graph();
  const twice = mul(graph.input("x", [2, 2]), 2);
  graph.output("twice", twice);
  graph.output("out", add(twice, graph.input("y", [])));
  return encodeGraph(graph);
}

const x = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
const y = { shape: [], data: Float32Array.of(0.5) };

describe("the engine in Node", () => {
  it("runs a model: named tensors, scalars without dimensions", async () => {
    const session = await nodeEngine().open(smallModel());
    expect(session.inputNames).toEqual(["x", "y"]);
    expect(session.outputNames).toEqual(["twice", "out"]);
    const { out, twice } = await session.run({ x, y });
    expect(out).toEqual({ shape: [2, 2], data: Float32Array.of(2.5, 4.5, 6.5, 8.5) });
    expect(twice.data).toEqual(Float32Array.of(2, 4, 6, 8));
    await session.close();
  });

  it("does not change its feeds, and returns new memory from every run", async () => {
    const session = await nodeEngine({ threads: 2 }).open(smallModel());
    const first = await session.run({ x, y });
    const second = await session.run({ x: { ...x, data: x.data.map((value) => -value) }, y });
    expect([...x.data]).toEqual([1, 2, 3, 4]);
    expect([...first["out"].data]).toEqual([2.5, 4.5, 6.5, 8.5]);
    expect([...second["out"].data]).toEqual([-1.5, -3.5, -5.5, -7.5]);
    await session.close();
  });

  it("closes a session once its runs are done, and runs none after", async () => {
    const session = await nodeEngine().open(smallModel());
    const running = session.run({ x, y });
    await session.close();
    expect((await running)["out"].data).toEqual(Float32Array.of(2.5, 4.5, 6.5, 8.5));
    await session.close();
    await expect(session.run({ x, y })).rejects.toThrow(
      "session must be open when it is used, got one that is closed; close it later, or open it again",
    );
  });

  it("rejects bytes that are not a model, on one line", async () => {
    const opening = nodeEngine().open(Uint8Array.of(1, 2, 3));
    await expect(opening).rejects.toBeInstanceOf(UsageError);
    await expect(opening).rejects.toThrow(/^model must load in ONNX Runtime, got its error "[^\n]+"$/);
  });

  it("rejects invalid settings by name", () => {
    expect(() => nodeEngine({ threads: 0 })).toThrow("threads must be an integer from 1 to 1024, got 0");
    // @ts-expect-error no such device
    expect(() => nodeEngine({ device: "tpu" })).toThrow("device must be one of cpu, webgpu, cuda, got tpu");
  });
});
