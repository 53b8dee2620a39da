import type * as Ort from "onnxruntime-common";
import { errorLine, UsageError } from "../core/errors.js";
import { checkOptions, choice, integer, optional } from "../core/setting-checks.js";
import { withStandardOperators } from "../graph/standard-operators.js";
import type { Engine } from "./engine.js";
import { OrtKeepingSession, OrtSession } from "./ort-session.js";

/** The devices that ONNX Runtime can run on in a browser. */
export const WEB_DEVICES = ["wasm", "webgpu"] as const;

/**
 * A device that ONNX Runtime can run on in a browser.
 * @useDeclaredType
 */
export type WebDevice = (typeof WEB_DEVICES)[number];

/** Each device has its own build of ONNX Runtime, since WebGPU doubles the size. */
const BUILDS = {
  wasm: {
    load: () => import("#onnxruntime-web"),
    // Written out, so that bundlers find the files and take them along.
    files: () => ({
      mjs: new URL("../vendor/ort-wasm-simd-threaded.mjs", import.meta.url).href,
      wasm: new URL("../vendor/ort-wasm-simd-threaded.wasm", import.meta.url).href,
    }),
  },
  webgpu: {
    load: () => import("#onnxruntime-webgpu"),
    files: () => ({
      mjs: new URL("../vendor/ort-wasm-simd-threaded.asyncify.mjs", import.meta.url).href,
      wasm: new URL("../vendor/ort-wasm-simd-threaded.asyncify.wasm", import.meta.url).href,
    }),
  },
} as const;

const loaded = new Map<WebDevice, Promise<typeof Ort>>();

/**
 * Makes an engine that runs ONNX Runtime in a browser.
 *
 * Results differ in the last bits from those in Node, and between devices.
 * @param options.device "webgpu" needs a browser and a card that have it. `@default` "wasm", on the processor
 * @param options.threads threads per run of the first engine that opens a model; more than one only in a page that is cross-origin isolated.
 *   `@default` one for every core, up to 8
 */
export function webEngine(options: { device?: WebDevice; threads?: number } = {}): Engine {
  checkOptions<typeof options>(options, {
    device: optional(choice(WEB_DEVICES)),
    threads: optional(integer(1, 64)),
  });
  const { device = "wasm", threads = Math.min(8, navigator.hardwareConcurrency) } = options;
  const open = (model: Uint8Array, kept: readonly string[] = []) =>
    openSession(model, { device, threads, kept });
  if (device === "wasm") return { open };
  const openKeeping = async (model: Uint8Array, names: readonly string[]) =>
    new OrtKeepingSession(await open(model, names), open);
  return { open, openKeeping };
}

/**
 * @throws UsageError if the browser lacks the device, or ONNX Runtime cannot load the model
 */
async function openSession(
  model: Uint8Array,
  { device, threads, kept }: { device: WebDevice; threads: number; kept: readonly string[] },
): Promise<OrtSession> {
  if (device === "webgpu" && !(await hasWebGpu()))
    throw new UsageError({
      setting: "device",
      rule: "be one that this browser has (webgpu needs WebGPU and a graphics card)",
      got: device,
      remedy: "use wasm",
    });
  const ort = await load(device, threads);
  const locations = Object.fromEntries(kept.map((name) => [name, "gpu-buffer" as const]));
  try {
    const session = await ort.InferenceSession.create(
      device === "webgpu" ? withStandardOperators(model) : model,
      {
        executionProviders: [device === "webgpu" ? { name: "webgpu", preferredLayout: "NCHW" } : "wasm"],
        logSeverityLevel: 3,
        preferredOutputLocation: locations,
      },
    );
    return new OrtSession(ort, session);
  } catch (cause) {
    const got = `its error "${errorLine(cause)}"`;
    throw new UsageError({ setting: "model", rule: "load in ONNX Runtime", got }, { cause });
  }
}

function load(device: WebDevice, threads: number): Promise<typeof Ort> {
  const known = loaded.get(device);
  if (known !== undefined) return known;
  const loading = BUILDS[device].load().then((ort) => {
    ort.env.logLevel = "fatal"; // errors are thrown
    ort.env.wasm.wasmPaths = BUILDS[device].files();
    ort.env.wasm.numThreads = globalThis.crossOriginIsolated ? threads : 1;
    return ort;
  });
  loaded.set(device, loading);
  loading.catch(() => loaded.delete(device)); // a network may come back
  return loading;
}

async function hasWebGpu(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
  return gpu !== undefined && (await gpu.requestAdapter()) !== null;
}
