import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { countTable, manifestCsv, unsplitCsv } from "../../scripts/data/manifest.js";
import { listRecordings } from "../../scripts/data/recordings.js";

const dir = resolve(import.meta.dirname, "../../data/recordings");
const rows = listRecordings(dir);

describe("listRecordings", () => {
  it("lists every file of the packages, where it is, as test", () => {
    expect(rows).toHaveLength(305);
    expect(rows.filter(({ path }) => !existsSync(join(dir, path)))).toEqual([]);
    expect(new Set(rows.map(({ split }) => split))).toEqual(new Set(["test"]));
    expect(rows.filter(({ path }) => path.includes(" ")).map(({ path }) => path.split("/").at(-1))).toEqual([
      "F2 v2.wav",
      "G2 v2.wav",
    ]);
  });
  it("trains on half of the packages, if one is named, and tests on the other", () => {
    const halves = (["a", "b"] as const).map((half) => listRecordings(dir, half));
    const groups = halves.map(
      (all) => new Set(all.filter(({ split }) => split === "train").map((row) => row.group)),
    );
    expect(groups.map((half) => half.size)).toEqual([6, 6]);
    for (const [i, half] of halves.entries()) {
      const tested = half.filter(({ split }) => split === "test");
      expect(new Set(tested.map(({ group }) => group))).toEqual(groups[1 - i]);
      const trained = half.filter(({ split }) => split === "train").map(({ label }) => label);
      for (const label of ["guitar", "string"] as const) {
        expect(trained).toContain(label);
        expect(tested.map((row) => row.label)).toContain(label);
      }
    }
  });
  it("gives the recordings their classes", () => {
    const counts: Record<string, number> = {};
    for (const { label } of rows) counts[label] = (counts[label] ?? 0) + 1;
    expect(counts).toEqual({
      bass: 17,
      string: 88,
      flute: 10,
      guitar: 54,
      keyboard: 85,
      reed: 32,
      brass: 11,
      mallet: 8,
    });
  });
});

describe("manifest", () => {
  const row = { path: "a b.wav", label: "organ", group: "g", split: "valid" } as const;
  it("is a CSV with a header", () => {
    expect(manifestCsv([row])).toBe("path,label,group,split\na b.wav,organ,g,valid\n");
    const rows = [row, { ...row, split: "test" as const }];
    expect(unsplitCsv(rows, { withGroups: true })).toBe("path,label,group\na b.wav,organ,g\n");
    expect(unsplitCsv(rows, { withGroups: false })).toBe("path,label\na b.wav,organ\n");
  });
  it("has no field that needs quotes", () => {
    expect(rows.filter((one) => /[",\n]/.test(Object.values(one).join("")))).toEqual([]);
  });
  it("counts clips and groups", () => {
    expect(countTable([row, row])).toMatch(/^organ +2 \(1\)$/m);
  });
});
