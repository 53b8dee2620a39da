import fc from "fast-check";
import meyda from "meyda";
import { expect, it, describe as suite } from "vitest";
import { DESCRIPTOR_NAMES, describe, summarizeDescriptors } from "../../src/features/descriptors.js";
import { hann } from "../../src/features/hann.js";
import { FrameSampler, MEYDA_SCALARS, meydaFrames } from "../../src/features/meyda-frames.js";
import { magnitudeSpectrum } from "../../src/features/spectrum.js";
import { signal } from "./signals.js";

// Meyda's types describe a default export that Node's import of its CommonJS build does not have.
const library = meyda as unknown as {
  bufferSize: number;
  sampleRate: number;
  melBands: number;
  melFilterBank: number[][] | undefined;
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

/** Values of one frame: their means come first, then their deviations. */
const N_FRAME_VALUES = DESCRIPTOR_NAMES.length / 2;
const summarize = (samples: Float32Array) => summarizeDescriptors({ samples, sampleRate: SAMPLE_RATE });

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
    library.melBands = 26; // Meyda's default
    library.melFilterBank = undefined; // made anew
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

  it("gives the bits of Meyda's own extractors, whatever the spectrum and the sample rate", () => {
    const { featureExtractors } = meyda as unknown as {
      featureExtractors: Record<string, (input: object) => number> & { mfcc: (input: object) => number[] };
    };
    const magnitudes = magnitudeSpectrum(FRAME_LENGTH);
    for (const [i, sampleRate] of [8000, 16000, 22050, 44100].entries())
      for (const name of ["chirp", "noise"] as const) {
        const frame = signal(name, FRAME_LENGTH).map((x) => x * 10 ** -i);
        const [values] = meydaFrames([frame], sampleRate);
        const window = hann(FRAME_LENGTH, FRAME_LENGTH);
        const ampSpectrum = new Float64Array(FRAME_LENGTH / 2 + 1);
        magnitudes(
          Float64Array.from(frame, (x, n) => window[n] * x),
          ampSpectrum,
        );
        library.bufferSize = FRAME_LENGTH;
        library.sampleRate = sampleRate;
        library.melBands = 26;
        library.melFilterBank = undefined;
        library.extract("mfcc", frame);
        const { melFilterBank } = library;
        const input = { ampSpectrum, melFilterBank, bufferSize: FRAME_LENGTH, numberOfMFCCCoefficients: 13 };
        for (const scalar of ["spectralCentroid", "spectralSpread", "spectralSkewness"] as const)
          expect(values[MEYDA_SCALARS.indexOf(scalar)]).toBe(featureExtractors[scalar](input));
        expect(values.slice(MEYDA_SCALARS.length)).toEqual(featureExtractors.mfcc(input));
      }
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

  it.each([1, 2, 3])("is mean and population deviation of %i frames, without the rest", (nFrames) => {
    const nSamples = nFrames * FRAME_LENGTH + 500; // 500 samples fill no frame
    const [noise, { samples: sine }] = [signal("noise", nSamples), tone(440, nSamples)];
    const samples = noise.map((value, n) => value + (n / nSamples) * (sine[n] - value));
    const frames = Array.from({ length: nFrames }, (_, t) =>
      summarize(samples.subarray(FRAME_LENGTH * t, FRAME_LENGTH * (t + 1))).subarray(0, N_FRAME_VALUES),
    );
    const found = summarize(samples);
    for (let i = 0; i < N_FRAME_VALUES; i++) {
      const values = frames.map((frame) => frame[i]);
      const mean = values.reduce((sum, value) => sum + value, 0) / nFrames;
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / nFrames);
      // The frames' values were rounded to float32.
      const tolerance = 1e-6 * Math.max(...values.map(Math.abs));
      expect(Math.abs(found[i] - mean), DESCRIPTOR_NAMES[i]).toBeLessThanOrEqual(tolerance);
      expect(Math.abs(found[N_FRAME_VALUES + i] - deviation), DESCRIPTOR_NAMES[i]).toBeLessThanOrEqual(
        tolerance,
      );
    }
  });

  it("looks at every second frame of a clip of more than 96", () => {
    // 191 frames, of which every other one is looked at.
    const [seen, unseen] = [tone(500, FRAME_LENGTH).samples, tone(3000, FRAME_LENGTH).samples];
    const samples = new Float32Array(191 * FRAME_LENGTH);
    for (let t = 0; t < 191; t++) samples.set(t % 2 === 0 ? seen : unseen, t * FRAME_LENGTH);
    const [found, expected] = [summarize(samples), summarize(seen)];
    for (let i = 0; i < N_FRAME_VALUES; i++) {
      const tolerance = 1e-6 * Math.abs(expected[i]);
      expect(Math.abs(found[i] - expected[i]), DESCRIPTOR_NAMES[i]).toBeLessThanOrEqual(tolerance);
      expect(found[N_FRAME_VALUES + i], DESCRIPTOR_NAMES[i]).toBeLessThanOrEqual(tolerance);
    }
  });

  it.each([
    [96, 1],
    [97, 2],
    [192, 2],
    [193, 4],
    [1000, 16],
  ])("of %i frames, chooses each %ith", (nFrames, stride) => {
    const samples = Float32Array.from({ length: nFrames * FRAME_LENGTH + 700 }, (_, n) => n);
    const sampler = new FrameSampler();
    for (let at = 0, i = 1; at < samples.length; at += i, i = (7 * i) % 3001)
      sampler.push(samples.subarray(at, at + i));
    expect(sampler.frames.map((frame) => frame[0])).toEqual(
      Array.from({ length: Math.ceil(nFrames / stride) }, (_, i) => i * stride * FRAME_LENGTH),
    );
    for (const frame of sampler.frames)
      expect(frame).toEqual(samples.subarray(frame[0], frame[0] + FRAME_LENGTH));
  });

  it("calls a frame silent below -80 dB of full scale", () => {
    const ofLevel = (db: number) =>
      summarize(tone(SAMPLE_RATE / 8, FRAME_LENGTH, Math.SQRT2 * 10 ** (db / 20)).samples);
    expect(ofLevel(-79)[0]).toBeCloseTo(10 ** (-79 / 20), 7); // rms
    expect([...ofLevel(-81)].every((value) => value === 0)).toBe(true);
  });

  it("gives 0 for what a frame without a spectrum has none of", () => {
    const click = new Float32Array(FRAME_LENGTH);
    click[0] = 1; // where the window is 0
    const found = named(summarize(click));
    expect(found.rmsMean).toBe(1 / 32);
    for (const name of ["spectralCentroid", "spectralSpread", "spectralSkewness", "spectralFlatness"])
      expect(found[`${name}Mean`], name).toBe(0);
  });

  it("gives finite numbers for whatever comes: constants, clicks, near-silence, noise, no samples", () => {
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
