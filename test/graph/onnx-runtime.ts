import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Dense } from "./interpreter/dense.js";

/** Runs a model in ONNX Runtime itself, in float32. */
export async function runOnnxRuntime(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, Dense>>,
): Promise<Record<string, Dense>> {
  // Log errors only: the warnings are about the runtime's own optimizations.
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const feeds = Object.entries(inputs).map(([name, { shape, data }]) => [
      name,
      new Tensor("float32", Float32Array.from(data), shape),
    ]);
    const results = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(
      Object.entries(results).map(([name, { dims, data }]) => [
        name,
        { shape: dims, data: Float64Array.from(data as Float32Array) },
      ]),
    );
  } finally {
    await session.release();
  }
}
