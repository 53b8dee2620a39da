import { expect, it, vi } from "vitest";
import { nodeEngine } from "../../src/runtime/node.js";

const { create } = vi.hoisted(() => ({ create: vi.fn(async () => ({ release: async () => {} })) }));
vi.mock("onnxruntime-node", () => ({ InferenceSession: { create } }));

it("the engine hands its threads and its provider to ONNX Runtime", async () => {
  const model = Uint8Array.of(1);
  await nodeEngine({ threads: 3, provider: "webgpu" }).open(model);
  expect(create).toHaveBeenLastCalledWith(
    model,
    expect.objectContaining({ intraOpNumThreads: 3, executionProviders: ["webgpu"] }),
  );
  await nodeEngine().open(model);
  expect(create).toHaveBeenLastCalledWith(model, expect.objectContaining({ executionProviders: ["cpu"] }));
});
