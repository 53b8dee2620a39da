import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DeviceTrial, fastestEngine } from "../../src/commands/fastest-device.js";
import { encodeGraph, Graph, mul } from "../../src/graph/index.js";
import { findWebGpu } from "../runtime/webgpu.js";
import { tinyModel } from "../tagging/tiny-model.js";
import { FRONT_END, makeFolder, NET, timbrel, toneWav, write, writeTones } from "./cli.js";

const dir = makeFolder();
write(dir, "m.onnx", tinyModel());
write(dir, "a.wav", toneWav(440));
const predict = (device: string) =>
  timbrel(dir, ["predict", "a.wav", "--model", "m.onnx", "--device", device]);

/** Whatever the driver prints by itself goes to stderr, too. */
const lines = (stderr: string) => stderr.split("\n").filter((line) => /^(timbrel|device):/.test(line));

describe.runIf(process.platform === "linux")("--device on a machine without a GPU", () => {
  const before = process.env["VK_ICD_FILENAMES"];
  beforeAll(() => {
    process.env["VK_ICD_FILENAMES"] = "/nonexistent"; // no Vulkan driver
  });
  afterAll(() => {
    if (before === undefined) delete process.env["VK_ICD_FILENAMES"];
    else process.env["VK_ICD_FILENAMES"] = before;
  });

  it("says that there is none, and what it needs", async () => {
    const { code, stdout, stderr } = await predict("webgpu");
    expect([code, stdout]).toEqual([2, ""]);
    expect(lines(stderr)).toEqual([
      expect.stringMatching(
        /^timbrel: --device must be one that this machine has \(webgpu needs a GPU with a driver for Vulkan, Metal or Direct3D 12\), got webgpu and the error "[^/]+"; use cpu$/,
      ),
    ]);
  });

  it("takes the CPU by itself, and says so", async () => {
    const [auto, cpu] = [await predict("auto"), await predict("cpu")];
    expect(lines(auto.stderr)[0]).toMatch(/^device: cpu, the fastest in a short trial \(cpu [\d.]+ ms/);
    expect(auto.stdout).toBe(cpu.stdout);
    expect(lines(cpu.stderr)).toEqual([]);
  });
});

it("--device auto tries every model that is trained, and one of the others", async () => {
  const trials: DeviceTrial[] = [];
  const engine = fastestEngine({ threads: 1, onTrial: (trial) => trials.push(trial), onStandIn: () => {} });
  const graph = new Graph();
  graph.output("next", mul(graph.input("w", [2]), 2));
  const model = encodeGraph(graph);
  const sessions = [];
  for (let i = 0; i < 2; i++) sessions.push(await engine.open(model));
  expect(trials).toHaveLength(1);
  for (let i = 0; i < 2; i++) sessions.push(await engine.openKeeping!(model, ["next"]));
  sessions.push(await engine.open(model));
  expect(trials).toHaveLength(3);
  for (const { fastest, msByDevice } of trials)
    expect(msByDevice.get(fastest)).toBe(Math.min(...msByDevice.values()));
  await Promise.all(sessions.map((session) => session.close()));
});

describe.skipIf((await findWebGpu()) === null)("--device webgpu", () => {
  it("trains and predicts there", async () => {
    writeTones(dir, { low: 300, high: 1500 }, 5);
    const device = ["--device", "webgpu"];
    const run = (...args: string[]) => timbrel(dir, [...args, ...device]);
    await timbrel(dir, ["extract", ".", "--out", "features", ...FRONT_END]);
    const trained = await run("train", "features", "--out", "run", ...NET, "--epochs", "1", "--augment", "0");
    expect(trained.code, trained.stderr).toBe(0);
    expect(trained.stdout).toContain("device: webgpu");
    const [there, here] = [device, []].map((flags) =>
      timbrel(dir, ["predict", "low/0.wav", "--model", "run/model.onnx", "--json", ...flags]),
    );
    const tags = async (answer: typeof there) => JSON.parse((await answer).stdout).tags;
    const expected = await tags(here);
    for (const [i, { label, probability }] of (await tags(there)).entries()) {
      expect(label).toBe(expected[i].label);
      expect(probability).toBeCloseTo(expected[i].probability, 5);
    }
  });
});
