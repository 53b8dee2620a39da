import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  foundFile,
  type OutputForm,
  openOutput,
  type PredictFormat,
} from "../../src/commands/predict-output.js";
import { UsageError } from "../../src/core/errors.js";
import { FRONT_END_PRESETS } from "../../src/features/front-end.js";
import type { Tagging } from "../../src/tagging/tagger.js";
import { makeFolder, toneWav, write } from "./cli.js";

const form = (format: PredictFormat, changes: Partial<OutputForm> = {}): OutputForm => ({
  format,
  top: 1,
  segments: false,
  events: false,
  labels: ["a"],
  frontEnd: FRONT_END_PRESETS.musicnn,
  ...changes,
});
const TAGGING: Tagging = {
  durationSec: 2,
  tags: [{ label: "a", probability: 0.5, threshold: null, isPresent: true }],
  novelty: null,
  noveltyLimit: null,
  isUnknown: false,
  segments: [],
  events: [{ startSec: 0, endSec: 2, label: "a", probability: 0.5 }],
  warnings: [],
};
const files = [foundFile("in", "in/x/a.wav"), foundFile("b.wav", "b.wav")];

describe("the output of predict", () => {
  it("is one file for all audio files", () => {
    const path = join(makeFolder(), "new", "tags.csv");
    const output = openOutput(path, files, form("csv", { events: true }), []);
    for (const file of files) output.write(file, TAGGING);
    expect(readdirSync(join(path, "..")).map((name) => name.replace(/[0-9a-f]{12}/, "*"))).toEqual([
      "tags.csv.*.part",
    ]);
    output.end();
    output.discard();
    expect(readFileSync(path, "utf8")).toBe(
      "file,start,end,label,probability\nin/x/a.wav,0,2,a,0.5\nb.wav,0,2,a,0.5\n",
    );
  });

  it("is a file for each audio file, named after it, if a format has no room for names", () => {
    const dir = join(makeFolder(), "labels");
    const output = openOutput(dir, files, form("audacity"), []);
    for (const file of files) output.write(file, TAGGING);
    output.end();
    expect(readdirSync(dir, { recursive: true }).sort()).toEqual([
      "b.wav.audacity.txt",
      "x",
      join("x", "a.wav.audacity.txt"),
    ]);
    expect(readFileSync(join(dir, "x", "a.wav.audacity.txt"), "utf8")).toBe("0.000000\t2.000000\ta\n");
  });

  it.each([
    ["an existing folder", "labels", "labels/b.wav.raven.txt"],
    ["a name that ends like a folder's", "new/", "new/b.wav.raven.txt"],
    ["any other name, which is the file's", "b.txt", "b.txt"],
  ])("of one audio file may be %s", (_what, out, expected) => {
    const dir = makeFolder();
    mkdirSync(join(dir, "labels"));
    const output = openOutput(`${dir}/${out}`, [files[1]], form("raven"), []);
    output.write(files[1], TAGGING);
    output.end();
    expect(readFileSync(join(dir, expected), "utf8")).toMatch(/^Selection\t.*\n1\t.*\n$/);
  });

  it("does not replace what is read, what is no text, or itself, and does not turn a folder into a file", () => {
    const dir = makeFolder();
    write(dir, "a.wav", toneWav(440));
    write(dir, "b.wav", toneWav(440));
    writeFileSync(join(dir, "old.csv"), "file,start\nü,1\n");
    const [a, b, old] = ["a.wav", "b.wav", "old.csv"].map((name) => join(dir, name));
    const open = (out: string | undefined, format: PredictFormat = "csv", found = [foundFile(a, a)]) => {
      try {
        openOutput(out, found, form(format), []).discard();
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        return (error as UsageError).message.replaceAll(`${dir}/`, "");
      }
      return "fine";
    };
    expect(open(old)).toBe("fine");
    expect(open(a)).toBe("--out must name a file of its own, got a.wav, which is read");
    expect(open(b)).toBe(
      "--out must name a new file, or a text file to replace, got b.wav, which is another kind of file",
    );
    expect(open(dir)).toBe(`--out must name a file, got ${dir}, which is a folder`);
    const two = [foundFile(a, a), foundFile(b, b)];
    expect(open(undefined, "raven", two)).toBe(
      "--format must be used with one audio file, or with --out and a folder, since a file of raven labels belongs to one audio file, got raven for 2 audio files",
    );
    const same = [foundFile("x/a.wav", "x/a.wav"), foundFile("y/a.wav", "y/a.wav")];
    expect(open(dir, "raven", same)).toBe(
      "--out must give each audio file a file of its own, got a.wav.raven.txt for x/a.wav and y/a.wav; tag them one after the other, with different folders",
    );
  });
});
