import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { FRONT_END, jsonLines, makeFolder, timbrel, write, writeTones } from "./cli.js";

let dir: string;
beforeAll(async () => {
  dir = makeFolder();
  writeTones(join(dir, "audio"), { low: 200, high: 2000 }, 8);
  await timbrel(dir, ["extract", "audio", "--out", "features", ...FRONT_END]);
  const deep = { kind: "mlp", units: [8, 8, 8, 8, 8, 8], activation: "tanh", init: "small", dropout: 0 };
  write(dir, "deep.json", JSON.stringify(deep));
});

const DEEP = ["--net", "deep.json", "--segment-frames", "16", "--threads", "1"];
const train = (out: string, ...flags: string[]) =>
  timbrel(dir, ["train", "features", "--out", out, ...DEEP, ...flags]);

describe("train --watch", () => {
  it("warns once about each layer whose gradient vanishes, and ends with the flow through every layer", async () => {
    const flags = ["--no-batch-norm", "--epochs", "2", "--learning-rate", "1e-6"];
    const { code, stdout, stderr } = await train("sick", "--watch", ...flags);
    expect(code).toBe(0);
    const warnings = stderr.split("\n").filter((line) => line.startsWith("warning: "));
    expect(warnings[0]).toMatch(/^warning: hidden1 vanishes: its gradient is \S+e-\d+ of the output's$/);
    expect(stderr.match(/^ {2}against vanishing: batch norm, /gm)).toHaveLength(1);
    expect(new Set(warnings).size).toBe(warnings.length);
    expect(warnings.filter((line) => line.includes("hidden1 vanishes"))).toHaveLength(1);
    expect(stdout).toContain(
      "epoch 2, means over every eighth step; every epoch is drawn in sick/watch.html\nlayer ",
    );
    for (const layer of ["hidden1", "hidden6", "output"])
      expect(stdout).toMatch(new RegExp(`^${layer}( +\\S+){2} +(\\S+ %|-)( +\\S+){3}$`, "m"));
    expect(readFileSync(join(dir, "sick/watch.html"), "utf8")).toContain("epoch 2");
    const records = jsonLines(readFileSync(join(dir, "sick/metrics.jsonl"), "utf8"));
    expect(records.map(({ layers }) => (layers as unknown[]).length)).toEqual([7, 7]);
  });
  it("does not warn about the same net with batch norm", async () => {
    const { code, stderr } = await train("sound", "--watch", "--epochs", "1");
    expect(code).toBe(0);
    expect(stderr).not.toContain("vanishes");
  });
  it("shows none of this without --watch", async () => {
    const { stdout, stderr } = await train("plain", "--no-batch-norm", "--epochs", "1");
    expect(stdout + stderr).not.toMatch(/vanishes|means over every eighth step/);
    expect(existsSync(join(dir, "plain/watch.html"))).toBe(false);
  });
});

describe("train", () => {
  it.each([
    [
      "--normalize whiten --keep-variance 0.9",
      /^whiten, condition number of the input's covariance \S+ -> 1(\.0\d)?$/m,
    ],
    [
      "--level segment",
      /^every segment at one level, standardize, condition number of the input's covariance /m,
    ],
    ["--normalize none", /^not normalized, condition number of the input's covariance [^>]+$/m],
  ])("prints the condition number of the input: %s", async (flags, line) => {
    const { stdout } = await train("condition", ...flags.split(" "), "--epochs", "1", "--overwrite");
    expect(stdout).toMatch(/^single-label, mlp of 8-8-8-8-8-8 units, \d+ parameters,$/m);
    expect(stdout).toMatch(line);
  });
  it("stops with one line when the loss is not finite, and keeps the last weights of a finite loss", async () => {
    const flags = ["--init", "he-normal", "--activation", "relu", "--no-batch-norm", "--optimizer", "sgd"];
    const { code, stderr } = await train("diverged", ...flags, "--learning-rate", "1e12");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /(^|\n)timbrel: --learning-rate must keep the loss finite, got a loss of (NaN|Infinity) at epoch 1, step \d+, at a rate of [^\n]*; use a smaller one; the last weights with a finite loss are kept in diverged\/diverged\.safetensors\n$/,
    );
    expect(existsSync(join(dir, "diverged/diverged.safetensors"))).toBe(true);
  });
});
