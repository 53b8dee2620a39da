import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Output } from "../../src/commands/output-paths.js";
import {
  foundFile,
  type OutputForm,
  openOutput,
  PREDICT_FORMATS,
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
const ALONE = { inputs: [], outputs: [] };
const files = [foundFile("in", "in/x/a.wav"), foundFile("b.wav", "b.wav")];

describe("the output of predict", () => {
  it("is one file for all audio files", () => {
    const path = join(makeFolder(), "new", "tags.csv");
    const output = openOutput(path, files, form("csv", { events: true }), ALONE);
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
    const output = openOutput(dir, files, form("audacity"), ALONE);
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
    const output = openOutput(`${dir}/${out}`, [files[1]], form("raven"), ALONE);
    output.write(files[1], TAGGING);
    output.end();
    expect(readFileSync(join(dir, expected), "utf8")).toMatch(/^Selection\t.*\n1\t.*\n$/);
  });

  it("does not replace what is read, what it has not written, or another output, and does not turn a folder into a file", () => {
    const dir = makeFolder();
    write(dir, "a.wav", toneWav(440));
    write(dir, "b.wav", toneWav(440));
    writeFileSync(join(dir, "list.txt"), "a.wav\nb.wav\n");
    const [a, b, list] = ["a.wav", "b.wav", "list.txt"].map((name) => join(dir, name));
    const open = (out: string | undefined, format: PredictFormat = "csv", found = [foundFile(a, a)]) => {
      try {
        openOutput(out, found, form(format), ALONE).discard();
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        return (error as UsageError).message.replaceAll(`${dir}/`, "");
      }
      return "fine";
    };
    for (const format of PREDICT_FORMATS) {
      const old = join(dir, `old.${format}`);
      for (const _ of [1, 2]) {
        const output = openOutput(old, [files[1]], form(format), ALONE);
        output.write(files[1], TAGGING);
        output.end();
      }
      for (const other of PREDICT_FORMATS) expect(open(old, other)).toBe("fine");
    }
    expect(open(list)).toBe(
      "--out must name a new file, or a predict output file to replace, got list.txt, which is another kind of file",
    );
    expect(open(a)).toBe("--out must name a file of its own, got a.wav, which is read");
    expect(open(b)).toBe(
      "--out must name a new file, or a predict output file to replace, got b.wav, which is another kind of file",
    );
    const plot: Output = { flag: "--plot", path: join(dir, "x", "..", "new.png"), kind: "PNG" };
    expect(() => openOutput(join(dir, "new.png"), [], form("csv"), { inputs: [], outputs: [plot] })).toThrow(
      /^--plot must name a file of its own, got .*new\.png, which --out names too/,
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
