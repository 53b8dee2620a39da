import { availableParallelism } from "node:os";
import type * as Ort from "onnxruntime-node";
import { DataError, errorLine, UsageError } from "../core/errors.js";
import { checkOptions, choice, integer, optional } from "../core/setting-checks.js";
import type { Tensor } from "../core/tensor.js";
import type { Engine, Session } from "./engine.js";
import { Uses } from "./uses.js";

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
  checkOptions<typeof options>(options, {
    threads: optional(integer(1, 1024)),
    provider: optional(choice(NODE_PROVIDERS)),
  });
  const { threads = availableParallelism(), provider = "cpu" } = options;
  return {
    async open(model) {
      const ort = await loadRuntime();
      try {
        return new NodeSession(
          ort,
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

/**
 * Loads ONNX Runtime when a model is opened: it is an optional dependency, because its install script fails where it
 * cannot reach NVIDIA's libraries, which timbrel does not use.
 * @throws DataError if it is not installed, or does not run on this machine
 */
async function loadRuntime(): Promise<typeof Ort> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    const reason = isMissing
      ? "is not installed, and no model runs without it (npm leaves it out when its install script fails); run: npm i --ignore-scripts"
      : `does not load on this machine: ${errorLine(cause)}`;
    throw new DataError("onnxruntime-node", reason, { cause });
  }
}

class NodeSession implements Session {
  readonly #ort: typeof Ort;
  readonly #session: Ort.InferenceSession;
  readonly #uses = new Uses("session");

  constructor(ort: typeof Ort, session: Ort.InferenceSession) {
    this.#ort = ort;
    this.#session = session;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const inputs: Record<string, Ort.Tensor> = {};
    for (const [name, { data, shape }] of Object.entries(feeds))
      inputs[name] = new this.#ort.Tensor("float32", data, shape);
    const results = await this.#uses.run(() => this.#session.run(inputs));
    const outputs: Record<string, Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(results))
      outputs[name] = { data: data as Float32Array, shape: dims };
    return outputs;
  }

  async close(): Promise<void> {
    await this.#uses.close(() => this.#session.release());
  }
}
