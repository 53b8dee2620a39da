import { existsSync } from "node:fs";
import { encodeGraph, Graph, mul } from "../../src/graph/index.js";
import type { Engine } from "../../src/runtime/engine.js";
import { nodeEngine } from "../../src/runtime/node.js";

/** SwiftShader computes on the CPU what Vulkan asks for; Debian's package chromium brings it. */
const SWIFT_SHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** An engine on this machine's GPU, or on SwiftShader; null if the machine has neither. */
export async function findWebGpu(): Promise<Engine | null> {
  if (existsSync(SWIFT_SHADER)) process.env["VK_ICD_FILENAMES"] ??= SWIFT_SHADER;
  const engine = nodeEngine({ device: "webgpu" });
  const graph = new Graph();
  graph.output("out", mul(graph.input("x", [2]), 2));
  try {
    await engine.open(encodeGraph(graph)); // stays open: the device is prepared once, not for every session
    return engine;
  } catch {
    return null;
  }
}
