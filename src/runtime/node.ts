import { availableParallelism } from "node:os";
import type * as Ort from "onnxruntime-common";
import { errorLine, UsageError } from "../core/errors.js";
import { callback, checkOptions, choice, integer, optional } from "../core/setting-checks.js";
import { withStandardOperators } from "../graph/standard-operators.js";
import type { Engine } from "./engine.js";
import { OrtKeepingSession, OrtSession } from "./ort-session.js";

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
 *
 * If onnxruntime-node is not installed or does not load, the CPU engine uses a WebAssembly build of ONNX Runtime that comes with
 * timbrel. It is slower, and its results differ in the last bits. The first engine that opens a model sets its threads.
 * @param options.threads threads per run on the CPU, `@default` one for every core
 * @param options.device `@default` "cpu"
 * @param options.onStandIn called with a line that says why and what to do, the first time that WebAssembly stands in;
 *   `@default` a warning of Node
 * @example
 * import { loadTagger, nodeEngine } from "timbrel";
 *
 * const tagger = await loadTagger("models/instruments.onnx", { engine: nodeEngine({ threads: 1 }) });
 * console.log(tagger.labels.length); // -> 11
 * await tagger.close();
 */
export function nodeEngine(
  options: { threads?: number; device?: NodeDevice; onStandIn?: (line: string) => void } = {},
): Engine {
  checkOptions<typeof options>(options, {
    threads: optional(integer(1, 1024)),
    device: optional(choice(NODE_DEVICES)),
    onStandIn: optional(callback),
  });
  const { threads = availableParallelism(), device = "cpu", onStandIn } = options;
  const open = (model: Uint8Array, kept: readonly string[] = []) =>
    openNodeSession(model, { threads, device, kept, ...(onStandIn === undefined ? {} : { onStandIn }) });
  if (device !== "webgpu") return { open };
  const openKeeping = async (model: Uint8Array, names: readonly string[]) =>
    new OrtKeepingSession(await open(model, names), open);
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
  {
    threads,
    device,
    kept = [],
    onStandIn = (line) => process.emitWarning(line),
  }: { threads: number; device: NodeDevice; kept?: readonly string[]; onStandIn?: (line: string) => void },
): Promise<OrtSession> {
  const native = await loadNative();
  if ("missing" in native && device !== "cpu")
    throw missingDevice(device, `onnxruntime-node, which ${native.missing}`);
  const { ort, isNative } =
    "missing" in native
      ? { ort: await loadStandIn(threads, native.missing, onStandIn), isNative: false }
      : { ort: native.ort, isNative: true };
  const createOn = (on: NodeDevice, options: Ort.InferenceSession.SessionOptions = {}) =>
    ort.InferenceSession.create(on === "webgpu" ? withStandardOperators(model) : model, {
      executionProviders: [isNative ? PROVIDERS[on] : "wasm"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Warnings are about ONNX Runtime's own graph optimizer; errors are thrown.
      logSeverityLevel: 3,
      ...options,
    });
  const locations = Object.fromEntries(kept.map((name) => [name, "gpu-buffer" as const]));
  try {
    return new OrtSession(ort, await createOn(device, { preferredOutputLocation: locations }));
  } catch (cause) {
    if (device !== "cpu" && (await loadsOn(createOn("cpu"))))
      throw missingDevice(device, `the error "${withoutPlace(errorLine(cause))}"`, cause);
    const got = `its error "${errorLine(cause)}"`;
    throw new UsageError({ setting: "model", rule: "load in ONNX Runtime", got }, { cause });
  }
}

function missingDevice(device: Exclude<NodeDevice, "cpu">, why: string, cause?: unknown): UsageError {
  return new UsageError(
    {
      setting: "device",
      rule: `be one that this machine has (${device} needs ${NEEDS[device]})`,
      got: `${device} and ${why}`,
      remedy: "use cpu",
    },
    { cause },
  );
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
 * Loads onnxruntime-node when a model is opened. It is an optional dependency: its install script fails where it
 * cannot reach NVIDIA's libraries, which only the device "cuda" uses.
 * @returns why it is missing, if it is not installed or does not load on this machine
 */
async function loadNative(): Promise<{ ort: typeof Ort } | { missing: string }> {
  try {
    const ort = await import("onnxruntime-node");
    ort.env.logLevel = "fatal"; // errors are thrown
    return { ort };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND")
      return { missing: "is not installed" };
    return { missing: `does not load on this machine (${errorLine(error)})` };
  }
}

let standIn: Promise<typeof Ort> | undefined;

async function loadStandIn(
  threads: number,
  missing: string,
  onStandIn: (line: string) => void,
): Promise<typeof Ort> {
  if (standIn === undefined) {
    standIn = import("#onnxruntime-web");
    standIn.catch(() => {
      standIn = undefined; // it may succeed later
    });
    const remedy =
      missing === "is not installed" ? "; to install it: npm i --ignore-scripts onnxruntime-node" : "";
    onStandIn(`onnxruntime-node ${missing}, so its slower WebAssembly build stands in for it${remedy}`);
  }
  const ort = await standIn;
  ort.env.logLevel = "fatal"; // errors are thrown
  ort.env.wasm.numThreads ??= threads;
  return ort;
}
