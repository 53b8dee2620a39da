import { availableParallelism } from "node:os";
import type * as Ort from "onnxruntime-node";
import { DataError, errorLine, UsageError } from "../core/errors.js";
import { checkOptions, choice, integer, optional } from "../core/setting-checks.js";
import { withStandardOperators } from "../graph/standard-operators.js";
import type { Engine } from "./engine.js";
import { NodeKeepingSession, NodeSession } from "./node-session.js";

/**
 * The devices that ONNX Runtime can run on in Node. "webgpu" only needs a driver for Vulkan, Metal or Direct3D 12; "cuda"
 * needs an NVIDIA card with CUDA and cuDNN, and the libraries that onnxruntime-node's install script downloads.
 */
export const NODE_DEVICES = ["cpu", "webgpu", "cuda"] as const;

export type NodeDevice = (typeof NODE_DEVICES)[number];

/**
 * Makes an engine that runs ONNX Runtime in Node.
 *
 * On the CPU, results have the same bits for any number of threads. A GPU adds numbers in another order, so that its results
 * differ in the last bits, and so may the results of two GPUs.
 * @param options.threads threads per run on the CPU, `@default` one for every core
 * @param options.device `@default` "cpu"
 * @example
 * import { loadTagger, nodeEngine } from "timbrel";
 *
 * const tagger = await loadTagger("models/instruments.onnx", { engine: nodeEngine({ threads: 1 }) });
 * console.log(tagger.labels.length); // -> 11
 * await tagger.close();
 */
export function nodeEngine(options: { threads?: number; device?: NodeDevice } = {}): Engine {
  checkOptions<typeof options>(options, {
    threads: optional(integer(1, 1024)),
    device: optional(choice(NODE_DEVICES)),
  });
  const { threads = availableParallelism(), device = "cpu" } = options;
  const open = (model: Uint8Array, kept: readonly string[] = []) =>
    openNodeSession(model, { threads, device, kept });
  if (device !== "webgpu") return { open };
  const openKeeping = async (model: Uint8Array, names: readonly string[]) =>
    new NodeKeepingSession(await open(model, names), open);
  return { open, openKeeping };
}

/** ONNX Runtime runs an operator on the CPU if the device does not have it. */
const PROVIDERS: Readonly<Record<NodeDevice, Ort.InferenceSession.ExecutionProviderConfig>> = {
  cpu: "cpu",
  // In the layout NHWC, ONNX Runtime 1.30 errs in grouped convolutions with several outputs per channel.
  webgpu: { name: "webgpu", preferredLayout: "NCHW" },
  cuda: "cuda",
};

const NEEDS: Readonly<Record<Exclude<NodeDevice, "cpu">, string>> = {
  webgpu: "a GPU with a driver for Vulkan, Metal or Direct3D 12",
  cuda: "an NVIDIA card with CUDA and cuDNN, and onnxruntime-node's libraries for them",
};

/**
 * Opens a model.
 * @param options.kept outputs that stay in the memory of the device
 * @throws UsageError if the device is missing, or ONNX Runtime cannot load the model
 */
export async function openNodeSession(
  model: Uint8Array,
  { threads, device, kept = [] }: { threads: number; device: NodeDevice; kept?: readonly string[] },
): Promise<NodeSession> {
  const ort = await loadRuntime();
  const createOn = (on: NodeDevice, options: Ort.InferenceSession.SessionOptions = {}) =>
    ort.InferenceSession.create(on === "webgpu" ? withStandardOperators(model) : model, {
      executionProviders: [PROVIDERS[on]],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Warnings are about ONNX Runtime's own graph optimizer; errors are thrown.
      logSeverityLevel: 3,
      ...options,
    });
  const locations = Object.fromEntries(kept.map((name) => [name, "gpu-buffer" as const]));
  try {
    return new NodeSession(ort, await createOn(device, { preferredOutputLocation: locations }));
  } catch (cause) {
    if (device !== "cpu" && (await loadsOn(createOn("cpu"))))
      throw new UsageError(
        {
          setting: "device",
          rule: `be one that this machine has (${device} needs ${NEEDS[device]})`,
          got: `${device} and the error "${withoutPlace(errorLine(cause))}"`,
          remedy: "use cpu",
        },
        { cause },
      );
    const got = `its error "${errorLine(cause)}"`;
    throw new UsageError({ setting: "model", rule: "load in ONNX Runtime", got }, { cause });
  }
}

/** Drops the source line and the failed condition from the beginning of an error of ONNX Runtime. */
function withoutPlace(message: string): string {
  return message.replace(/^\S+\.cc:\d+ .* was false\. /, "").trim();
}

async function loadsOn(creating: Promise<Ort.InferenceSession>): Promise<boolean> {
  return creating.then(
    (session) => session.release().then(() => true),
    () => false,
  );
}

/**
 * Loads ONNX Runtime when a model is opened: it is an optional dependency, because its install script fails where it
 * cannot reach NVIDIA's libraries, which only the device "cuda" uses.
 * @throws DataError if it is not installed, or does not run on this machine
 */
async function loadRuntime(): Promise<typeof Ort> {
  try {
    const ort = await import("onnxruntime-node");
    ort.env.logLevel = "fatal"; // errors are thrown
    return ort;
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    const reason = isMissing
      ? "is not installed, and no model runs without it (npm leaves it out when its install script fails); run: npm i --ignore-scripts"
      : `does not load on this machine: ${errorLine(cause)}`;
    throw new DataError("onnxruntime-node", reason, { cause });
  }
}
