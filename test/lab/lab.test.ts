import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { type LabBench, labBench } from "../../src/lab/bench.js";
import {
  LAB_SECTIONS,
  type LabProgress,
  type LabSections,
  runLab,
  type SectionName,
} from "../../src/lab/lab.js";
import { runLabInFolder, sectionsKept } from "../../src/lab/lab-folder.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { rejectionOf } from "../store/message-of.js";
import { makeTinyStore } from "../training/tiny-store.js";

const NAMES = Object.keys(LAB_SECTIONS) as SectionName[];

let bench: LabBench;
let ran: SectionName[];

beforeAll(async () => {
  bench = await labBench(await makeTinyStore(), { seed: 1, isQuick: true, engine: ENGINE });
});
beforeEach(() => {
  ran = [];
});

/** Sections whose result is their own name. Each has a budget of 10 steps, but advances by 6 and then 20. */
function sections(changes: { failing?: SectionName; budget?: number } = {}): LabSections {
  const { failing, budget = 10 } = changes;
  return Object.fromEntries(
    NAMES.map((name) => [
      name,
      {
        budget: () => budget,
        run: async (given: LabBench) => {
          given.advance(6);
          if (name === failing) throw new Error(`${name} broke`);
          given.advance(20);
          ran.push(name);
          return { name, conditionNumber: Number.POSITIVE_INFINITY };
        },
      },
    ]),
  ) as unknown as LabSections;
}

const found = (name: SectionName) => ({ name, conditionNumber: Number.POSITIVE_INFINITY });

describe("runLab", () => {
  it("runs every section, and describes the data", async () => {
    const result = await runLab(bench, { sections: sections() });
    expect(ran).toEqual([
      "gradientFlow",
      "inputNormalization",
      "initialization",
      "batchNorm",
      "optimization",
    ]);
    expect(result).toMatchObject({
      store: bench.data.name,
      isQuick: true,
      seed: 1,
      batchNorm: found("batchNorm"),
    });
    expect(result.data).toEqual({
      nTrain: 15,
      nValid: 6,
      nTest: 6,
      labels: ["hiss", "hum", "tone"],
      splitHash: bench.splits.hash,
      frontEndHash: bench.data.frontEndHash,
      measure: "balanced accuracy",
    });
  });

  it("reports its progress, never beyond a section's budget", async () => {
    const reports: LabProgress[] = [];
    await runLab(bench, { sections: sections(), onProgress: (progress) => reports.push(progress) });
    expect(reports.map(({ done }) => done)).toEqual(
      [0, 10, 20, 30, 40].flatMap((at) => [at + 6, at + 10, at + 10]),
    );
    expect(new Set(reports.map(({ total }) => total))).toEqual(new Set([50]));
    expect(reports[4].section).toBe("inputNormalization");
  });

  it("stops before the next section when the signal aborts", async () => {
    const stop = new AbortController();
    const running = runLab(
      { ...bench, signal: stop.signal },
      { sections: sections(), onSection: () => stop.abort() },
    );
    await expect(running).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    expect(ran).toEqual(["gradientFlow"]);
  });
});

describe("runLabInFolder", () => {
  it("writes the numbers, including Infinity", async () => {
    const dir = join(makeFolder(), "new");
    const result = await runLabInFolder(bench, dir, { sections: sections() });
    expect(readdirSync(dir)).toEqual(["lab.json"]);
    expect(JSON.parse(readFileSync(join(dir, "lab.json"), "utf8"))).toEqual(result);
    expect(result.inputNormalization.conditionNumber).toBe(Number.POSITIVE_INFINITY);
  });

  it("continues after the last finished section", async () => {
    const dir = makeFolder();
    const broken = runLabInFolder(bench, dir, { sections: sections({ failing: "initialization" }) });
    await expect(broken).rejects.toThrow("initialization broke");
    expect(ran).toEqual(["gradientFlow", "inputNormalization"]);
    expect(sectionsKept(dir)).toBe(2);

    const totals: number[] = [];
    const onProgress = ({ total }: LabProgress) => totals.push(total);
    const result = await runLabInFolder(bench, dir, { sections: sections(), onProgress });
    expect(ran).toEqual(NAMES);
    expect(totals[0]).toBe(30);
    expect(result).toEqual(await runLab(bench, { sections: sections() }));
    expect(readdirSync(dir)).toEqual(["lab.json"]);
  });

  it("does not continue with other settings, data or budgets, unless it may overwrite", async () => {
    const dir = makeFolder();
    const failing = sections({ failing: "batchNorm" });
    await expect(runLabInFolder(bench, dir, { sections: failing })).rejects.toThrow("batchNorm broke");
    const others: [Partial<LabBench>, LabSections][] = [
      [{ seed: 2 }, sections()],
      [{ isQuick: false }, sections()],
      [{ splits: { ...bench.splits, hash: "other" } }, sections()],
      [{ data: { ...bench.data, frontEndHash: "other" } }, sections()],
      [{}, sections({ budget: 11 })],
    ];
    for (const [changes, made] of others)
      expect(await rejectionOf(runLabInFolder({ ...bench, ...changes }, dir, { sections: made }))).toBe(
        `outDir must not hold a stopped lab with other settings or data, got ${dir}/lab.partial.json; use the same settings and data, another folder, or \`overwrite\``,
      );
    ran = [];
    await runLabInFolder({ ...bench, seed: 2 }, dir, { sections: sections(), overwrite: true });
    expect(ran).toEqual(NAMES);
  });

  it("keeps a finished lab unless it may overwrite", async () => {
    const dir = makeFolder();
    await runLabInFolder(bench, dir, { sections: sections() });
    expect(await rejectionOf(runLabInFolder(bench, dir, { sections: sections() }))).toBe(
      `outDir must be a folder without a finished lab, got ${dir}, which holds lab.json; use another folder, or \`overwrite\``,
    );
    // An overwrite that was stopped continues, too, with the same call.
    const failing = sections({ failing: "batchNorm" });
    await expect(runLabInFolder(bench, dir, { sections: failing, overwrite: true })).rejects.toThrow("broke");
    expect(existsSync(join(dir, "lab.json"))).toBe(true);
    ran = [];
    await runLabInFolder(bench, dir, { sections: sections(), overwrite: true });
    expect(ran).toEqual(["batchNorm", "optimization"]);
  });

  it("runs nothing if the folder cannot be made", async () => {
    const file = join(makeFolder(), "file");
    writeFileSync(file, "");
    await expect(runLabInFolder(bench, file, { sections: sections() })).rejects.toThrow(file);
    expect(ran).toEqual([]);
  });

  it("names a damaged file", async () => {
    const dir = makeFolder();
    const path = join(dir, "lab.partial.json");
    for (const [content, reason] of [
      ["{", "Expected property name"],
      ["{}", "key or sections missing"],
      ["null", "Cannot destructure"],
    ]) {
      writeFileSync(path, content);
      const running = runLabInFolder(bench, dir, { sections: sections() });
      await expect(running).rejects.toThrow(DataError);
      await expect(runLabInFolder(bench, dir, { sections: sections() })).rejects.toThrow(
        `${path}: is not a stopped lab (${reason}`,
      );
    }
  });
});
