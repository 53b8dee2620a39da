import { describe, expect, it } from "vitest";
import { CHANNELS, type Channel, clipsBehind, throughChannel } from "../../scripts/channels/channels.js";
import { UsageError } from "../../src/core/errors.js";
import { Random } from "../../src/core/random.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { frontEnd as frontEndOf } from "../../src/features/front-end.js";

const NFRAMES = 10;
const frontEnd = frontEndOf({ compression: { kind: "log10", scale: 1000 } });
const { nMels } = frontEnd;
/** A frame of mel value 0.01 * (1 + t) in all bands. */
const values = Float32Array.from({ length: NFRAMES * nMels }, (_, i) =>
  Math.log10(1 + 10 * (1 + Math.floor(i / nMels))),
);
const mel = (compressed: Float32Array) => Array.from(compressed, (y) => (10 ** y - 1) / 1000);
const through = (channel: Channel, seed = "1") =>
  mel(throughChannel(values, channel, { frontEnd, random: new Random(seed) }));
/** Gains of the bands in frame t [dB]. */
const gainsOf = (channel: Channel, seed: string, t = 0) => {
  const out = through(channel, seed);
  return Array.from({ length: nMels }, (_, b) => 20 * Math.log10(out[t * nMels + b] / (0.01 * (1 + t))));
};
const SEEDS = Array.from({ length: 40 }, (_, i) => `${i}`);

describe("throughChannel", () => {
  it("keeps values without a channel, to the rounding of float32", () => {
    for (const [i, value] of through({}).entries())
      expect(value / (0.01 * (1 + Math.floor(i / nMels)))).toBeCloseTo(1, 4);
  });
  it("multiplies all frames by one smooth curve of the deviation that is asked for", () => {
    const curves = SEEDS.map((seed) => gainsOf({ equalizerDb: 6 }, seed));
    const late = gainsOf({ equalizerDb: 6 }, "3", 9);
    for (const [b, gain] of curves[3].entries()) expect(gain).toBeCloseTo(late[b], 2);
    // A curve of eight cosines has the variance equalizerDb ** 2: 40 draws of 128 bands know it within a tenth or so.
    const squares = curves.flat().map((gain) => gain * gain);
    const deviation = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
    expect(Math.abs(deviation / 6 - 1)).toBeLessThan(0.25);
    // Its steepest cosine turns once in 32 bands, so that neighbours are close.
    for (const curve of curves)
      for (let b = 1; b < nMels; b++) expect(Math.abs(curve[b] - curve[b - 1])).toBeLessThan(6);
  });
  it("takes away the lowest and the highest bands, and keeps those in the middle", () => {
    const all = SEEDS.map((seed) => gainsOf({ isBandLimited: true }, seed));
    for (const gains of all) {
      for (let b = 20; b < 85; b++) expect(gains[b]).toBeCloseTo(0, 2);
      expect(Math.max(...gains)).toBeLessThan(0.01);
    }
    const median = (b: number) => all.map((gains) => gains[b]).sort((x, y) => x - y)[20];
    expect(median(0)).toBeLessThan(-8);
    expect(median(nMels - 1)).toBeLessThan(-15);
  });
  it.each([1, 2] as const)(
    "adds noise of at most the level, and of 30 dB less, another in every band and frame: power %i",
    (power) => {
      const front = frontEndOf({ power, compression: { kind: "log10", scale: 1e9 } });
      const silence = new Float32Array(values.length);
      const levels = Array.from({ length: 200 }, (_, seed) => {
        const random = new Random(`${seed}`);
        const out = throughChannel(silence, { noise: 0.002 }, { frontEnd: front, random });
        const magnitudes = Array.from(out, (y) => ((10 ** y - 1) / 1e9) ** (1 / power));
        expect(new Set(magnitudes).size).toBeGreaterThan(0.9 * magnitudes.length);
        return (
          10 * Math.log10(magnitudes.reduce((sum, x) => sum + x * x, 0) / magnitudes.length / 0.002 ** 2)
        );
      });
      // The mean of 1280 squares is within 10 % (0.4 dB); of 200 draws from 30 dB some come within 1 dB of the ends.
      expect(Math.max(...levels)).toBeLessThan(0.5);
      expect(Math.max(...levels)).toBeGreaterThan(-1.5);
      expect(Math.min(...levels)).toBeGreaterThan(-30.5);
      expect(Math.min(...levels)).toBeLessThan(-28.5);
    },
  );
  it("cuts off the start", () => {
    expect(through({ skip: 0.4 })).toEqual(mel(values.slice(4 * nMels)));
  });
  it("refuses values in dB", () => {
    const decibels = frontEndOf({ compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 80 } });
    expect(() => throughChannel(values, {}, { frontEnd: decibels, random: new Random("1") })).toThrow(
      new UsageError({
        setting: "frontEnd.compression.kind",
        rule: "be log10 or log1p, which have a value for silence",
        got: "powerToDb",
        remedy: "extract the features with one of them",
      }),
    );
  });
});

describe("clipsBehind", () => {
  const clip = (name: string) => ({
    name,
    labels: ["a"],
    group: "g",
    features: { shape: [NFRAMES, nMels], data: values },
  });
  const data = featuresInMemory(frontEnd, [clip("x"), clip("y")]);
  it("draws a clip's channel from its name, whatever other clips there are", async () => {
    const featuresOf = async (clips: typeof data.clips, name: string) => {
      const behind = await clipsBehind(data, clips, "8 dB");
      const found = behind.clips.find((each) => each.name === name)!;
      expect([found.labels, found.group, found.nFrames]).toEqual([["a"], "g", NFRAMES]);
      const out = new Float32Array(values.length);
      await behind.reader.read(found, 0, NFRAMES, out, 0);
      return out;
    };
    const [x, y] = [await featuresOf(data.clips, "x"), await featuresOf(data.clips, "y")];
    expect(await featuresOf(data.clips.slice(1), "y")).toEqual(y);
    expect(x).not.toEqual(y);
  });
  it("has every channel, each with draws of its own", async () => {
    const seen = new Set<string>();
    for (const name of Object.keys(CHANNELS)) {
      const { clips, reader } = await clipsBehind(data, data.clips, name);
      expect(clips[0].nFrames).toBe(name === "tails" ? 6 : NFRAMES);
      const out = new Float32Array(clips[0].nFrames * nMels);
      await reader.read(clips[0], 0, clips[0].nFrames, out, 0);
      seen.add(out.join());
    }
    expect(seen.size).toBe(Object.keys(CHANNELS).length);
  });
  it("draws equalizers of the deviation in their name, from another seed each", async () => {
    const manyClips = Array.from({ length: 60 }, (_, i) => clip(`${i}`));
    const many = featuresInMemory(frontEnd, manyClips);
    const gains = async (name: string) => {
      const { clips, reader } = await clipsBehind(many, many.clips, name);
      const out = new Float32Array(nMels);
      const all: number[] = [];
      for (const each of clips) {
        await reader.read(each, 0, 1, out, 0);
        all.push(...mel(out).map((value) => 20 * Math.log10(value / 0.01)));
      }
      return all;
    };
    const [four, eight] = [await gains("4 dB"), await gains("8 dB")];
    const deviation = (all: number[]) => Math.sqrt(all.reduce((sum, db) => sum + db * db, 0) / all.length);
    // 60 curves of 8 cosines: within some 7 %.
    expect(Math.abs(deviation(four) / 4 - 1)).toBeLessThan(0.2);
    expect(Math.abs(deviation(eight) / 8 - 1)).toBeLessThan(0.2);
    expect(eight[0] / four[0]).not.toBeCloseTo(2, 1);
  });
});
