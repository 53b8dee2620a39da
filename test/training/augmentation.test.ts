import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { compressor } from "../../src/features/compress.js";
import { type FrontEnd, frontEnd, silenceValue } from "../../src/features/front-end.js";
import { augmentationOf } from "../../src/training/augmentation.js";
import { augmentBatch } from "../nn/augment-batch.js";

const [BATCH, FRAMES] = [4, 24];

const dB = (ref: number, amin: number) => ({ kind: "powerToDb", ref, amin, topDb: null }) as const;

/** The random changes of a strength. */
const ofStrength = (made: FrontEnd, segmentFrames: number, augment: number) =>
  augmentationOf(made, { augment, augmentation: {}, segmentFrames })!;

const FRONT_ENDS: [string, FrontEnd][] = [
  ["gct634", frontEnd()],
  ["gct634-2020", frontEnd({ preset: "gct634-2020" })],
  ["musicnn", frontEnd({ preset: "musicnn" })],
  ["log1p", frontEnd({ compression: { kind: "log1p", scale: 1 } })],
  ["dB of a large ref", frontEnd({ power: 2, compression: dB(100, 1e-5) })],
  ["dB of a ref below amin", frontEnd({ power: 2, compression: dB(1e-6, 1e-3) })],
];

describe.each(FRONT_ENDS)("augmentationOf %s", (_name, made) => {
  const { nMels } = made;
  const targets = { shape: [BATCH, 1], data: new Float32Array(BATCH) };
  const silence = silenceValue(made);

  it.each([1, 3])("at strength %d stays finite on silence, on noise and on full scale", async (strength) => {
    const random = new Random("values");
    // Compressed values from silence to a full-scale sine; the first example is all silence, the second all full scale.
    const loudest = made.compression.kind === "powerToDb" ? 60 : 4;
    const data = Float32Array.from({ length: BATCH * FRAMES * nMels }, (_, i) => {
      const example = Math.floor(i / (FRAMES * nMels));
      return example === 0 ? silence : example === 1 ? loudest : random.uniform(silence, loudest);
    });
    const all = { filter: 1, reverbSec: 2, mixStyle: 1 };
    const config = { ...ofStrength(made, FRAMES, strength), ...all };
    const runs = await augmentBatch(
      config,
      { x: { shape: [BATCH, FRAMES, nMels], data }, targets },
      { times: 8 },
    );
    for (const { x } of runs) expect(x.data.every(Number.isFinite)).toBe(true);
  });

  it("knows silence: decompressed, compressed again and masked, it stays the value that pads short clips", async () => {
    const data = new Float32Array(BATCH * FRAMES * nMels).fill(silence);
    const quiet = { ...ofStrength(made, FRAMES, 1), noiseMinDb: -1000, noiseMaxDb: -1000 };
    const [{ x }] = await augmentBatch(quiet, { x: { shape: [BATCH, FRAMES, nMels], data }, targets });
    // Rounding errors of values up to 100 dB, amplified by the gain.
    for (const value of x.data) expect(Math.abs(value - silence)).toBeLessThan(2e-2);
  });

  it("decompresses what the front end compresses: its logarithm is the front end's, at values far above the floor", () => {
    const { scale, floor, rate } = ofStrength(made, FRAMES, 1).logarithm;
    const compress = compressor(made.compression);
    for (const x of [1, 7, 300]) {
      const compressed = new Float32Array(1);
      compress(Float64Array.of(x), compressed, 0);
      // A floor is added here, not clipped at: the largest one, 1e-3, raises 1 by 0.0043 dB.
      expect(Math.abs(Math.log(scale * x + floor) / rate - compressed[0])).toBeLessThan(5e-3);
    }
  });

  it("grows with its strength", () => {
    const [weak, strong] = [0.5, 2].map((strength) => ofStrength(made, FRAMES, strength));
    expect(strong.levelDb).toBeGreaterThan(weak.levelDb);
    expect(strong.noiseMaxDb).toBeGreaterThan(weak.noiseMaxDb);
    expect(strong.timeMaskFrames).toBeGreaterThan(weak.timeMaskFrames);
    expect(strong.bandMaskBands).toBeGreaterThan(weak.bandMaskBands);
    expect(strong.mixup).toBeGreaterThan(weak.mixup);
  });
});

describe("augmentationOf a front end of 80 bands, on segments of 40 frames", () => {
  const made = frontEnd({ nMels: 80 });

  it("at strength 0.5 equals its table in models/README.md", () => {
    const { logarithm, power, frameSec, ...changes } = ofStrength(made, 40, 0.5);
    expect(changes).toEqual({
      levelDb: 6,
      colourDb: 3,
      colourOrders: 6,
      filter: 0,
      envelopeDb: 2,
      reverbSec: 0,
      noiseMinDb: -90,
      noiseMaxDb: -70,
      bandShift: 1,
      bandStretch: 0.04,
      frameStretch: 0.125,
      frameShift: 2.5,
      timeMaskFrames: 4,
      timeMaskCount: 2,
      bandMaskBands: 5,
      bandMaskCount: 2,
      mixup: 0.15,
      mixStyle: 0,
    });
  });

  it("has the settings that a run sets in place of the strength's", () => {
    const config = { augment: 0.5, augmentation: { colourDb: 9, mixup: 0 }, segmentFrames: 40 };
    expect(augmentationOf(made, config)).toEqual({ ...ofStrength(made, 40, 0.5), colourDb: 9, mixup: 0 });
  });

  it("is none at strength 0, unless a run sets one of them", () => {
    const none = { augment: 0, segmentFrames: 40 };
    expect(augmentationOf(made, { ...none, augmentation: {} })).toBeUndefined();
    const only = augmentationOf(made, { ...none, augmentation: { reverbSec: 1 } });
    expect(only).toMatchObject({ reverbSec: 1, levelDb: 0, bandShift: 0, timeMaskFrames: 0, mixup: 0 });
    expect(only!.frameSec).toBeCloseTo(512 / 22050, 12);
  });

  it("never lets a second example outweigh the first, however strong", async () => {
    const targets = { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) };
    const x = { shape: [2, 40, 80], data: new Float32Array(2 * 40 * 80) };
    const runs = await augmentBatch(ofStrength(made, 40, 3), { x, targets }, { times: 50 });
    const own = runs.flatMap((run) => [run.targets.data[0], run.targets.data[3]]);
    expect(Math.min(...own)).toBeGreaterThanOrEqual(0.5);
    expect(Math.min(...own)).toBeLessThan(0.55); // of 100 uniform draws in [0.5, 1]
  });
});
