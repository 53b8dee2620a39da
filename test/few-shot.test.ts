import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clipsWith, drawFew } from "../scripts/few-shot/draw-few.js";
import { METHODS } from "../scripts/few-shot/methods.js";
import { markdownTables, ScoreFile, scoreChart } from "../scripts/few-shot/results.js";
import { encodeWav } from "../src/audio/encode-wav.js";
import type { Clip } from "../src/dataset/clip.js";
import { splitClips } from "../src/dataset/splits.js";
import { ENGINE } from "./engine.js";
import { makeFolder } from "./store/files.js";
import { messageOf } from "./store/message-of.js";
import { tinyTrained } from "./tagging/tiny-model.js";
import { makeSound, makeTinyStore, SOUNDS } from "./training/tiny-store.js";

const clip = (i: number): Clip => ({
  ...{ name: `${i}`, audioHash: `${i}`, labels: [i % 3 === 0 ? "a" : "b"], group: "one", split: null },
  ...{ durationSec: 1, nFrames: 40 },
});
const clips = Array.from({ length: 60 }, (_, i) => clip(i));
const data = { clips } as never;

describe("drawFew", () => {
  it.each([
    [2, 1],
    [5, 1],
    [10, 2],
    [20, 4],
    [30, 6],
  ])(
    "draws %d clips of a class, of which %d are for validation, in splits that training accepts",
    (perClass, nValid) => {
      const few = drawFew(data, clips, { perClass, seed: "1" });
      const { train, valid, test } = splitClips(few.clips, { testFraction: 0 });
      const have = Math.min(perClass, 20);
      expect(train.length + valid.length).toBe(have + perClass);
      for (const [label, total] of [
        ["a", have],
        ["b", perClass],
      ] as const) {
        const own = valid.filter(({ labels }) => labels[0] === label);
        expect(own.length).toBe(total === perClass ? nValid : 4);
      }
      expect(test).toEqual([]);
      expect(new Set(few.clips.map(({ audioHash }) => audioHash)).size).toBe(few.clips.length);
      expect(few.clips).toEqual(drawFew(data, clips, { perClass, seed: "1" }).clips);
      expect(few.clips).not.toEqual(drawFew(data, clips, { perClass, seed: "2" }).clips);
    },
  );

  it("needs two clips of every class", () => {
    const few = [clip(0), clip(1), clip(2)];
    expect(messageOf(() => drawFew(data, few, { perClass: 2, seed: "1" }))).toBe(
      "clips must be at least 2 of every class, got 1 of a",
    );
    expect(clipsWith(data, ["a"], ({ name }) => name !== "0").length).toBe(19);
  });
});

describe("the scores of learning from few clips", () => {
  it("are those of each method on the other source", async () => {
    const sounds = (seed: string, count: number) =>
      SOUNDS.flatMap((sound) =>
        Array.from({ length: count }, (_, i) => ({
          name: `${seed} ${sound} ${i}`,
          labels: [sound],
          split: null,
          wav: encodeWav(makeSound(sound, `${seed} ${i}`)),
        })),
      );
    const [source, other] = [
      await makeTinyStore(sounds("source", 4)),
      await makeTinyStore(sounds("other", 3)),
    ];
    const few = drawFew(source, source.clips, { perClass: 4, seed: "1" });
    const run = {
      few,
      test: { data: other, clips: other.clips },
      from: tinyTrained(),
      epochs: 1,
      engine: ENGINE,
    };
    // The nets of the defaults need more bands than the tiny front end has.
    for (const method of ["linear, Meyda's descriptors", "linear head, frozen body"]) {
      const score = await METHODS[method](run);
      expect([method, score > 0.5]).toEqual([method, true]);
    }
    expect(Object.keys(METHODS).length).toBe(4);
  });

  it("are kept in a file, found again, and shown as tables and as a picture", () => {
    const path = join(makeFolder(), "new/scores.jsonl");
    const file = new ScoreFile(path);
    const score = (draw: number, value: number, method = "head", source = "x") => ({
      ...{ key: "k", source, perClass: 10, draw, method, score: value },
    });
    for (const each of [score(1, 0.5), score(2, 0.7), score(1, 0.1, "net"), score(1, 0.3, "net", "y")])
      file.add(each);
    const { scores } = new ScoreFile(path);
    expect(scores).toEqual(file.scores);
    const { score: _, ...wanted } = score(2, 0);
    expect(new ScoreFile(path).find(wanted)?.score).toBe(0.7);
    expect(new ScoreFile(path).find({ ...wanted, key: "other" })).toBeUndefined();
    expect(readFileSync(path, "utf8").split("\n").length).toBe(5);
    expect(markdownTables(scores)).toBe(
      [
        [
          "| learned from x | 10 a class |",
          "| --- | --- |",
          "| head | 60.0 ± 14.1 |",
          "| net | 10.0 ± 0.0 |",
        ],
        ["", "| learned from y | 10 a class |", "| --- | --- |", "| net | 30.0 ± 0.0 |"],
      ]
        .flat()
        .join("\n"),
    );
    const chart = scoreChart(scores);
    expect(chart).toMatch(/^<svg .*<\/svg>\n$/s);
    // No page defines the colours of a picture of its own.
    const used = [...chart.matchAll(/var\((--[a-z0-9-]+)\)/g)].map(([, name]) => name);
    expect(used.length).toBeGreaterThan(0);
    for (const name of used) expect(chart).toContain(`${name}: #`);
  });
});
