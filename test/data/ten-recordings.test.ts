import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { ManifestRow } from "../../scripts/data/manifest.js";
import { listRecordings } from "../../scripts/data/recordings.js";
import { answerTable, drawRecordings } from "../../scripts/ten-recordings.js";

const rows = listRecordings(resolve(import.meta.dirname, "../../data/recordings"));

describe("ten recordings", () => {
  it("are of ten instruments, drawn by the seed", () => {
    const drawn = drawRecordings(rows, 1);
    expect(drawn).toHaveLength(10);
    expect(new Set(drawn.map(({ group }) => group)).size).toBe(10);
    expect(drawn.every((row) => rows.includes(row))).toBe(true);
    expect(drawRecordings(rows, 1)).toEqual(drawn);
    expect(drawRecordings(rows, 2)).not.toEqual(drawn);
  });

  it("are of fewer instruments if there are fewer, and never the same twice", () => {
    const piano = rows.filter(({ label }) => label === "keyboard").slice(0, 12);
    expect(new Set(drawRecordings(piano, 1)).size).toBe(10);
    expect(drawRecordings(piano.slice(0, 3), 1)).toHaveLength(3);
  });

  it("are shown beside their answers, with the number that are right", () => {
    const row = (name: string, label: ManifestRow["label"]): ManifestRow => ({
      ...{ path: `../../node_modules/tonejs-instrument-${name}.wav`, label, group: name, split: "test" },
    });
    const drawn = [
      row("violin-wav/A4", "string"),
      row("cello-wav/F2 v2", "string"),
      row("flute-wav/C5", "flute"),
    ];
    const csv = [
      "file,start,end,predicted,brass,flute,string",
      "a.wav,0,1,string,0.1,0.2,0.7",
      '"b, c.wav",0,1,brass,0.512,0.2,0.288',
      "c.wav,0,1,unknown,0.3,0.4,0.3",
    ].join("\n");
    expect(answerTable(drawn, csv).split("\n")).toEqual([
      "recording    is      answer   probability",
      "violin A4    string  string        70.0 %  right",
      "cello F2 v2  string  brass         51.2 %  wrong",
      "flute C5     flute   unknown            -  wrong",
      "1 of 3 answers are right",
    ]);
  });
});
