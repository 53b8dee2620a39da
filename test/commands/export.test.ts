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
  expect((await run("export", "m.onnx", "--hf", "hub/mine")).code).toBe(0); // an earlier export is replaced
  const refused = (got: string) =>
    `timbrel: --hf must name a folder that is new or empty, or that holds an earlier export, got ${got}\n`;
  write(dir, "hub/mine/notes.txt", "mine");
  expect((await run("export", "m.onnx", "--hf", "hub/mine")).stderr).toBe(
    refused("hub/mine, which holds other files"),
  );
  write(dir, "hub/trained/onnx/model.onnx", tinyModel());
  const trained = await run("export", "m.onnx", "--hf", "hub/trained");
  expect([trained.code, trained.stderr]).toEqual([2, refused("hub/trained, which holds other files")]);
  expect(readFileSync(join(dir, "hub/trained/onnx/model.onnx"))).toEqual(Buffer.from(tinyModel()));
  expect((await run("export", "m.onnx", "--hf", "a.wav")).stderr).toBe(refused("a.wav, which is a file"));
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

it.skipIf(process.platform === "win32")("predict - reads a pipe, once, beside other files", () => {
  write(dir, "long.wav", toneWav(300, { durationSec: 30 }));
  const predict = (files: string) =>
    execFileSync(
      "sh",
      ["-c", `cat long.wav | "${process.execPath}" "${CLI}" predict ${files} --model m.onnx`],
      {
        cwd: dir,
        encoding: "utf8",
      },
    );
  const answer = (name: string) => predict("long.wav").replace(/^long\.wav/, name);
  expect(predict("-")).toBe(answer("-"));
  expect(predict("- long.wav -")).toBe(answer("-") + answer("long.wav") + answer("-"));
  expect(predict(`- ${"long.wav ".repeat(8)}`)).toBe(answer("-") + answer("long.wav").repeat(8));
});

it("predict - reads a file that is standard input", () => {
  const predict = (file: string) =>
    execFileSync(process.execPath, [CLI, "predict", file, "--model", "m.onnx"], {
      cwd: dir,
      encoding: "utf8",
      input: readFileSync(resolve(dir, "a.wav")),
    });
  expect(predict("-")).toBe(predict("a.wav").replace(/^a\.wav/, "-"));
});
