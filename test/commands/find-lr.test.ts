import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { FRONT_END, jsonLines, makeFolder, NET, timbrel, writeTones } from "./cli.js";

let dir: string;
beforeAll(async () => {
  dir = makeFolder();
  writeTones(join(dir, "audio"), { low: 200, high: 2000 }, 8);
  await timbrel(dir, ["extract", "audio", "--out", "features", ...FRONT_END]);
});

const train = (...args: string[]) => ["train", "features", ...args, ...NET];

describe("train --find-lr", () => {
  it("shows the losses, suggests rates, and writes a curve but no run", async () => {
    const { code, stdout, stderr } = await timbrel(
      dir,
      train("--out", "run", "--find-lr", "--optimizer", "sgd"),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^learning rate {2}smoothed loss$/m);
    expect(stdout).toMatch(/^(diverged after step \d+ of 200, rate \S+|all 200 rates were tried)$/m);
    expect(stdout).toContain("written: run/find-lr.json, run/find-lr.html\n");
    expect(stderr).toMatch(/^trying learning rates 10 % \(20\/200\)/m);
    expect(readdirSync(join(dir, "run")).sort()).toEqual(["find-lr.html", "find-lr.json"]);
    const [found] = jsonLines(readFileSync(join(dir, "run/find-lr.json"), "utf8"));
    expect(found).toMatchObject({ store: "features", config: { optimizer: { kind: "sgd" } } });
    const { tenthOfLowest } = found["suggested"] as { tenthOfLowest: number };
    expect(stdout).toContain(
      `next:  npm run train -- features --out run --optimizer sgd ${NET.join(" ")} --learning-rate ${tenthOfLowest.toPrecision(2)}\n`,
    );
  });
  it("stops on Ctrl-C and writes nothing", async () => {
    const { code, stderr } = await timbrel(dir, train("--out", "stopped", "--find-lr"), {
      interruptAt: /rates 10 %/,
    });
    expect(code).toBe(130);
    expect(stderr).toMatch(/stopped; nothing was written\n$/);
    expect(existsSync(join(dir, "stopped"))).toBe(false);
  });
  it.each(["resume", "overwrite", "tensorboard"])("cannot be used with --%s", async (other) => {
    expect(await timbrel(dir, train("--out", "run", "--find-lr", `--${other}`))).toEqual({
      code: 2,
      stdout: "",
      stderr: `timbrel: --find-lr must be used without --${other}, because it trains nothing, got both; leave out one of them\n`,
    });
  });
});
