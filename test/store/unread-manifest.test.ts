import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scanSource } from "../../src/store/scan.js";
import { makeFolder, writeFiles } from "./files.js";
import { messageOf } from "./message-of.js";

/** A folder with these files, and the path of the last one. */
function folderOf(files: Record<string, string>): { dir: string; manifest: string } {
  const dir = makeFolder();
  writeFiles(dir, files);
  return { dir, manifest: join(dir, Object.keys(files).at(-1)!) };
}

const FOLDERS = { "piano/a.wav": "x", "drums/b.wav": "x" };

describe("a manifest beside class folders", () => {
  it.each([
    ["manifest.csv", "path,label,group\npiano/a.wav,piano,1\n"],
    ["manifest.CSV", "\ufeffpath;label\r\npiano/a.wav;  piano\r\n"],
    ["excel.csv", "sep=;\r\npath;label\r\npiano/a.wav;piano\r\n"],
    ["labels.tsv", "split\tpath\tlabel\ntrain\tpiano/a.wav\tpiano\n"],
    ["all.jsonl", '\n{"path": "piano/a.wav", "label": "piano"}\n'],
    ["missing.csv", "path,label\nelsewhere.wav,flute\n"],
    ["broken.csv", "path,label,split\npiano/a.wav,flute,tomorrow\n"],
  ])("gives a warning that it is not read: %s", (name, text) => {
    const { dir, manifest } = folderOf({ ...FOLDERS, [name]: text });
    const { clips, problems } = scanSource(dir);
    expect(clips.map(({ labels }) => labels)).toEqual([["drums"], ["piano"]]);
    expect(problems).toEqual([
      `${manifest}: warning: is a manifest with the columns path and label, but the folders are read as classes; extract the manifest itself to use its labels`,
    ]);
  });

  it("is an error if its labels are not those of the folders", () => {
    const { dir, manifest } = folderOf({
      "train/x/a.wav": "x",
      "valid/x/b.wav": "x",
      "manifest.csv": "path,label\ntrain/x/a.wav,piano|harp\nvalid/x/b.wav,x\n",
    });
    expect(messageOf(() => scanSource(dir))).toBe(
      `${manifest}: is a manifest that labels train/x/a.wav harp|piano, but its folder says x; extract the manifest itself to use its labels, or move it elsewhere to use the folders`,
    );
  });

  it("is named if there are no class folders, or no audio in them", () => {
    const table = { "m.csv": "path,label\na.wav,piano\n" };
    const flat = folderOf({ "a.wav": "x", ...table });
    expect(messageOf(() => scanSource(flat.dir))).toBe(
      `${flat.dir}: holds no folders; extract the manifest ${flat.manifest} itself`,
    );
    const splits = folderOf({ "train/a.wav": "x", ...table });
    expect(messageOf(() => scanSource(splits.dir))).toBe(
      `${join(splits.dir, "train")}: holds no folders; extract the manifest ${splits.manifest} itself`,
    );
    const silent = folderOf({ "piano/a.txt": "x", ...table });
    expect(messageOf(() => scanSource(silent.dir))).toBe(
      `${silent.dir}: holds no class folders with audio; extract its manifest ${silent.manifest} itself`,
    );
  });

  it.each([
    ["scores.csv", "name,label\na,piano\n"],
    ["empty.csv", ""],
    ["quote.csv", 'path,"label\n'],
    ["data.jsonl", "[1]\n"],
    ["empty.jsonl", "\n"],
    ["notes.txt", "path,label\n"],
  ])("is no other table: %s", (name, text) => {
    expect(scanSource(folderOf({ ...FOLDERS, [name]: text }).dir).problems).toEqual([]);
  });
});
