import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { LayerInfo } from "../../src/nn/net.js";
import { FRONT_END, jsonLines, makeFolder, timbrel, write, writeTones } from "./cli.js";

let dir: string;
beforeAll(() => {
  dir = makeFolder();
});

interface Summary {
  inputShape: number[];
  nLabels: number;
  layers: LayerInfo[];
  total: { parameterCount: number; flops: number };
}

async function summary(...args: string[]): Promise<Summary> {
  const { code, stdout } = await timbrel(dir, ["summary", ...args, "--json"]);
  const [found, ...others] = jsonLines(stdout);
  expect([code, others]).toEqual([0, []]);
  return found as unknown as Summary;
}

describe("summary", () => {
  it("shows the course's 1-D net, layer by layer", async () => {
    const { code, stdout } = await timbrel(dir, ["summary", "--net", "gct634-1d"]);
    expect(code).toBe(0);
    expect(stdout.split("\n").filter((line) => /^(gct|layer|input|block1|output|total)/.test(line))).toEqual([
      "gct634-1d, relu, initial weights he-normal, 10 labels",
      "layer        type                 output  parameters       FLOPs",
      "input                          512 x 128",
      "block1.conv  conv 8             32 x 505      32,768  33,095,680",
      "block1.norm  batch norm         32 x 505          64",
      "block1       relu, max pool 8    32 x 63",
      "output       dense                    10         650       1,280",
      // As PyTorch counts them: test/nn/summary.test.ts
      "total                                         50,058  34,080,000",
    ]);
  });
  it("takes the flags of train, and the sizes of the data", async () => {
    write(dir, "net.json", '{"kind": "mlp", "units": [8, 9], "batchNorm": null}');
    const flags = [
      "--net",
      "net.json",
      "--channels",
      "6",
      "--segment-frames",
      "5",
      "--mels",
      "4",
      "--labels",
      "3",
    ];
    const { layers, total, ...sizes } = await summary(...flags);
    expect(sizes).toMatchObject({ inputShape: [5, 4], nLabels: 3 });
    expect(layers.map(({ name }) => name)).toEqual(["hidden1.dense", "hidden1", "output"]);
    expect(total).toEqual({ parameterCount: 5 * 4 * 6 + 6 + 6 * 3 + 3, flops: 2 * (5 * 4 * 6 + 6 * 3) });
  });
  it("shows the net of a model file, with the width that its whitening left", async () => {
    writeTones(join(dir, "audio"), { low: 200, high: 2000 }, 8);
    await timbrel(dir, ["extract", "audio", "--out", "features", ...FRONT_END]);
    const net = ["--net", "mlp", "--channels", "5", "--segment-frames", "12"];
    const flags = [
      ...net,
      "--normalize",
      "whiten",
      "--keep-variance",
      "0.9",
      "--level",
      "segment",
      "--epochs",
      "1",
      "--threads",
      "1",
    ];
    const { code, stdout } = await timbrel(dir, ["train", "features", "--out", "run", ...flags]);
    expect(code).toBe(0);
    const found = await summary("run/model.onnx");
    expect(found).toMatchObject({ inputShape: [12, expect.any(Number)], nLabels: 2, level: "segment" });
    expect(found.inputShape[1]).toBeLessThan(16);
    expect(stdout).toContain(`, ${found.total.parameterCount} parameters,`);
    const text = await timbrel(dir, ["summary", "run/model.onnx"]);
    expect(text.stdout).toMatch(/^mlp, .*, every segment at one level, 2 labels$/m);
  });
  it.each([
    ["--mels 16", 2, "--mels must be at least 32 for this vgg, got 16; use more mel bands, or fewer blocks"],
    ["nowhere.onnx", 1, "nowhere.onnx: model file does not exist; train one, or check the path"],
    [
      "m.onnx --dropout 0",
      2,
      "--dropout must be used without a model file, got m.onnx; leave out one of them",
    ],
  ])("%s is rejected", async (line, code, message) => {
    expect(await timbrel(dir, ["summary", ...line.split(" ")])).toEqual({
      code,
      stdout: "",
      stderr: `timbrel: ${message}\n`,
    });
  });
});
