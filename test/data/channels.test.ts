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
  it("adds noise of at most the level, another in every band and frame", () => {
    const added = through({ noise: 0.002 }).map((value, i) => value - 0.01 * (1 + Math.floor(i / nMels)));
    expect(Math.min(...added)).toBeGreaterThan(-1e-5);
    const power = added.reduce((sum, x) => sum + x * x, 0) / added.length;
    expect(Math.sqrt(power)).toBeLessThan(0.0021);
    expect(Math.sqrt(power)).toBeGreaterThan(0.002 / 40);
    expect(new Set(added.map((x) => x.toFixed(7))).size).toBeGreaterThan(added.length / 3);
  });
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
  it("has every channel", async () => {
    for (const name of Object.keys(CHANNELS)) {
      const { clips } = await clipsBehind(data, data.clips, name);
      expect(clips[0].nFrames).toBe(name === "tails" ? 6 : NFRAMES);
    }
  });
});
