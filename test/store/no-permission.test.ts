import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { findAudio } from "../../src/store/audio-files.js";
import { scanSource } from "../../src/store/scan.js";
import { openStore } from "../../src/store/store.js";
import { makeFolder, writeFiles } from "./files.js";
import { messageOf } from "./message-of.js";

// Root may read everything, so the file system plays a folder named `locked` that nobody may read.
vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  const denied = (syscall: string) => Object.assign(new Error("EACCES"), { code: "EACCES", syscall });
  return {
    ...fs,
    readdirSync(path: string, ...options: []) {
      if (path.endsWith("locked")) throw denied("scandir");
      return fs.readdirSync(path, ...options);
    },
    statSync(path: string, ...options: []) {
      if (path.includes("locked/")) throw denied("stat");
      return fs.statSync(path, ...options);
    },
  };
});

it("a class folder without permission gives one line", () => {
  const dir = makeFolder();
  writeFiles(dir, { "piano/a.wav": "x", "locked/b.wav": "x", "piano/deep/locked/c.wav": "x" });
  expect(scanSource(dir)).toMatchObject({
    clips: [{ name: "piano/a.wav" }],
    problems: [
      `${dir}/locked: cannot be read: permission denied`,
      `${dir}/piano/deep/locked: cannot be read: permission denied`,
    ],
  });
});

it("a source without permission says so", () => {
  const dir = join(makeFolder(), "locked");
  writeFiles(dir, { "piano/a.wav": "x" });
  expect(messageOf(() => scanSource(dir))).toBe(`${dir}: cannot be read: permission denied`);
  const lines: string[] = [];
  expect(findAudio(dir, (line) => lines.push(line))).toEqual([]);
  expect(lines).toEqual([`${dir}: cannot be read: permission denied`]);
});

it("a store without permission is not called something else", () => {
  const dir = join(makeFolder(), "locked");
  writeFiles(dir, { "store.json": "{}" });
  expect(messageOf(() => openStore(dir))).toBe(`${dir}/store.json: cannot be read: permission denied`);
});
