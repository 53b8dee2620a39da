import fc from "fast-check";
import meyda from "meyda";
import { expect, it, describe as suite } from "vitest";
import { DESCRIPTOR_NAMES, describe, summarizeDescriptors } from "../../src/features/descriptors.js";
import { signal } from "./signals.js";

// Meyda's types describe a default export that Node's import of its CommonJS build does not have.
const library = meyda as unknown as {
  bufferSize: number;
  sampleRate: number;
  extract(features: string | string[], signal: Float32Array): Record<string, number> & { mfcc: number[] };
};
const FRAME_LENGTH = 1024;
const SAMPLE_RATE = 22050;
const tone = (hz: number, nSamples: number, amplitude = 0.5, sampleRate = SAMPLE_RATE) => ({
  samples: Float32Array.from(
    { length: nSamples },
    (_, n) => amplitude * Math.sin((2 * Math.PI * hz * n) / sampleRate),
  ),
  sampleRate,
});
const named = (values: Float32Array) =>
  Object.fromEntries(DESCRIPTOR_NAMES.map((name, i) => [name, values[i]]));

suite("summarizeDescriptors", () => {
  it("has a mean and a deviation of nine descriptors and 13 MFCCs", () => {
    expect(DESCRIPTOR_NAMES).toHaveLength(2 * (9 + 13));
    expect(new Set(DESCRIPTOR_NAMES).size).toBe(DESCRIPTOR_NAMES.length);
    expect(summarizeDescriptors(tone(440, 4096))).toHaveLength(DESCRIPTOR_NAMES.length);
  });

  it("agrees with Meyda on one frame: the spectrum's moments and the MFCCs", () => {
    const waveform = { samples: signal("chirp", FRAME_LENGTH), sampleRate: SAMPLE_RATE };
    const found = named(summarizeDescriptors(waveform));
    library.bufferSize = FRAME_LENGTH;
    library.sampleRate = SAMPLE_RATE;
    const expected = library.extract(
      ["spectralCentroid", "spectralSpread", "spectralSkewness", "perceptualSpread", "mfcc"],
      waveform.samples,
    );
    // Meyda's Hann window is symmetric and its spectrum ends before the Nyquist bin, unlike timbrel's.
    for (const name of ["spectralCentroid", "spectralSpread", "spectralSkewness", "perceptualSpread"])
      expect(Math.abs(found[`${name}Mean`] / expected[name] - 1)).toBeLessThan(0.02);
    for (const [i, value] of expected.mfcc.entries())
      expect(Math.abs(found[`mfcc${i}Mean`] - value)).toBeLessThan(0.1);
    expect(found.spectralCentroidStd).toBe(0);
  });

  it("does not depend on the sample rate of the previous clip", () => {
    const clip = tone(500, 5000, 0.5, 16000);
    const before = summarizeDescriptors(clip);
    summarizeDescriptors(tone(500, 5000, 0.5, 44100));
    library.sampleRate = 8000;
    library.extract("mfcc", new Float32Array(512));
    expect(summarizeDescriptors(clip)).toEqual(before);
    const atOtherRate = named(summarizeDescriptors({ ...clip, sampleRate: 44100 }));
    expect(Math.abs(atOtherRate.mfcc1Mean - named(before).mfcc1Mean)).toBeGreaterThan(1);
  });

  it("gives zeros for silence, and leaves silent frames out", () => {
    const silence = { samples: new Float32Array(9000), sampleRate: SAMPLE_RATE };
    expect(summarizeDescriptors(silence).every((value) => value === 0)).toBe(true);
    const sound = tone(440, 4 * FRAME_LENGTH);
    const padded = new Float32Array(12 * FRAME_LENGTH);
    padded.set(sound.samples);
    expect(summarizeDescriptors({ samples: padded, sampleRate: SAMPLE_RATE })).toEqual(
      summarizeDescriptors(sound),
    );
  });

  it("gives finite numbers for any input: constants, clicks, near-silence, noise, no samples", () => {
    const check = (samples: Float32Array): void => {
      expect(summarizeDescriptors({ samples, sampleRate: 8000 }).every(Number.isFinite)).toBe(true);
    };
    check(new Float32Array(0));
    check(new Float32Array(2000).fill(1));
    check(new Float32Array(2000).fill(-1e-4));
    check(Float32Array.from({ length: 2048 }, (_, n) => (n === 512 ? 1 : 0)));
    check(Float32Array.from({ length: 2048 }, (_, n) => (n % 2 === 0 ? 1 : -1)));
    check(Float32Array.from({ length: 2048 }, (_, n) => (n === 100 ? Number.POSITIVE_INFINITY : 0)));
    check(Float32Array.from({ length: 2048 }, (_, n) => (n === 100 ? Number.NaN : 0.5)));
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1, maxLength: 3000, noNaN: true, min: -2, max: 2 }), check),
      { numRuns: 30 },
    );
  });

  it("covers the whole of a long clip", () => {
    const samples = new Float32Array(400 * FRAME_LENGTH);
    samples.set(tone(200, 200 * FRAME_LENGTH).samples);
    samples.set(tone(3000, 200 * FRAME_LENGTH).samples, 200 * FRAME_LENGTH);
    const { spectralCentroidHz } = describe({ samples, sampleRate: SAMPLE_RATE });
    expect(spectralCentroidHz).toBeGreaterThan(1500);
    expect(spectralCentroidHz).toBeLessThan(1700);
  });
});

suite("describe", () => {
  it.each([440, 2000, 6000])("finds a tone of %i Hz", (hz) => {
    const found = describe(tone(hz, 3 * SAMPLE_RATE));
    const binHz = SAMPLE_RATE / FRAME_LENGTH;
    expect(Math.abs(found.spectralCentroidHz - hz)).toBeLessThan(binHz);
    expect(Math.abs(found.spectralRolloffHz - hz)).toBeLessThan(3 * binHz);
    expect(Math.abs(found.zeroCrossingsPerSec / (2 * hz) - 1)).toBeLessThan(0.05);
    expect(found.spectralFlatness).toBeLessThan(0.02);
  });
  it("calls noise flat", () => {
    const found = describe({ samples: signal("noise", 8192), sampleRate: SAMPLE_RATE });
    expect(found.spectralFlatness).toBeGreaterThan(0.6);
    expect(found.spectralRolloffHz).toBeGreaterThan(10500);
  });
  it.each([0, 3000])("gives zeros for a silent clip of %i samples", (nSamples) => {
    expect(Object.values(describe({ samples: new Float32Array(nSamples), sampleRate: SAMPLE_RATE }))).toEqual(
      [0, 0, 0, 0],
    );
  });
  it("divides the crossings of a clip shorter than a frame by the clip's own length", () => {
    expect(Math.abs(describe(tone(2000, 600)).zeroCrossingsPerSec / 4000 - 1)).toBeLessThan(0.05);
  });
});
