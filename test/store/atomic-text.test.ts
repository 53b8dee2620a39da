import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AtomicText } from "../../src/store/atomic-text.js";
import { makeFolder } from "./files.js";

describe("a text that is written in pieces", () => {
  it("gets its name when it is whole, and its folder if that is missing", () => {
    const dir = makeFolder();
    const path = join(dir, "new", "a.csv");
    const text = new AtomicText(path);
    const line = `${"ü".repeat(999)}\n`;
    for (let i = 0; i < 100; i++) text.write(line); // more than is held
    expect(existsSync(path)).toBe(false);
    text.end();
    text.discard();
    expect(readFileSync(path, "utf8")).toBe(line.repeat(100));
    expect(readdirSync(join(dir, "new"))).toEqual(["a.csv"]);
  });
  it("leaves the old file as it was if it is discarded", () => {
    const dir = makeFolder();
    writeFileSync(join(dir, "a.csv"), "old");
    const text = new AtomicText(join(dir, "a.csv"));
    text.write("new");
    text.discard();
    expect(readdirSync(dir)).toEqual(["a.csv"]);
    expect(readFileSync(join(dir, "a.csv"), "utf8")).toBe("old");
  });
  it("says why it cannot be written, and leaves nothing behind", () => {
    const dir = makeFolder();
    mkdirSync(join(dir, "folder"));
    const text = new AtomicText(join(dir, "folder"));
    text.write("new");
    expect(() => text.end()).toThrow(`${join(dir, "folder")}: cannot be written: `);
    text.discard();
    expect(readdirSync(dir)).toEqual(["folder"]);
    writeFileSync(join(dir, "file"), "");
    expect(() => new AtomicText(join(dir, "file", "a.csv"))).toThrow(/file: is a file; choose a folder$/);
  });
});
