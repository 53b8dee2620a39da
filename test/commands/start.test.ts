import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeModel } from "../../src/tagging/model-file.js";
import { FRONT_END, makeFolder, NET, timbrel, writeTones } from "./cli.js";

let dir: string;
const FROM = ["--from", "run/model.onnx", "--threads", "1"];
const modelIn = (run: string) => {
  const path = join(dir, run, "model.onnx");
  return decodeModel(readFileSync(path), path);
};

beforeAll(async () => {
  dir = makeFolder();
  writeTones(join(dir, "audio"), { low: 200, mid: 700, high: 2000 }, 6);
  writeTones(join(dir, "others"), { bass: 150, treble: 2500 }, 6);
  await timbrel(dir, ["extract", "audio", "--out", "features", ...FRONT_END]);
  await timbrel(dir, ["train", "features", "--out", "run", "--epochs", "1", ...NET]);
});

describe("train --from", () => {
  it("learns other classes from a model, in a store with its front end", async () => {
    const extracted = await timbrel(dir, ["extract", "others", "--out", "new", "--model", "run/model.onnx"]);
    expect(extracted.stdout).toContain(
      "next: npm run train -- new --out models/mine --from run/model.onnx\n",
    );
    const flags = ["--epochs", "2", "--freeze", "gradual", "--bn-statistics", "adapt"];
    const { stdout } = await timbrel(dir, ["train", "new", "--out", "fine", ...FROM, ...flags]);
    expect(stdout).toMatch(/^standardize, with the statistics of the model$/m);
    expect(stdout).toMatch(
      /^starts from run\/model\.onnx: weights of block1 to block2, and a new last layer for 2 labels \(the model has 3\)$/m,
    );
    expect(stdout).toMatch(
      /^frozen: block1 to block2 at first, fewer and fewer up to the middle of the run; batch norm's averages: the model's, adapted where blocks train$/m,
    );
    const { info, normalization } = modelIn("fine");
    expect(info.labels).toEqual(["bass", "treble"]);
    expect(info.start!.labels).toEqual(["high", "low", "mid"]);
    expect(normalization).toEqual(modelIn("run").normalization);

    const summary = await timbrel(dir, ["summary", "fine/model.onnx"]);
    expect(summary.stdout).toMatch(/^training started from a model of 3 labels$/m);

    const resume = ["train", "new", "--out", "fine", "--resume", "--epochs", "3"];
    const [without, resumed] = [await timbrel(dir, resume), await timbrel(dir, [...resume, ...FROM])];
    expect(without.stderr).toBe(
      "timbrel: --from must be the model that the checkpoint's run started from, got none\n",
    );
    expect(resumed.stdout).toContain("epochs 1 to 2 of 3 are already done");
    expect(resumed.code).toBe(0);
  });

  it("goes on with the same labels, with the statistics of the new clips if that is asked for", async () => {
    const flags = ["--epochs", "1", "--freeze", "body", "--statistics", "train"];
    const { stdout } = await timbrel(dir, ["train", "features", "--out", "more", ...FROM, ...flags]);
    expect(stdout).toMatch(/^standardize, with the statistics of the train split, condition number/m);
    expect(stdout).toMatch(/, and the last layer's, since task and labels are the same$/m);
    expect(stdout).toMatch(/^frozen: block1 to block2; batch norm's averages: the model's$/m);
  });

  it.each<[string, number, string]>([
    ["--from nowhere.onnx", 1, "nowhere.onnx: model file does not exist; train one, or check the path"],
    ["--from run", 1, "run: is a folder; name the model file in it, e.g. run/model.onnx"],
    [
      "--from run/model.linear.onnx",
      1,
      "run/model.linear.onnx: is a linear baseline, which reads descriptors, not a net; use the model.onnx of the run",
    ],
    [
      "--from run/model.onnx --net mlp",
      2,
      "--net must match the model that training starts from, run/model.onnx, got mlp; leave it out, or train without --from",
    ],
    [
      "--from run/model.onnx --segment-frames 32",
      2,
      "--segment-frames must match the model that training starts from, run/model.onnx, got 32; leave it out, or train without --from",
    ],
    [
      "--from run/model.onnx --task multi-label",
      2,
      "--task must be that of the model that training starts from, single-label, got multi-label; leave it out, or train without the model",
    ],
    ["--from run/model.onnx --freeze 9", 2, "--freeze must be at most 2 for the model's 2 blocks, got 9"],
    ["--freeze top", 2, "--freeze must be none, body, gradual or a number of blocks, got top"],
    [
      "--freeze body",
      2,
      "--freeze must be used with --from, got a run that starts from no model; name the model with --from, or leave it out",
    ],
  ])("names a mistake: %s", async (flags, code, message) => {
    const found = await timbrel(dir, ["train", "features", "--out", "never", ...flags.split(" ")]);
    expect([found.code, found.stderr]).toEqual([code, `timbrel: ${message}\n`]);
  });

  it("names another front end, and how to extract with the model's", async () => {
    const twenty = [...FRONT_END.slice(0, -1), "20"];
    await timbrel(dir, ["extract", "others", "--out", "twenty", ...twenty]);
    const { stderr } = await timbrel(dir, ["train", "twenty", "--out", "never", ...FROM]);
    expect(stderr).toBe(
      "timbrel: twenty: holds features of a different front end from run/model.onnx (--n-mels 20 there, 16 here); extract them again: npm run extract -- <audio> --out <new store> --model run/model.onnx\n",
    );
    const both = await timbrel(dir, ["extract", "others", "--out", "never", "--model", "m", "--n-mels", "8"]);
    expect(both.stderr).toBe(
      "timbrel: option '-m, --model <file>' cannot be used with option '--n-mels <n>'\n",
    );
  });
});
