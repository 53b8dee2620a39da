import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { ensureFolder, writeAtomically, writeTogether } from "../../src/store/atomic-file.js";
import { onDisk } from "../../src/store/system-errors.js";
import { makeFolder } from "./files.js";

it("only these files of the library write files", () => {
  const src = join(import.meta.dirname, "../../src");
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.startsWith("commands"),
  );
  const imports =
    /^import \{[^}]*\b(?:write\w*|append\w*|rename\w*|createWriteStream)\b[^}]*\} from "node:fs/m;
  const writers = files.filter((file) => imports.test(readFileSync(join(src, file), "utf8")));
  expect(writers.map((file) => file.replaceAll("\\", "/")).sort()).toEqual([
    "store/atomic-file.ts",
    "store/atomic-text.ts",
    "store/embedding-files.ts",
    "store/embedding-table.ts",
    "store/extract-clip.ts",
    "store/folder-lock.ts",
    "store/grow-file.ts",
    "store/npy-writer.ts",
    "store/source-index.ts",
    "store/store.ts",
  ]);
});

describe("writeAtomically", () => {
  it("makes the folders that it needs, replaces a file, and leaves nothing else", () => {
    const dir = makeFolder();
    const path = join(dir, "a/b/c.txt");
    writeAtomically(path, "old");
    writeAtomically(path, new TextEncoder().encode("new"), { flush: false });
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readdirSync(join(dir, "a/b"))).toEqual(["c.txt"]);
  });

  it.each([
    ["a folder in its place", (dir: string) => join(dir, "folder"), "it is a folder"],
    [
      "a file as its folder",
      (dir: string) => join(dir, "file/x"),
      "a part of its path is a file, not a folder",
    ],
    ["a name of 250 letters", (dir: string) => join(dir, "x".repeat(250)), "the name is too long"],
  ])("names the path and the reason: %s", (_, pathIn, reason) => {
    const dir = makeFolder();
    mkdirSync(join(dir, "folder"));
    writeFileSync(join(dir, "file"), "kept");
    const path = pathIn(dir);
    const write = () => writeAtomically(path, "x");
    expect(write).toThrow(DataError);
    expect(write).toThrow(`${path}: cannot be written: ${reason}`);
    expect(readdirSync(dir)).toEqual(["file", "folder"]);
    expect(readFileSync(join(dir, "file"), "utf8")).toBe("kept");
  });
});

describe("ensureFolder", () => {
  it("makes what is missing, and says what it made", () => {
    const dir = makeFolder();
    expect(ensureFolder(join(dir, "a/b"))).toEqual([join(dir, "a"), join(dir, "a/b")]);
    expect(ensureFolder(join(dir, "a/b"))).toEqual([]);
  });
  it("names a file that is in the way", () => {
    const path = join(makeFolder(), "file");
    writeFileSync(path, "");
    expect(() => ensureFolder(path)).toThrow(`${path}: is a file; choose a folder`);
    expect(() => ensureFolder(join(path, "x"))).toThrow(
      `${join(path, "x")}: cannot be written: a part of its path is a file, not a folder`,
    );
  });
});

describe("onDisk", () => {
  const failing = (code: string) => () => {
    throw Object.assign(new Error("raw"), { code, syscall: "open", errno: -1 });
  };
  it.each([
    ["ENOSPC", "no space is left on the device"],
    ["EDQUOT", "the disk quota is used up"],
    ["EFBIG", "the file would be larger than the limit"],
    ["EACCES", "permission denied"],
    ["EPERM", "permission denied"],
    ["EROFS", "the device is read-only"],
    ["EMFILE", "too many files are open"],
    ["EXDEV", "EXDEV"],
  ])("says what %s means", (code, reason) => {
    const work = () => onDisk("written", "a.txt", failing(code));
    expect(work).toThrow(DataError);
    expect(work).toThrow(`a.txt: cannot be written: ${reason}`);
  });
  it("lets a bug through", () => {
    const bug = new TypeError("a bug");
    expect(() =>
      onDisk("read", "a.txt", () => {
        throw bug;
      }),
    ).toThrow(bug);
  });
});

describe("writeTogether", () => {
  it("writes all files, or leaves all as they were if one cannot be written", () => {
    const dir = makeFolder();
    const [a, b] = [join(dir, "a"), join(dir, "new/b")];
    writeTogether(
      new Map([
        [a, "1"],
        [b, "2"],
      ]),
    );
    expect([readFileSync(a, "utf8"), readFileSync(b, "utf8")]).toEqual(["1", "2"]);
    const files = new Map([
      [b, "3"],
      [join(dir, "other"), "4"],
      [join(a, "in a file"), "5"],
    ]);
    expect(() => writeTogether(files)).toThrow(DataError);
    expect(readFileSync(b, "utf8")).toBe("2");
    expect([readdirSync(dir), readdirSync(join(dir, "new"))]).toEqual([["a", "new"], ["b"]]);
  });
});
