import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { frontEnd } from "../../src/features/front-end.js";
import { decodeModel, encodeModel, uncalibrated } from "../../src/tagging/model-file.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import { ENGINE } from "../engine.js";
import {
  makeSound,
  makeTinyStore,
  SOUNDS,
  TINY_FRONT_END,
  type TinyClip,
  tinyConfig,
} from "../training/tiny-store.js";
import { makeFolder, timbrel } from "./cli.js";

/** Ten training and seven validation clips of every sound. */
const clips = SOUNDS.flatMap((sound) =>
  Array.from({ length: 17 }, (_, i): TinyClip => {
    const wav = encodeWav(makeSound(sound, `calibrate ${i}`, { durationSec: 0.3 }));
    return { name: `${sound}/${i}.wav`, labels: [sound], split: i < 10 ? "train" : "valid", wav };
  }),
);

let dir: string;
/** The model as the run wrote it at its end, and as it was before. */
let whole: Uint8Array;
let plain: Uint8Array;
beforeAll(async () => {
  dir = makeFolder();
  const store = await makeTinyStore(clips);
  cpSync(store.dir, join(dir, "store"), { recursive: true });
  const config = tinyConfig({ epochs: 2, testFraction: 0 });
  await trainTagger(store, join(dir, "run"), { config, engine: ENGINE });
  whole = readFileSync(join(dir, "run/model.onnx"));
  plain = encodeModel(uncalibrated(decodeModel(whole, "model.onnx")));
});

const calibrate = (...args: string[]) => timbrel(dir, ["calibrate", ...args, "--threads", "1"]);
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(dir, name)));

describe("calibrate", () => {
  it("makes of a model what its run made of it, in place or as another file", async () => {
    writeFileSync(join(dir, "run/model.onnx"), plain);
    const { info, ...model } = decodeModel(plain, "model.onnx");
    const { validClips: _, ...older } = info; // as an older version wrote it
    writeFileSync(join(dir, "older.onnx"), encodeModel({ ...model, info: older }));
    const copy = await calibrate("older.onnx", "store", "--out", "copy.onnx");
    expect(copy.code).toBe(0);
    expect(Buffer.compare(bytesOf("copy.onnx"), whole)).toBe(0);
    expect(Buffer.compare(bytesOf("run/model.onnx"), plain)).toBe(0);

    const { code, stdout } = await calibrate("run/model.onnx", "store");
    expect(code).toBe(0);
    expect(Buffer.compare(bytesOf("run/model.onnx"), whole)).toBe(0);
    const [title, first, weights, change, unknown, last] = stdout.trimEnd().split("\n");
    expect(title).toMatch(/^model {2}run\/model\.onnx \(3 labels, epoch \d\)$/);
    expect(first).toMatch(/^ {7}calibrated on 21 validation clips: /);
    expect(weights).toMatch(
      /^ {7}(a segment that is 20 dB quieter weighs [\d.]+ % as much|all segments of a file weigh the same)/,
    );
    expect(change).toMatch(
      /^ {7}log loss [\d.]+ -> [\d.]+, calibration error [\d.]+ % -> [\d.]+ % on these clips$/,
    );
    expect(unknown).toMatch(/^ {7}a sound with a novelty above \S+ is unknown: /);
    expect(last).toBe("written to run/model.onnx");

    const summary = await timbrel(dir, ["summary", "run/model.onnx"]);
    expect(summary.stdout.trimEnd().split("\n").slice(-4)).toEqual(
      [first, weights, change, unknown].map((line) => line.trim()),
    );
  });

  it("names what is wrong, in one line, and leaves the model alone", async () => {
    const wide = await makeTinyStore(clips.slice(0, 3), frontEnd({ ...TINY_FRONT_END, nMels: 20 }));
    const before = bytesOf("run/model.onnx");
    const cases: [string[], number, string | RegExp][] = [
      [
        ["run/model.onnx", wide.dir, "--out", "never.onnx"],
        1,
        /: holds features of a different front end from run\/model\.onnx \(--n-mels 20 there, 16 here\); .*extract -- <audio> --out <new store> .*--model run\/model\.onnx/,
      ],
      [
        ["run/model.onnx", "store", "--out", "run/metrics.jsonl"],
        2,
        "--out must name a new file, or a model to replace, got run/metrics.jsonl, which is another kind of file",
      ],
    ];
    const outcomes = await Promise.all(cases.map(([args]) => calibrate(...args)));
    for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
      const [, expectedCode, message] = cases[i];
      expect([code, stdout]).toEqual([expectedCode, ""]);
      const line = stderr.replace(/^timbrel: (.*)\n$/, "$1");
      if (typeof message === "string") expect(line).toBe(message);
      else expect(line).toMatch(message);
    }
    expect(bytesOf("run/model.onnx")).toEqual(before);
    expect(existsSync(join(dir, "never.onnx"))).toBe(false);
  });
});

describe("predict", () => {
  it("says that a model which is not calibrated calls only silence unknown, once", async () => {
    const sound = encodeWav(makeSound("hum", "new"));
    for (const name of ["a.wav", "b.wav"]) writeFileSync(join(dir, name), sound);
    writeFileSync(join(dir, "plain.onnx"), plain);
    writeFileSync(join(dir, "whole.onnx"), whole);
    const predict = (model: string) =>
      timbrel(dir, ["predict", "a.wav", "b.wav", "--model", model, "--threads", "1"]);
    const [before, after] = await Promise.all(["plain.onnx", "whole.onnx"].map(predict));
    expect([before.code, before.stderr]).toEqual([
      0,
      "plain.onnx: calls only silence unknown until it is calibrated: npm run calibrate -- plain.onnx <store>\n",
    ]);
    expect([after.code, after.stderr]).toEqual([0, ""]);
  });
});

describe("predict --threshold", () => {
  const predict = (...args: string[]) =>
    timbrel(dir, ["predict", "clip.wav", "--model", "run/model.onnx", "--threads", "1", ...args]);
  beforeAll(() => writeFileSync(join(dir, "clip.wav"), encodeWav(makeSound("hum", "new"))));

  it("says whether a tag reaches it", async () => {
    const [none, json] = [await predict("--threshold", "1"), await predict("--threshold", "1", "--json")];
    expect(none.stdout).toMatch(/^clip\.wav \(0\.5 s\): no tag reaches its threshold\n/);
    expect(none.stdout.match(/ {2}below its threshold, 100\.0 %$/gm)).toHaveLength(3);
    const { tags } = JSON.parse(json.stdout) as { tags: { threshold: number; isPresent: boolean }[] };
    expect(tags.map(({ threshold, isPresent }) => [threshold, isPresent])).toEqual(Array(3).fill([1, false]));
  });

  it("is a number from 0 to 1", async () => {
    const { code, stderr } = await predict("--threshold", "30");
    expect([code, stderr]).toEqual([2, "timbrel: --threshold must be a number from 0 to 1, got 30\n"]);
  });
});
