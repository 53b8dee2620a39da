import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeModel } from "../../src/tagging/model-file.js";
import { FRONT_END, makeFolder, NET, type Outcome, timbrel, writeTones } from "./cli.js";

let dir: string;
const FROM = ["--from", "run/model.onnx", "--threads", "1"];
const modelIn = (folder: string) => {
  const path = join(dir, folder, "model.onnx");
  return decodeModel(readFileSync(path), path);
};

const run = (...args: string[]) => timbrel(dir, args);

beforeAll(async () => {
  dir = makeFolder();
  writeTones(join(dir, "audio"), { low: 200, mid: 700, high: 2000 }, 6);
  writeTones(join(dir, "others"), { bass: 150, treble: 2500 }, 6);
  await run("extract", "audio", "--out", "features", ...FRONT_END);
  await run("train", "features", "--out", "run", "--epochs", "1", ...NET);
});

describe("train --from", () => {
  const flags = ["--freeze", "gradual", "--bn-statistics", "adapt"];
  let extracted: Outcome;
  let trained: Outcome;
  beforeAll(async () => {
    extracted = await run("extract", "others", "--out", "new", "--model", "run/model.onnx");
    trained = await run("train", "new", "--out", "fine", "--epochs", "1", ...FROM, ...flags);
  });

  it("learns other classes from a model, in a store with its front end", () => {
    expect(extracted.stdout).toContain(
      "next: npm run train -- new --out models/mine --from run/model.onnx\n",
    );
    const { stdout } = trained;
    expect(stdout).toMatch(/^standardize, with the statistics of the model$/m);
    expect(stdout).toMatch(
      /^starts from run\/model\.onnx: weights of block1 to block2, and a new last layer for 2 labels \(the model has 3\), fitted to their embeddings$/m,
    );
    expect(stdout).toMatch(
      /^frozen: block1 to block2 at first, fewer and fewer up to the middle of the run; batch norm's averages: the model's, adapted where blocks train$/m,
    );
    const { info, normalization } = modelIn("fine");
    expect(info.labels).toEqual(["bass", "treble"]);
    expect(info.start!.labels).toEqual(["high", "low", "mid"]);
    expect(normalization).toEqual(modelIn("run").normalization);
  });

  it("is resumed with the same model, and shows it in its summary", async () => {
    const resume = ["train", "new", "--out", "fine", "--resume", "--epochs", "2"];
    const [summary, without] = await Promise.all([run("summary", "fine/model.onnx"), run(...resume)]);
    expect(summary.stdout).toMatch(/^training started from a model of 3 labels$/m);
    expect(without.stderr).toBe(
      "timbrel: --from must be the model that the checkpoint's run started from, got none\n",
    );
    const resumed = await run(...resume, ...FROM);
    expect(resumed.stdout).toContain("epochs 1 to 1 of 2 are already done");
    expect(resumed.code).toBe(0);
  });

  it("goes on with the same labels, with the statistics of the new clips if that is asked for", async () => {
    const body = ["--epochs", "1", "--freeze", "body", "--statistics", "train"];
    const { stdout } = await run("train", "features", "--out", "more", ...FROM, ...body);
    expect(stdout).toMatch(/^standardize, with the statistics of the train split, condition number/m);
    expect(stdout).toMatch(/, and the last layer's, since task and labels are the same$/m);
    expect(stdout).toMatch(/^frozen: block1 to block2; batch norm's averages: the model's$/m);
  });

  it.each<[string, number, string]>([
    ["--from nowhere.onnx", 1, "nowhere.onnx: model file does not exist; train one, or check the path"],
    ["--from run", 1, "run: is a folder; name the model file in it, e.g. run/model.onnx"],
    [
      "--from features",
      1,
      "features: is a store of features, not a model; name a model file, e.g. models/mine/model.onnx",
    ],
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
      "--task must equal single-label, the task of the model that training starts from, got multi-label; leave it out, or train without the model",
    ],
    ["--from run/model.onnx --freeze 9", 2, "--freeze must be at most 2 for the model's 2 blocks, got 9"],
    ["--freeze top", 2, "--freeze must be none, half, body, gradual or a number of blocks, got top"],
    [
      "--freeze body",
      2,
      "--freeze must be used with --from, got a run that starts from no model; name the model with --from, or leave it out",
    ],
  ])("names a mistake: %s", async (flags, code, message) => {
    const found = await run("train", "features", "--out", "never", ...flags.split(" "));
    expect([found.code, found.stderr]).toEqual([code, `timbrel: ${message}\n`]);
  });

  it("names another front end, and how to extract with the model's", async () => {
    await run("extract", "others", "--out", "twenty", ...FRONT_END.slice(0, -1), "20");
    const [{ stderr }, both] = await Promise.all([
      run("train", "twenty", "--out", "never", ...FROM),
      run("extract", "others", "--out", "never", "--model", "m", "--n-mels", "8"),
    ]);
    expect(stderr).toBe(
      "timbrel: twenty: holds features of a different front end from run/model.onnx (--n-mels 20 there, 16 here); extract them again: npm run extract -- <audio> --out <new store> --model run/model.onnx\n",
    );
    expect(both.stderr).toBe(
      "timbrel: option '-m, --model <file>' cannot be used with option '--n-mels <n>'\n",
    );
  });
});
