import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scanSource } from "../../src/store/scan.js";
import { makeFolder, writeFiles } from "./files.js";
import { messageOf } from "./message-of.js";

/** Makes a folder with these files, one byte each. */
function folderOf(...names: string[]): string {
  const dir = makeFolder();
  writeFiles(dir, Object.fromEntries(names.map((name) => [name, "x"])));
  return dir;
}

/** Writes a manifest next to a.wav, b.wav and c.wav. */
function manifestOf(name: string, text: string): string {
  const dir = folderOf("a.wav", "b.wav", "c.wav");
  writeFiles(dir, { [name]: text });
  return join(dir, name);
}

const short = (source: string) =>
  scanSource(source).clips.map(({ name, labels, group, split }) => [name, labels.join("|"), group, split]);

const scanMessage = (source: string): string => messageOf(() => scanSource(source));

describe("scanning with a background folder", () => {
  const clipsOf = (source: string, background: string) =>
    scanSource(source, background).clips.map(({ name, labels }) => [name, labels.join("|")]);

  it("adds its audio at any depth as clips without a label", () => {
    const dir = folderOf("music/flute/a.wav", "noise/b.wav", "noise/deep/er/c.flac", "noise/notes.txt");
    expect(clipsOf(join(dir, "music"), join(dir, "noise"))).toEqual([
      ["flute/a.wav", "flute"],
      ["../noise/b.wav", ""],
      ["../noise/deep/er/c.flac", ""],
    ]);
    writeFiles(dir, { "list.csv": "path,label\nmusic/flute/a.wav,flute\n" });
    expect(clipsOf(join(dir, "list.csv"), join(dir, "noise")).map(([name]) => name)).toEqual([
      "music/flute/a.wav",
      "noise/b.wav",
      "noise/deep/er/c.flac",
    ]);
  });
  it("is not a class or a stray if it is inside the source", () => {
    const dir = folderOf("flute/a.wav", "harp/b.wav", "noise/c.wav");
    expect(clipsOf(dir, join(dir, "noise"))).toEqual([
      ["flute/a.wav", "flute"],
      ["harp/b.wav", "harp"],
      ["noise/c.wav", ""],
    ]);
    const split = folderOf("train/flute/a.wav", "test/flute/b.wav", "noise/c.wav");
    expect(scanSource(split, join(split, "noise")).problems).toEqual([]);
    expect(scanSource(dir, join(dir, "noise")).problems).toEqual([
      `${join(dir, "noise")}: warning: taken as background: 1 clip of class noise`,
    ]);
    expect(messageOf(() => scanSource(dir, dir))).toBe(
      `${dir}: is all of the source; name a folder of other audio, or a part of the source`,
    );
    expect(scanSource(split).problems).not.toEqual([]);
  });
  it("names a folder that is none, is missing or holds no audio", () => {
    const dir = folderOf("music/flute/a.wav", "noise/notes.txt");
    const message = (name: string) => messageOf(() => scanSource(join(dir, "music"), join(dir, name)));
    expect(message("noise")).toBe(`${join(dir, "noise")}: holds no audio`);
    expect(message("noise/notes.txt")).toBe(
      `${join(dir, "noise/notes.txt")}: is not a folder; name a folder of background audio`,
    );
    expect(message("none")).toBe(`${join(dir, "none")}: does not exist`);
  });
});

describe("scanning a folder", () => {
  it("takes the class from the first folder, at any depth below it, in the order of names", () => {
    const dir = folderOf("piano/b/2.wav", "piano/a/1.MP3", "flute/x.flac", "piano/cover.jpg", ".git/x.wav");
    expect(short(dir)).toEqual([
      ["flute/x.flac", "flute", null, null],
      ["piano/a/1.MP3", "piano", null, null],
      ["piano/b/2.wav", "piano", null, null],
    ]);
    expect(scanSource(dir).clips[0].path).toBe(join(dir, "flute/x.flac"));
    expect(scanSource(dir).problems).toEqual([]);
  });
  it("treats train, valid and test folders as splits", () => {
    const dir = folderOf("train/piano/a.wav", "valid/piano/b.wav", "test/piano/c.wav");
    expect(short(dir).map(([name, label, , split]) => [name, label, split])).toEqual([
      ["test/piano/c.wav", "piano", "test"],
      ["train/piano/a.wav", "piano", "train"],
      ["valid/piano/b.wav", "piano", "valid"],
    ]);
  });
  it("treats a single folder named test among classes as a class", () => {
    expect(short(folderOf("test/a.wav", "piano/b.wav")).map(([, label]) => label)).toEqual(["piano", "test"]);
  });
  it("passes over stores and runs inside the folder, but over no audio", () => {
    const dir = folderOf(
      "piano/a.wav",
      "flute/b.wav",
      "models/one/checkpoint.safetensors",
      "flute/model.onnx",
    );
    writeFiles(join(dir, "features"), { "store.json": "", "sources.jsonl": "", "clips/0a/1.npy": "" });
    writeFiles(join(dir, "models/two"), { "checkpoint.safetensors": "", "metrics.jsonl": "" });
    expect(short(dir).map(([name]) => name)).toEqual(["flute/b.wav", "piano/a.wav"]);
    expect(scanSource(dir).problems.filter((line) => !line.includes("model.onnx"))).toEqual([]);
    writeFiles(dir, { "models/one/c.wav": "x" });
    expect(short(dir).map(([name]) => name)).toContain("models/one/c.wav");
  });
  it("rejects split folders with another name", () => {
    const dir = folderOf("train/piano/a.wav", "validation/piano/b.wav");
    expect(scanMessage(dir)).toBe(
      `${dir}/validation: split folders are named train, valid and test; rename it to valid`,
    );
  });
  it("reports all audio that it leaves out, and no other files", () => {
    const dir = folderOf("piano/a.wav", "piano/notes.txt", "stray.wav", "drums/readme.md");
    symlinkSync("nowhere", join(dir, "piano/gone.wav"));
    expect(scanSource(dir).problems).toEqual([
      `${dir}/drums: class folder without audio; left out`,
      `${dir}/piano/gone.wav: is a broken link`,
      `${dir}/stray.wav: is not in a class folder; left out`,
    ]);
  });
  it("ends when links form a loop, and enters a linked folder once", () => {
    const dir = folderOf("piano/a.wav", "piano/deep/b.wav");
    symlinkSync("..", join(dir, "piano/deep/up"));
    symlinkSync("deep", join(dir, "piano/other"));
    expect(short(dir).map(([name]) => name)).toEqual(["piano/a.wav", "piano/deep/b.wav"]);
  });
  it("treats two encodings of an accent as one class", () => {
    expect(short(folderOf("fl\u00fbte/a.wav")).map(([, label]) => label)).toEqual(
      short(folderOf("flu\u0302te/a.wav")).map(([, label]) => label),
    );
  });
  it("says what a folder without classes needs", () => {
    const dir = folderOf("a.wav");
    expect(scanMessage(dir)).toBe(
      `${dir}: holds no folders; put the audio of each class in a folder of its own, or write a manifest with the columns path and label`,
    );
    expect(scanMessage(`${dir}/b`)).toBe(`${dir}/b: does not exist`);
    const silent = folderOf("piano/notes.txt");
    expect(scanMessage(silent)).toBe(
      `${silent}: holds no usable audio; the problem: ${silent}/piano: class folder without audio; left out`,
    );
  });
});

describe("scanning a manifest", () => {
  const expected = [
    ["a.wav", "piano|jazz", "g1", "train"],
    ["b.wav", "flute, wooden", null, null],
  ];
  it("reads CSV, with quotes, a byte order mark and other columns", () => {
    const text =
      '\ufeffid,path,label,group,split\r\n1,a.wav,piano|jazz,g1,train\r\n2,b.wav,"flute, wooden",,\r\n';
    expect(short(manifestOf("m.csv", text))).toEqual(expected);
  });
  it("reads TSV", () => {
    const text = "path\tlabel\tgroup\tsplit\na.wav\t piano | jazz \tg1\ttrain\nb.wav\tflute, wooden\t\t\n";
    expect(short(manifestOf("m.tsv", text))).toEqual(expected);
  });
  it("reads JSONL, with labels as a string or a list", () => {
    const text = `{"path":"a.wav","label":["piano","jazz"],"group":"g1","split":"train"}\n\n{"path":"b.wav","label":"flute, wooden","id":2}`;
    expect(short(manifestOf("m.jsonl", text))).toEqual(expected);
  });
  it("reports bad rows by line number, leaves them out and goes on", () => {
    const manifest = manifestOf(
      "m.csv",
      "path,label\na.wav,piano\n\nno.wav,piano\nb.wav,|\n,piano\n./a.wav,flute\nb.wav,x,y\nc.wav,piano\n",
    );
    expect(scanSource(manifest).problems).toEqual([
      `${manifest}:8: has 3 cells, the header has 2; row left out`,
      `${manifest}:4: no.wav does not exist; row left out`,
      `${manifest}:5: label of b.wav is empty; row left out`,
      `${manifest}:6: path is empty; row left out`,
      `${manifest}:7: ./a.wav is already on line 2, labelled piano, not flute; several labels of a file go into one row, separated by |; row left out`,
    ]);
    expect(short(manifest).map(([name]) => name)).toEqual(["a.wav", "c.wav"]);
    const lines = manifestOf("m.jsonl", '{"path":"a.wav","label":"x"}\n{oops\n[1]\n{"path":3,"label":"x"}\n');
    expect(scanSource(lines).problems).toEqual([
      `${lines}:2: is not JSON; row left out`,
      `${lines}:3: is not a JSON object; row left out`,
      `${lines}:4: path is not a string; row left out`,
    ]);
  });
  it.each([
    ["m.csv", "path,labels\na.wav,x\n", ": has the unknown column labels; did you mean label?"],
    ["m.csv", "path,label,spilt\na.wav,x,train\n", ": has the unknown column spilt; did you mean split?"],
    [
      "m.csv",
      "a.wav,piano\n",
      ": needs the columns path and label, has a.wav, piano; the first line must name the columns",
    ],
    ["m.csv", "", ": is empty; it needs a header with path and label"],
    ["m.csv", "path,label\n", ": holds no usable audio"],
    [
      "m.csv",
      "path,label,split\na.wav,x,validation\n",
      ":2: has the unknown split validation; did you mean valid?",
    ],
    ["m.csv", "path,label,split\na.wav,x,tset\n", ":2: has the unknown split tset; did you mean test?"],
    ["m.jsonl", '{"path":"a.wav","class":"x"}\n', ":1: needs the columns path and label, has path, class"],
    ["m.txt", "path,label\n", ": is neither a folder nor a .csv, .tsv or .jsonl manifest"],
  ])("rejects %s %j", (name, text, message) => {
    const manifest = manifestOf(name, text);
    expect(scanMessage(manifest)).toBe(`${manifest}${message}`);
  });
});
