import { availableParallelism } from "node:os";
import * as ort from "onnxruntime-node";
import { checkChoice, checkInteger } from "../core/check.js";
import { errorLine, UsageError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import type { Engine, Session } from "./engine.js";

/** The providers that onnxruntime-node can run a model with; "webgpu" needs a Vulkan, Metal or Direct3D driver. */
export const NODE_PROVIDERS = ["cpu", "webgpu"] as const;

/**
 * Makes an engine that runs ONNX Runtime in Node.
 * @param options.threads threads per run, `@default` one for every core; the results do not depend on it
 * @param options.provider `@default` "cpu"
 * @example
 * import { loadTagger, nodeEngine } from "timbrel";
 *
 * const tagger = await loadTagger("models/instruments.onnx", { engine: nodeEngine({ threads: 1 }) });
 * console.log(tagger.labels.length); // -> 11
 * await tagger.close();
 */
export function nodeEngine(
  options: { threads?: number; provider?: (typeof NODE_PROVIDERS)[number] } = {},
): Engine {
  const threads = checkInteger("threads", options.threads ?? availableParallelism(), { min: 1, max: 1024 });
  const provider = checkChoice("provider", options.provider ?? "cpu", NODE_PROVIDERS);
  return {
    async open(model) {
      try {
        return new NodeSession(
          await ort.InferenceSession.create(model, {
            executionProviders: [provider],
            intraOpNumThreads: threads,
            interOpNumThreads: 1,
            // Warnings are about ONNX Runtime's own graph optimizer; errors are thrown.
            logSeverityLevel: 3,
          }),
        );
      } catch (cause) {
        const got = `its error "${errorLine(cause)}"`;
        throw new UsageError({ setting: "model", rule: "load in ONNX Runtime", got }, { cause });
      }
    },
  };
}

class NodeSession implements Session {
  readonly #session: ort.InferenceSession;

  constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

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

  async close(): Promise<void> {
    await this.#session.release();
  }
}
