import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { splitTable } from "../../src/report/split-table.js";
import { table } from "../../src/report/table.js";
import { visible, visibleLine } from "../../src/report/terminal.js";
import { clipOf } from "../dataset/stored-clips.js";

const EVIL = "red\u001b[31m\u0007\u0000\u009b2J\u007f\u202edrow\r";
const HARMLESS = "red\\u001b[31m\\u0007\\u0000\\u009b2J\\u007f\\u202edrow\\u000d";

describe("text for the terminal", () => {
  it("shows control characters instead of obeying them, and keeps lines, tabs and letters of any script", () => {
    expect(visible(EVIL)).toBe(HARMLESS);
    expect(visible("a\tb\n\u00e9\u97f3\u05d0\u{1f3bb}")).toBe("a\tb\n\u00e9\u97f3\u05d0\u{1f3bb}");
    expect(visibleLine("a\nb\tc")).toBe("a\\nb\\tc");
  });

  it("stays the same value in JSON", () => {
    const text = visible(JSON.stringify({ label: EVIL }));
    expect(text).toMatch(/^[ -~]+$/);
    expect(JSON.parse(text)).toEqual({ label: EVIL });
  });

  it("keeps the columns of tables straight", () => {
    expect(
      table([
        ["label", "n"],
        [EVIL, "1"],
        ["a\nb", "2"],
      ]).split("\n"),
    ).toEqual([
      `label${" ".repeat(HARMLESS.length - 5)}  n`,
      `${HARMLESS}  1`,
      `a\\nb${" ".repeat(HARMLESS.length - 4)}  2`,
    ]);
    const splits = { train: [clipOf("a", `${EVIL}\n`)], valid: [], test: [], hash: "" };
    expect(splitTable(splits)).toContain(`${HARMLESS.slice(0, 19)}…  `);
  });

  it("is written by the functions that escape it and nowhere else", () => {
    const src = fileURLToPath(new URL("../../src/", import.meta.url));
    const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    const writes = /\bconsole\.|\b(stdout|stderr|stream)\.write\(/;
    const code = (file: string) => readFileSync(src + file, "utf8").replace(/^ *(\*|\/\*\*|\/\/).*$/gm, "");
    // test/floors.test.ts checks the rooms below report. The progress bar writes a line that it has escaped above the bar.
    const isTop = (file: string) => /^(commands|lab|report)\/|^[\w-]+\.ts$/.test(file);
    expect(files.filter((file) => isTop(file) && writes.test(code(file))).sort()).toEqual([
      "report/progress.ts",
      "report/terminal.ts",
    ]);
  });
});
