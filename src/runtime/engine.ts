import type { Tensor } from "../core/tensor.js";

/** One loaded ONNX model, ready to run. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs the model once. Results are fresh memory; feeds are only read. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Frees the model's memory. */
  close(): Promise<void>;
}

/** What runs ONNX models: made once, where a program begins, and handed to all that trains or predicts. */
export interface Engine {
  /**
   * Loads a model.
   * @param model the bytes of an ONNX model
   * @throws UsageError if the engine cannot load it
   */
  open(model: Uint8Array): Promise<Session>;
}
