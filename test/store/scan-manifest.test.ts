import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { labelText } from "../../src/dataset/known-labels.js";
import { scanSource } from "../../src/store/scan.js";
import { makeFolder, writeFiles } from "./files.js";
import { messageOf } from "./message-of.js";

/** Writes a manifest next to files of one byte. */
function manifestOf(name: string, text: string | Uint8Array, files = ["a.wav", "b.wav", "c.wav"]): string {
  const dir = makeFolder();
  writeFiles(dir, Object.fromEntries([...files.map((file) => [file, "x"]), [name, text]]));
  return join(dir, name);
}

/** The labels of every clip by name, and the problems without the manifest's path. */
function scanned(manifest: string): { clips: Record<string, string>; problems: string[] } {
  const { clips, problems } = scanSource(manifest);
  return {
    clips: Object.fromEntries(clips.map(({ name, labels }) => [name, labels.join("|")])),
    problems: problems.map((line) => line.replace(manifest, "m")),
  };
}

const CLIPS = { "a.wav": "piano", "b.wav": "flute" };

describe("the separator of a table", () => {
  it.each([
    ["m.csv", ";", "semicolons"],
    ["m.csv", "\t", "tabs"],
    ["m.tsv", ",", "commas"],
    ["m.tsv", ";", "semicolons"],
  ])("%s with %j is read, with one line", (name, delimiter, word) => {
    const rows = ["path,label", "a.wav,piano", "b.wav,flute"].map((row) => row.replace(",", delimiter));
    expect(scanned(manifestOf(name, `${rows.join("\n")}\n`))).toEqual({
      clips: CLIPS,
      problems: [`m: warning: its columns are separated by ${word}; read so`],
    });
  });
  it.each([
    ["m.csv", "sep=;\r\n", ";"],
    ["m.tsv", '"SEP=,"\n', ","],
    ["m.csv", "\ufeffsep=\t\n\n", "\t"],
  ])("%s is named by the first line %j, which is no header", (name, line, delimiter) => {
    const rows = ["path,label", "a.wav,piano", "no.wav,x", "b.wav,flute"].map((row) =>
      row.replace(",", delimiter),
    );
    const nLines = line.split("\n").length - 1;
    expect(scanned(manifestOf(name, line + rows.join("\n")))).toEqual({
      clips: CLIPS,
      problems: [`m:${nLines + 3}: no.wav does not exist; row left out`],
    });
  });
  it("is named by the first line only if it is one that can be read", () => {
    const manifest = manifestOf("m.csv", "sep=|\npath|label\na.wav|piano\n");
    expect(messageOf(() => scanSource(manifest))).toBe(
      `${manifest}:1: names the separator |; use a comma, a semicolon or a tab`,
    );
  });
  it("is the extension's where that makes sense too", () => {
    const text = 'path,label,"note;path;label"\na.wav,piano,x\nb.wav,flute,y\n';
    expect(scanned(manifestOf("m.csv", text)).clips).toEqual(CLIPS);
  });
  it("is found though a column is misspelled, which is then the error", () => {
    const manifest = manifestOf("m.csv", "path;lable\na.wav;piano\n");
    expect(messageOf(() => scanSource(manifest))).toBe(
      `${manifest}: has the unknown column lable; did you mean label?`,
    );
  });
});

describe("a manifest of which no file is there", () => {
  it("has the first row as its problem, not a warning", () => {
    const text = "path;label\nnowhere.wav;piano\n";
    const [one, two] = [manifestOf("m.csv", text), manifestOf("m.csv", `${text}gone.wav;piano\n`)];
    expect(messageOf(() => scanSource(one))).toBe(
      `${one}: holds no usable audio; the problem: ${one}:2: nowhere.wav does not exist; row left out`,
    );
    expect(messageOf(() => scanSource(two))).toBe(
      `${two}: holds no usable audio; problem 1 of 2: ${two}:2: nowhere.wav does not exist; row left out`,
    );
  });
});

describe("a table", () => {
  it("may mix line endings", () => {
    expect(scanned(manifestOf("m.csv", "path,label\r\na.wav,piano\nb.wav,flute\r\n"))).toEqual({
      clips: CLIPS,
      problems: [],
    });
  });
  it("may have quotes inside a cell", () => {
    expect(
      scanned(manifestOf("m.csv", 'path,label\na.wav,12" single\nb.wav,"the ""best"""\n')).clips,
    ).toEqual({
      "a.wav": '12" single',
      "b.wav": 'the "best"',
    });
  });
  it("names the line of a quote that is never closed", () => {
    const manifest = manifestOf("m.csv", 'path,label\na.wav,piano\nb.wav,"flute\nc.wav,harp\n');
    expect(messageOf(() => scanSource(manifest))).toBe(
      `${manifest}:3: has a quote that opens a cell and is never closed; close it, or write a " that belongs to the text twice, in a cell with quotes around it`,
    );
  });
  it("does not lose rows silently to a quote that is closed by a later one", () => {
    expect(
      scanned(manifestOf("m.csv", 'path,label\na.wav,"piano\nb.wav,flute\nc.wav,harp"\nc.wav,drums\n')),
    ).toEqual({
      clips: { "c.wav": "drums" },
      problems: [
        "m:4: label has a line break in it: a quote may be missing, here or in a line before; row left out",
      ],
    });
  });
  it("must not name a column twice", () => {
    const manifest = manifestOf("m.csv", "path,label,label\na.wav,piano,flute\n");
    expect(messageOf(() => scanSource(manifest))).toBe(
      `${manifest}: has the column label twice; rename or remove one`,
    );
  });
});

describe("columns that are not read", () => {
  const line = (names: string) =>
    `m: warning: ${names} not read; timbrel reads path, label, group, split, absent`;

  it("are named in one line, in tables and in JSON lines", () => {
    expect(scanned(manifestOf("m.csv", "id,path,label\n1,a.wav,piano\n2,b.wav,flute\n"))).toEqual({
      clips: CLIPS,
      problems: [line("column id")],
    });
    const rows =
      '{"id":1,"path":"a.wav","label":"piano"}\n{"path":"b.wav","label":"flute","bpm":90,"id":2}\n';
    expect(scanned(manifestOf("m.jsonl", rows))).toEqual({
      clips: CLIPS,
      problems: [line("columns id, bpm")],
    });
  });
  it("may be named as members of every object", () => {
    const rows = '{"__proto__":1,"path":"a.wav","label":"piano"}\n{"path":"b.wav","label":"flute"}\n';
    expect(scanned(manifestOf("m.jsonl", rows))).toEqual({
      clips: CLIPS,
      problems: [line("column __proto__")],
    });
  });
});

describe("labels that are not known", () => {
  /** What is known of each clip, in the words of `labelText`, and the problems. */
  const known = (manifest: string) => {
    const { clips, problems } = scanSource(manifest);
    return [clips.map(labelText), problems.map((line) => line.replace(manifest, "m"))];
  };
  const NOTHING_KNOWN =
    "is known: ? stands for labels that are not; name one that it has, or, in the column absent, one that it lacks; row left out";

  it("are named behind a ?, in tables and in JSON lines", () => {
    const rows = ["a.wav,piano|?violin,", "b.wav,?|flute,harp | piano", "c.wav,?,piano"];
    const facts = ["piano|?violin", "flute|? without harp|piano", "? without piano"];
    expect(known(manifestOf("m.csv", `path,label,absent\n${rows.join("\n")}\n`))).toEqual([facts, []]);
    const lines = [
      { path: "a.wav", label: ["piano", "?violin"] },
      { path: "b.wav", label: "flute|?", absent: ["harp", "piano"] },
      { path: "c.wav", label: "?", absent: "piano" },
    ];
    const text = lines.map((line) => JSON.stringify(line)).join("\n");
    expect(known(manifestOf("m.jsonl", text))).toEqual([facts, []]);
  });
  it("are brought into one form with the others", () => {
    const rows = "path,label,absent\na.wav, piano |??  grand   piano|?,oboe\n";
    const [clip] = scanSource(manifestOf("m.csv", rows)).clips;
    expect(clip).toMatchObject({ labels: ["piano"], unknownLabels: ["?"], absentLabels: ["oboe"] });
    const spelled = "path,label\na.wav,grand piano\nb.wav,oboe|? grand  piano\n";
    expect(scanSource(manifestOf("m.csv", spelled)).problems[0]).toMatch(
      /label grand piano has 2 spellings that differ in blanks/,
    );
  });
  it("are in no clip without a ?, where the column absent changes nothing", () => {
    const manifest = manifestOf("m.csv", "path,label,absent\na.wav,piano,violin\nb.wav,flute,\n");
    expect(known(manifest)).toEqual([
      ["piano", "flute"],
      [
        "m: warning: absent changes nothing for 1 clip, e.g. a.wav: without a ? among its labels, a clip lacks all that its row does not name",
      ],
    ]);
  });
  it.each([
    ["?", "", `no label of a.wav ${NOTHING_KNOWN}`],
    ["?violin", "", `no label of a.wav ${NOTHING_KNOWN}`],
    ["?violin", "piano", `no label of a.wav ${NOTHING_KNOWN}`],
    ["", "piano", "label of a.wav is empty; row left out"],
    [
      "piano|?piano",
      "",
      "label piano of a.wav is named twice; a clip has a label, lacks it, or it is not known; row left out",
    ],
    [
      "piano|?",
      "piano ",
      "label piano of a.wav is named twice; a clip has a label, lacks it, or it is not known; row left out",
    ],
  ])("leave out a row labelled %j, absent %j", (label, absent, problem) => {
    const manifest = manifestOf("m.csv", `path,label,absent\na.wav,${label},${absent}\nb.wav,flute,\n`);
    expect(known(manifest)).toEqual([["flute"], [`m:2: ${problem}`]]);
  });
  it("are lists of texts in JSON lines", () => {
    const rows = '{"path":"a.wav","label":"?","absent":{}}\n{"path":"b.wav","label":"x"}\n';
    expect(known(manifestOf("m.jsonl", rows))[1]).toEqual([
      "m:1: absent is not a string, a number or a list of them; row left out",
    ]);
  });
  it("make two rows of one file differ", () => {
    const manifest = manifestOf("m.csv", "path,label\na.wav,piano\na.wav,piano|?violin\na.wav,piano\n");
    expect(known(manifest)[1]).toEqual([
      "m:3: a.wav is already on line 2, labelled piano, not piano|?violin; several labels of a file go into one row, separated by |; row left out",
      "m:4: repeats line 2; row left out",
    ]);
  });
});

describe("the encoding of a manifest", () => {
  const text = "\ufeffpath,label\na.wav,Flöte\n";
  const little = Buffer.from(text, "utf16le");
  const big = Buffer.from(little).swap16();
  it.each([
    ["UTF-8", Buffer.from(text)],
    ["UTF-16, low bytes first", little],
    ["UTF-16, high bytes first", big],
  ])("may be %s, with a byte order mark", (_, bytes) => {
    expect(scanned(manifestOf("m.csv", bytes))).toEqual({ clips: { "a.wav": "Flöte" }, problems: [] });
  });
  it.each([
    ["latin-1", Buffer.from(text.slice(1), "latin1"), "is not UTF-8 text"],
    ["half UTF-16", little.subarray(0, -1), "is not UTF-16 text, as its first two bytes say"],
  ])("is named if it is %s", (_, bytes, reason) => {
    const manifest = manifestOf("m.csv", bytes);
    expect(messageOf(() => scanSource(manifest))).toBe(`${manifest}: ${reason}; save it as UTF-8`);
  });
});

it("a label has at most 1000 characters", () => {
  const manifest = manifestOf(
    "m.csv",
    `path,label\na.wav,${"x".repeat(1001)}\nb.wav,  ${"y".repeat(1000)}  \n`,
  );
  expect(scanned(manifest)).toEqual({
    clips: { "b.wav": "y".repeat(1000) },
    problems: ["m:2: label of a.wav has 1001 characters; use at most 1000; row left out"],
  });
});

describe("JSON lines", () => {
  it("may have numbers, true and false as labels, and numbers as groups", () => {
    const rows = [
      '{"path":"a.wav","label":0,"group":7}',
      '{"path":"b.wav","label":[1,"x",true]}',
      '{"path":"c.wav","label":false}',
    ];
    const manifest = manifestOf("m.jsonl", rows.join("\n"));
    expect(scanned(manifest)).toEqual({
      clips: { "a.wav": "0", "b.wav": "1|x|true", "c.wav": "false" },
      problems: [],
    });
    expect(scanSource(manifest).clips[0].group).toBe("7");
  });
  it.each([
    ['{"path":1,"label":"x"}', "path is not a string"],
    ['{"path":"a.wav","label":{}}', "label is not a string, a number or a list of them"],
    ['{"path":"a.wav","label":[null]}', "label is not a string, a number or a list of them"],
    ['{"path":"a.wav","label":null}', "label of a.wav is empty"],
    ['{"path":"a.wav","label":"x","group":[]}', "group is not a string or a number"],
    ['{"path":"a.wav","label":"x","split":1}', "split is not a string"],
  ])("leave out %s", (row, reason) => {
    const manifest = manifestOf("m.jsonl", `${row}\n{"path":"b.wav","label":"flute"}\n`);
    expect(scanned(manifest)).toEqual({
      clips: { "b.wav": "flute" },
      problems: [`m:1: ${reason}; row left out`],
    });
  });
});

describe("a file that is listed twice", () => {
  it.each([
    ["a.wav,piano,g,train", "repeats line 2"],
    ["./a.wav,piano ,g,train", "repeats line 2"],
    [
      "a.wav,jazz,g,train",
      "a.wav is already on line 2, labelled piano, not jazz; several labels of a file go into one row, separated by |",
    ],
    ["a.wav,piano,h,train", "a.wav is already on line 2, with another group or split"],
    ["a.wav,piano,g,test", "a.wav is already on line 2, with another group or split"],
  ])("%s", (row, reason) => {
    const manifest = manifestOf("m.csv", `path,label,group,split\na.wav,piano,g,train\n${row}\n`);
    expect(scanned(manifest)).toEqual({
      clips: { "a.wav": "piano" },
      problems: [`m:3: ${reason}; row left out`],
    });
  });
});

describe("a path", () => {
  const NFC = "\u00e9t\u00e9";
  const NFD = NFC.normalize("NFD");

  it.each([
    ["NFC", `${NFD}/${NFD}.wav`, `${NFC}/${NFC}.wav`],
    ["NFD", `${NFC}/${NFC}.wav`, `${NFD}/${NFD}.wav`],
    ["mixed", `${NFC}/x/${NFD}.wav`, `${NFD}/x/${NFC}.wav`],
  ])("in the other Unicode form than the file is found: %s", (_, file, written) => {
    const manifest = manifestOf("m.csv", `path,label\n${written},summer\n`, [file]);
    const { clips } = scanSource(manifest);
    expect(clips.map(({ path, name }) => [path, name])).toEqual([[join(manifest, "..", file), written]]);
  });
  it("with backslashes is found with slashes, and named so", () => {
    const manifest = manifestOf("m.csv", `path,label\ndrums\\${NFC}\\a.wav,drums\n`, [`drums/${NFD}/a.wav`]);
    expect(scanned(manifest)).toEqual({ clips: { [`drums/${NFC}/a.wav`]: "drums" }, problems: [] });
  });
  it("may have a backslash in the name of the file", () => {
    const manifest = manifestOf("m.csv", "path,label\nac\\dc.wav,rock\n", ["ac\\dc.wav", "ac/dc.wav"]);
    expect(scanned(manifest).clips).toEqual({ "ac\\dc.wav": "rock" });
  });
  it("may be a file: address", () => {
    const manifest = manifestOf("m.jsonl", "", ["a b.wav", "c.wav"]);
    const path = join(manifest, "../a b.wav");
    const rows = [pathToFileURL(path).href, "file://server/c.wav", "c.wav"].map((each) =>
      JSON.stringify({ path: each, label: "x" }),
    );
    writeFileSync(manifest, rows.join("\n"));
    expect(scanned(manifest)).toEqual({
      clips: { [path]: "x", "c.wav": "x" },
      problems: ["m:2: file://server/c.wav is not the address of a file on this machine; row left out"],
    });
  });
  it.each(["https://example.org/a.wav", "S3://bucket/a.wav"])("must not be a web address: %s", (path) => {
    const manifest = manifestOf("m.csv", `path,label\n${path},rock\nb.wav,flute\n`);
    expect(scanned(manifest)).toEqual({
      clips: { "b.wav": "flute" },
      problems: [`m:2: ${path} is a web address; download the file first, and give its path; row left out`],
    });
  });
  it.each(["C:\\music\\a.wav", "d:/music/a.wav", "\\\\nas\\music\\a.wav"])(
    "on a drive of Windows names the remedy: %s",
    (path) => {
      const manifest = manifestOf("m.csv", `path,label\n${path},rock\nb.wav,flute\n`);
      expect(scanned(manifest).problems).toEqual([
        `m:2: ${path} is on a drive of Windows; give paths relative to the folder of the manifest; row left out`,
      ]);
    },
  );
});

describe("the spelling of labels", () => {
  it("is told of where blanks or Unicode forms differ", () => {
    const text = "path,label\na.wav,hip  hop \nb.wav,hip hop\nc.wav, hip hop | \u0065\u0301\nd.wav,\u00e9\n";
    expect(scanned(manifestOf("m.csv", text, ["a.wav", "b.wav", "c.wav", "d.wav"]))).toEqual({
      clips: { "a.wav": "hip hop", "b.wav": "hip hop", "c.wav": "hip hop|\u00e9", "d.wav": "\u00e9" },
      problems: [
        'm: warning: label hip hop has 2 spellings that differ in blanks or Unicode form: "hip  hop " (1 clip), "hip hop" (2 clips); they are read as one label',
        'm: warning: label \u00e9 has 2 spellings that differ in blanks or Unicode form: "\u0065\u0301" (1 clip), "\u00e9" (1 clip); they are read as one label',
      ],
    });
  });
  it("is told of in folders, too, whose names are trimmed", () => {
    const dir = makeFolder();
    writeFiles(dir, { "drums /a.wav": "x", "drums/b.wav": "x", "drums/c.wav": "x", " flute/d.wav": "x" });
    const { clips, problems } = scanSource(dir);
    expect(clips.map(({ labels }) => labels.join())).toEqual(["flute", "drums", "drums", "drums"]);
    expect(problems).toEqual([
      `${dir}: warning: label drums has 2 spellings that differ in blanks or Unicode form: "drums" (2 clips), "drums " (1 clip); they are read as one label`,
    ]);
  });
});
