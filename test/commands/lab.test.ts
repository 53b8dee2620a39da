import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { madeUpResult } from "../lab/page/lab-result.js";
import { FRONT_END, makeFolder, timbrel, write, writeTones } from "./cli.js";

let dir: string;

beforeAll(async () => {
  dir = makeFolder();
  writeTones(join(dir, "audio"), { low: 200, high: 2000 }, 10);
  expect((await timbrel(dir, ["extract", "audio", "--out", "features", ...FRONT_END])).code).toBe(0);
});

const LAB = ["lab", "features", "--quick", "--threads", "1"];

describe("lab", () => {
  it("stops on Ctrl-C, keeps what is done, and continues with the same command", async () => {
    // A line of the second section: however slow the machine, the first is done by then and the second is not.
    const stopped = await timbrel(dir, [...LAB, "--out", "stopped"], {
      interruptAt: /^lab .*, input normalization$/,
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(
      /stopped; 1 of 5 sections are kept; to continue:\n {2}npm run lab -- features --quick --threads 1 --out stopped\n$/,
    );
    const partial = JSON.parse(readFileSync(join(dir, "stopped/lab.partial.json"), "utf8")) as {
      key: string;
      sections: object;
    };
    expect(Object.keys(partial.sections)).toEqual(["gradientFlow"]);

    const other = await timbrel(dir, [...LAB, "--out", "stopped", "--seed", "2"]);
    expect([other.code, other.stdout]).toEqual([2, ""]);
    expect(other.stderr).toMatch(
      /^timbrel: --out must not hold a stopped lab with other settings or data, got stopped.*, or --overwrite$/m,
    );

    // As if the other four had been run as well.
    const { gradientFlow, inputNormalization, initialization, batchNorm, optimization } = madeUpResult();
    const sections = { gradientFlow, inputNormalization, initialization, batchNorm, optimization };
    write(dir, "stopped/lab.partial.json", JSON.stringify({ key: partial.key, sections }));
    const done = await timbrel(dir, [...LAB, "--out", "stopped"]);
    expect([done.code, done.stdout, done.stderr]).toEqual([
      0,
      "page:    stopped/lab.html\nnumbers: stopped/lab.json\n",
      "",
    ]);
    expect(readdirSync(join(dir, "stopped")).sort()).toEqual(["lab.html", "lab.json"]);
    const numbers = JSON.parse(readFileSync(join(dir, "stopped/lab.json"), "utf8")) as Record<
      string,
      unknown
    >;
    expect(numbers).toMatchObject({ store: "features", isQuick: true, seed: 1, data: { nTrain: 14 } });
    expect(readFileSync(join(dir, "stopped/lab.html"), "utf8")).toMatch(/^<!doctype html>/i);

    const again = await timbrel(dir, [...LAB, "--out", "stopped"]);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/^timbrel: --out must be a folder without a finished lab, got stopped/);
  });

  it("rejects a missing store and a bad seed", async () => {
    const missing = await timbrel(dir, ["lab", "nothing"]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/^timbrel: nothing: .*\n$/)]);
    const seed = await timbrel(dir, ["lab", "features", "--seed", "-1"]);
    expect([seed.code, seed.stderr]).toEqual([
      2,
      "timbrel: --seed must be an integer of at least 0, got -1\n",
    ]);
  });
});
