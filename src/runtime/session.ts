import { availableParallelism } from "node:os";
import * as ort from "onnxruntime-node";
import { errorLine, UsageError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";

/** One loaded ONNX model, ready to run on the CPU. */
export class Session {
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /**
   * Loads a model.
   * @param model the bytes of an ONNX model
   * @param options.threads threads of one run. @default every core
   * @throws UsageError if ONNX Runtime refuses the model
   */
  static async open(model: Uint8Array, options: { threads?: number } = {}): Promise<Session> {
    try {
      return new Session(
        await ort.InferenceSession.create(model, {
          executionProviders: ["cpu"],
          intraOpNumThreads: options.threads ?? availableParallelism(),
          interOpNumThreads: 1,
          // Warnings speak of the optimizer's inner decisions; errors are thrown.
          logSeverityLevel: 3,
        }),
      );
    } catch (cause) {
      throw new UsageError(
        `Session.open: model must be one that ONNX Runtime loads, got: ${errorLine(cause)}`,
        { cause },
      );
    }
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  /** Shape of an output; a symbolic dimension is its name. None of that name: undefined. */
  outputShape(name: string): readonly (number | string)[] | undefined {
    const found = this.#session.outputMetadata.find((output) => output.name === name);
    return found?.isTensor ? found.shape : undefined;
  }

  /** Runs the model once. Results are fresh memory; feeds are only read. */
  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const inputs: Record<string, ort.Tensor> = {};
    for (const [name, { data, shape }] of Object.entries(feeds))
      inputs[name] = new ort.Tensor("float32", data, shape);
    const results = await this.#session.run(inputs);
    const outputs: Record<string, Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(results))
      outputs[name] = { data: data as Float32Array, shape: dims };
    return outputs;
  }

  /** Frees the model's memory. */
  async close(): Promise<void> {
    await this.#session.release();
  }
}
