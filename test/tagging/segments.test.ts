import { afterAll, describe, expect, it } from "vitest";
import { UsageError } from "../../src/core/errors.js";
import { mergeIntoEvents } from "../../src/tagging/segments.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { ENGINE } from "../engine.js";
import { rejectionOf } from "../store/message-of.js";
import { makeSound } from "../training/tiny-store.js";
import { tinyModel, tinyTrained } from "./tiny-model.js";

const SAME = 1e-6; // batches of other sizes
const SEGMENT_SEC = 0.256; // 16 frames of 128 samples at 8 kHz

const tagger = await Tagger.open(tinyModel(), "m.onnx", ENGINE);
afterAll(() => tagger.close());

/** A second of a hum, then one of hiss. */
const samples = Float32Array.from([
  ...makeSound("hum", "a", { durationSec: 1 }).samples,
  ...makeSound("hiss", "a", { durationSec: 1 }).samples,
]);
const clip = { samples, sampleRate: 8000 };
const part = (fromSec: number, toSec: number) => ({
  samples: samples.subarray(8000 * fromSec, 8000 * toSec),
  sampleRate: 8000,
});
const times = (list: readonly { startSec: number; endSec: number }[]) =>
  list.map(({ startSec, endSec }) => [startSec, endSec]);

describe("the segments of a clip", () => {
  it("are those that its answer is the mean of", async () => {
    const { tags, segments } = await tagger.tagWaveform(clip);
    // 126 frames: 8 segments, the last from frame 110 on; each frame 16 ms
    const starts = [0, 16, 31, 47, 63, 79, 94, 110];
    expect(segments.map(({ startSec }) => startSec)).toEqual(starts.map((frame) => frame / 62.5));
    expect(segments.map(({ endSec }) => endSec)).toEqual([
      ...starts.slice(0, -1).map((frame) => (frame + 16) / 62.5),
      2,
    ]);
    for (const { label, probability } of tags) {
      const all = segments.map((segment) => segment.tags.find((tag) => tag.label === label)!.probability);
      expect(Math.abs(all.reduce((sum, each) => sum + each) / 8 - probability)).toBeLessThan(SAME);
    }
  });

  it("begin at the hop that is asked for, and end with the clip; the clip's answer stays the same", async () => {
    const { tags } = await tagger.tagWaveform(clip);
    const hopped = await tagger.tagWaveform(clip, { segments: { hopSec: 0.2 } });
    expect(times(hopped.segments)).toEqual([
      ...[0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6].map((sec) => [sec, Number((sec + 0.256).toFixed(3))]),
      [1.76, 2], // moved back: frames 110 to 125
    ]);
    const apart = await tagger.tagWaveform(clip, { segments: { hopSec: 0.7 } });
    expect(times(apart.segments)).toEqual([
      [0, SEGMENT_SEC],
      [0.7, 0.956],
      [1.4, 1.656],
    ]);
    expect(apart.events).toHaveLength(3);
    hopped.tags.forEach(({ label, probability }, i) => {
      expect(label).toBe(tags[i].label);
      expect(Math.abs(probability - tags[i].probability)).toBeLessThan(SAME);
    });
  });

  it("hear their own part of the clip", async () => {
    const { segments } = await tagger.tagWaveform(clip, { segments: { hopSec: 0.64 } });
    const own = await tagger.tagWaveform(part(1.28, 1.28 + 15 / 62.5)); // 16 frames, hiss
    const [hum, , hiss] = segments;
    const difference = (a: typeof hum.tags) =>
      Math.max(
        ...a.map(({ label, probability }) =>
          Math.abs(own.tags.find((tag) => tag.label === label)!.probability - probability),
        ),
      );
    expect(difference(hiss.tags)).toBeLessThan(0.05); // the frames at the edges see silence in the part
    expect(difference(hum.tags)).toBeGreaterThan(2 * difference(hiss.tags));
  });

  it.each([0.05, 0.1, SEGMENT_SEC])("is one in a clip of %d s", async (sec) => {
    const { segments, events } = await tagger.tagWaveform(part(0, sec), { segments: { hopSec: 0.5 } });
    expect(times(segments)).toEqual([[0, sec]]);
    expect(events).toMatchObject([{ startSec: 0, endSec: sec }]);
  });

  it("can be written as JSON", async () => {
    const { segments } = await tagger.tagWaveform(part(0, 0.2));
    expect(JSON.parse(JSON.stringify(segments))).toEqual([
      { startSec: 0, endSec: 0.2, weight: 1, novelty: null, isUnknown: false, tags: segments[0].tags },
    ]);
  });

  it.each([
    [{ hopSec: 0 }, "segments.hopSec must be a number greater than 0, got 0"],
    [{ hopSec: "1" }, 'segments.hopSec must be a number greater than 0, got "1"'],
    [{ hopSec: 0.01 }, "segments.hopSec must be at least 0.016 s, one frame of the model, got 0.01"],
    [{ hop: 1 }, "segments must have no settings but hopSec, got hop"],
    [true, "segments must be an object of settings, got true"],
  ])("are asked for rightly: %j", async (segments, message) => {
    const tagging = tagger.tagWaveform(clip, { segments: segments as object });
    await expect(tagging).rejects.toBeInstanceOf(UsageError);
    expect(await rejectionOf(tagging)).toBe(message);
  });
});

describe("events", () => {
  const segment = (startSec: number, endSec: number, ...answers: [label: string, probability: number][]) => ({
    startSec,
    endSec,
    answers: answers.map(([label, probability]) => ({ label, probability })),
  });

  it("merge segments with the same label that touch or overlap, and no others", () => {
    expect(
      mergeIntoEvents([
        segment(0, 3, ["a", 0.5]),
        segment(3, 6, ["a", 1], ["b", 0.75]), // touches
        segment(5, 8), // no label
        segment(5.5, 8.5, ["a", 0.75]), // overlaps
        segment(9, 12, ["a", 0.25]), // a gap of 0.5 s
        segment(12.5, 15, ["b", 1]),
      ]),
    ).toEqual([
      { startSec: 0, endSec: 8.5, label: "a", probability: 0.75 },
      { startSec: 3, endSec: 6, label: "b", probability: 0.75 },
      { startSec: 9, endSec: 12, label: "a", probability: 0.25 },
      { startSec: 12.5, endSec: 15, label: "b", probability: 1 },
    ]);
    expect(mergeIntoEvents([])).toEqual([]);
  });

  it("are the most probable labels of a single-label model's segments", async () => {
    const { segments, events } = await tagger.tagWaveform(clip, { segments: { hopSec: 0.256 } });
    const answers = segments.map(({ tags }) => tags.slice(0, 1));
    expect(new Set(answers.map(([{ label }]) => label)).size).toBeGreaterThan(1);
    expect(events).toEqual(mergeIntoEvents(segments.map((each, i) => ({ ...each, answers: answers[i] }))));
    expect(events[0].startSec).toBe(0);
    expect(events.at(-1)!.endSec).toBe(2);
  });

  it("are all labels of a multi-label model's segments with a probability of 0.5 or more", async () => {
    const model = tinyTrained({ task: "multi-label" });
    model.weights.get("output.bias")!.data.fill(0.2); // so that some segments have two labels
    const several = await Tagger.of(model, ENGINE);
    const { segments, events } = await several.tagWaveform(clip);
    await several.close();
    const answers = segments.map(({ tags }) => tags.filter(({ probability }) => probability >= 0.5));
    expect(new Set(answers.map(({ length }) => length)).size).toBeGreaterThan(1);
    expect(events).toEqual(mergeIntoEvents(segments.map((each, i) => ({ ...each, answers: answers[i] }))));
  });
});
