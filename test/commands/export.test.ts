import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { decodeModel } from "../../src/tagging/model-file.js";
import { waveformModel } from "../../src/tagging/waveform-model.js";
import { tinyModel } from "../tagging/tiny-model.js";
import { CLI, makeFolder, timbrel, toneWav, write } from "./cli.js";

const dir = makeFolder();
write(dir, "m.onnx", tinyModel());
write(dir, "multi.onnx", tinyModel({ task: "multi-label" }));
write(dir, "a.wav", toneWav(300));
const run = (...args: string[]) => timbrel(dir, args);

it("export writes what waveformModel gives, and replaces it", async () => {
  for (let i = 0; i < 2; i++) {
    const { code, stdout, stderr } = await run(
      "export",
      "m.onnx",
      "--source-rate",
      "16000",
      "--out",
      "out.onnx",
    );
    expect([code, stderr, stdout]).toEqual([0, "", expect.stringMatching(/^out\.onnx: \d+ kB\n$/)]);
  }
  const expected = waveformModel(decodeModel(tinyModel(), "m"), { sourceRate: 16_000 });
  expect(readFileSync(join(dir, "out.onnx"))).toEqual(Buffer.from(expected));
});

it("export --hf writes a folder, and leaves one with files in it alone", async () => {
  expect((await run("export", "m.onnx", "--hf", "hub/mine")).code).toBe(0);
  expect(readdirSync(join(dir, "hub/mine"), { recursive: true }).sort()).toEqual(
    ["README.md", "config.json", "onnx", join("onnx", "model.onnx"), "preprocessor_config.json"].sort(),
  );
  const again = await run("export", "m.onnx", "--hf", "hub/mine");
  expect([again.code, again.stderr]).toEqual([
    2,
    "timbrel: --hf must name a new or empty folder, got hub/mine, which holds files; choose another, or add --overwrite\n",
  ]);
  expect((await run("export", "m.onnx", "--hf", "hub/mine", "--overwrite")).code).toBe(0);
});

it.each([
  [["m.onnx"], "timbrel: --out must be given, or --hf, and not both, got neither\n"],
  [
    ["m.onnx", "--out", "multi.onnx"],
    "timbrel: --out must name a new file, or an exported model to replace, got multi.onnx, which is a model that was trained\n",
  ],
  [["m.onnx", "--out", "m.onnx"], "timbrel: --out must name a file of its own, got m.onnx, which is read\n"],
  [
    ["m.onnx", "--source-rate", "44101", "--out", "x.onnx"],
    /^timbrel: --source-rate must have a ratio of small numbers to the model's/,
  ],
  [["multi.onnx", "--hf", "other"], /^timbrel: .*must give one label a clip/],
])("export refuses %j", async (args, message) => {
  const { code, stderr } = await run("export", ...args);
  expect(stderr).toMatch(message);
  expect([code, stderr.split("\n").length]).toEqual([2, 2]);
});

it("an exported model is not one that timbrel reads", async () => {
  await run("export", "m.onnx", "--out", "read.onnx");
  const { code, stderr } = await run("predict", "a.wav", "--model", "read.onnx");
  expect([code, stderr]).toEqual([
    1,
    "timbrel: read.onnx: is an exported model, for other programs; use the model that it was made from\n",
  ]);
});

it("predict - reads standard input", () => {
  const predict = (file: string) =>
    execFileSync(process.execPath, [CLI, "predict", file, "--model", "m.onnx"], {
      cwd: dir,
      encoding: "utf8",
      input: readFileSync(resolve(dir, "a.wav")),
    });
  expect(predict("-")).toBe(predict("a.wav").replace(/^a\.wav/, "-"));
});
