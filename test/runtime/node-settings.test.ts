import { expect, it, vi } from "vitest";
import { nodeEngine } from "../../src/runtime/node.js";

const { create } = vi.hoisted(() => ({ create: vi.fn(async () => ({ release: async () => {} })) }));
vi.mock("onnxruntime-node", () => ({ InferenceSession: { create }, env: {} }));

it("the engine hands its threads and its device to ONNX Runtime", async () => {
  const model = Uint8Array.of(1);
  await nodeEngine({ threads: 3, device: "cuda" }).open(model);
  expect(create).toHaveBeenLastCalledWith(
    model,
    expect.objectContaining({ intraOpNumThreads: 3, executionProviders: ["cuda"] }),
  );
  await nodeEngine().open(model);
  expect(create).toHaveBeenLastCalledWith(model, expect.objectContaining({ executionProviders: ["cpu"] }));
});
