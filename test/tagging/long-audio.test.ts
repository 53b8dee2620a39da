import { afterAll, describe, expect, it } from "vitest";
import type { AudioStream } from "../../src/audio/audio-stream.js";
import { waveformStream } from "../../src/audio/waveform-stream.js";
import { FeatureStream } from "../../src/features/feature-stream.js";
import { type FrontEnd, frontEnd } from "../../src/features/front-end.js";
import { encodeModel } from "../../src/tagging/model-file.js";
import { streamProbabilities } from "../../src/tagging/stream-probabilities.js";
import { streamReader } from "../../src/tagging/stream-reader.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { ENGINE } from "../engine.js";
import { makeSound, TINY_FRONT_END } from "../training/tiny-store.js";
import { SEGMENT_FRAMES, tinyModel, weightedModel } from "./tiny-model.js";

/** Seven seconds of changing sounds. */
const samples = Float32Array.from(
  ["tone", "hiss", "hum", "tone", "hum", "hiss", "tone"].flatMap((sound, i) => [
    ...makeSound(sound as "tone", `${i}`, { durationSec: 1 + i / 100 }).samples,
  ]),
);
const SEC = samples.length / 8000;

/** Counts how often the audio is opened; it declares `declaredSamples`. */
function source(declaredSamples: number | null) {
  const state = { opened: 0 };
  const open = async (): Promise<AudioStream> => {
    state.opened++;
    return { ...waveformStream({ channelData: [samples], sampleRate: 8000 }), declaredSamples };
  };
  return { open, state };
}

const DECIBELS = { power: 2, compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 30 } } as const;
const FRONT_ENDS = {
  "log10 of magnitudes": TINY_FRONT_END,
  topDb: frontEnd({ ...TINY_FRONT_END, ...DECIBELS }),
};
const session = await ENGINE.open(encodeModel(weightedModel(1)));
afterAll(() => session.close());

const tag = (open: () => Promise<AudioStream>, made: FrontEnd, heldFrames: number) =>
  streamProbabilities(session, async () => new FeatureStream(await open(), made, "a.wav"), {
    frontEnd: made,
    segmentFrames: SEGMENT_FRAMES,
    heldValues: heldFrames * made.nMels,
    hopFrames: 10.4,
  });

describe("audio whose features are too long to hold", () => {
  it.each([
    ["log10 of magnitudes", "its true length", samples.length, 1],
    ["log10 of magnitudes", "no length", null, 2],
    ["log10 of magnitudes", "too small a length", samples.length - 20_000, 2],
    ["log10 of magnitudes", "too great a length", samples.length + 20_000, 2],
    ["topDb", "its true length", samples.length, 2],
  ] as const)("gets the same answer to the bit: %s, declares %s", async (model, _what, declared, nOpened) => {
    const made = FRONT_ENDS[model];
    const whole = await tag(source(samples.length).open, made, 1000);
    expect(whole.features.nFrames).toBeGreaterThan(400);
    const { open, state } = source(declared);
    const found = await tag(open, made, 50);
    expect(found.probabilities).toEqual(whole.probabilities);
    expect(found.segments).toEqual(whole.segments);
    expect(found.segments.length).toBeGreaterThan(40);
    expect(found.features.durationSec).toBe(SEC);
    expect(state.opened).toBe(nOpened);
  });

  it("is an error if it changes between two readings", async () => {
    let opened = 0;
    const open = async (): Promise<AudioStream> => ({
      ...waveformStream({
        channelData: [opened++ === 0 ? samples : samples.subarray(3000)],
        sampleRate: 8000,
      }),
      declaredSamples: null,
    });
    await expect(tag(open, TINY_FRONT_END, 50)).rejects.toThrow("a.wav: changed while it was read");
  });

  it("stops at an abort, and ends its decoder", async () => {
    const controller = new AbortController();
    let isClosed = false;
    async function* blocks(): AsyncGenerator<Float32Array[]> {
      try {
        for (;;) yield [samples.subarray(0, 8000)];
      } finally {
        isClosed = true;
      }
    }
    const open = async (): Promise<AudioStream> => ({
      ...waveformStream({ channelData: [samples], sampleRate: 8000 }),
      blocks: blocks(),
    });
    const seen: (number | null)[] = [];
    const tagger = await Tagger.open(tinyModel(), "m.onnx", ENGINE);
    const tagging = tagger.tagStream(open, "a.wav", {
      signal: controller.signal,
      onProgress({ doneSec, totalSec }) {
        seen.push(totalSec);
        if (doneSec >= 60) controller.abort();
      },
    });
    await expect(tagging).rejects.toThrow("aborted");
    expect([isClosed, seen[0], seen.length]).toEqual([true, SEC, 60]);
    await tagger.close();
  });
});

describe("streamReader", () => {
  it("reads overlapping frames of a stream in order, raised to the least value, and zeros past its end", async () => {
    async function* rows(): AsyncGenerator<Float32Array> {
      for (let t = 0; t < 20; t += 3)
        yield Float32Array.from({ length: 2 * Math.min(3, 20 - t) }, (_, i) => 10 * t + i);
    }
    const reader = streamReader(rows(), 2, { nFrames: 24, least: 31 });
    const out = new Float32Array(60).fill(-1);
    await Promise.all([0, 2, 11, 16].map((first, i) => reader.read(0, first, 4, out, 8 * i)));
    const expected = (first: number) =>
      Array.from({ length: 8 }, (_, i) => {
        const [t, m] = [first + (i >> 1), i & 1];
        return t < 20 ? Math.max(31, 10 * (t - (t % 3)) + 2 * (t % 3) + m) : 31;
      });
    expect([...out.subarray(0, 32)]).toEqual([0, 2, 11, 16].flatMap(expected));
    await reader.read(0, 18, 4, out, 0);
    expect([...out.subarray(0, 8)]).toEqual([...expected(18).slice(0, 4), 31, 31, 31, 31]);
  });
});
