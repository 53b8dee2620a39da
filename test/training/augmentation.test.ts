import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { type FrontEnd, frontEnd, silenceValue } from "../../src/features/front-end.js";
import { augmentationOf } from "../../src/training/augmentation.js";
import { augmentBatch } from "../nn/augment-batch.js";

const [BATCH, FRAMES] = [4, 24];

const dB = (ref: number, amin: number) => ({ kind: "powerToDb", ref, amin, topDb: null }) as const;

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

  it.each([1, 3])("of strength %d stays finite on silence, on noise and on full scale", async (strength) => {
    const random = new Random("values");
    // Compressed values between silence and what a full-scale sine gives, examples of both alone at the ends.
    const loudest = made.compression.kind === "powerToDb" ? 60 : 4;
    const data = Float32Array.from({ length: BATCH * FRAMES * nMels }, (_, i) => {
      const example = Math.floor(i / (FRAMES * nMels));
      return example === 0 ? silence : example === 1 ? loudest : random.uniform(silence, loudest);
    });
    const config = augmentationOf(made, FRAMES, strength);
    const runs = await augmentBatch(
      config,
      { x: { shape: [BATCH, FRAMES, nMels], data }, targets },
      { times: 8 },
    );
    for (const { x } of runs) expect(x.data.every(Number.isFinite)).toBe(true);
  });

  it("knows silence: undone, compressed again and masked it stays what pads short clips", async () => {
    const data = new Float32Array(BATCH * FRAMES * nMels).fill(silence);
    const quiet = { ...augmentationOf(made, FRAMES, 1), noiseDb: [-1000, -1000] as const };
    const [{ x }] = await augmentBatch(quiet, { x: { shape: [BATCH, FRAMES, nMels], data }, targets });
    // Roundings of up to 100 dB, raised with the gain.
    for (const value of x.data) expect(Math.abs(value - silence)).toBeLessThan(2e-2);
  });

  it("grows with its strength", () => {
    const [weak, strong] = [0.5, 2].map((strength) => augmentationOf(made, FRAMES, strength));
    expect(strong.levelDb).toBeGreaterThan(weak.levelDb);
    expect(strong.noiseDb[1]).toBeGreaterThan(weak.noiseDb[1]);
    expect(strong.timeMask.frames).toBeGreaterThan(weak.timeMask.frames);
    expect(strong.bandMask.bands).toBeGreaterThan(weak.bandMask.bands);
    expect(strong.mixup).toBeGreaterThan(weak.mixup);
  });
});
