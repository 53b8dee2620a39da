import { availableParallelism } from "node:os";
import type { Option } from "commander";
import { say } from "../report/terminal.js";
import type { Engine } from "../runtime/engine.js";
import { NODE_DEVICES, type NodeDevice, nodeEngine } from "../runtime/node.js";
import { type DeviceTrial, fastestEngine } from "./fastest-device.js";
import { choiceOption, integerOption } from "./options.js";

/** What the flags say about the engine. */
export interface EngineOptions {
  readonly threads: number;
  readonly device: NodeDevice | "auto";
}

/** The flag for the threads of ONNX Runtime. @param shownDefault the default in words */
export function threadsOption(shownDefault = "one per core"): Option {
  const option = integerOption("--threads <n>", "threads of ONNX Runtime on the CPU", { min: 1, max: 1024 });
  return option.default(availableParallelism(), shownDefault);
}

/** The flag for the device. */
export function deviceOption(): Option {
  const description = "where the net runs; auto takes the fastest in a short trial";
  return choiceOption("--device <name>", description, [...NODE_DEVICES, "auto"], "cpu");
}

/** Returns the engine that the flags ask for. */
export function engineOf({ threads, device }: EngineOptions): Engine {
  return device === "auto"
    ? fastestEngine({ threads, onTrial: (trial) => say(trialText(trial)), onStandIn: say })
    : nodeEngine({ threads, device, onStandIn: say });
}

function trialText({ fastest, msByDevice }: DeviceTrial): string {
  const times = [...msByDevice].map(([device, ms]) => `${device} ${ms.toFixed(ms < 10 ? 1 : 0)} ms`);
  return `device: ${fastest}, the fastest in a short trial (${times.join(", ")} a run)`;
}

/** How a run's first lines name the engine. */
export function engineText({ threads, device }: EngineOptions): string {
  return device === "cpu" ? `CPU threads: ${threads}` : `device: ${device}`;
}
