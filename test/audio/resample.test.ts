import { describe, expect, it } from "vitest";
import { joined } from "../../src/audio/joined.js";
import { resample, StreamResampler } from "../../src/audio/resample.js";

// Ratios of the common sample rates, the extremes, and ratios of large numbers (interpolated weights).
const RATES: [number, number][] = [
  [44100, 22050],
  [48000, 22050],
  [44100, 16000],
  [22050, 44100],
  [8000, 22050],
  [96000, 22050],
  [192000, 16000],
  [384000, 22050],
  [11025, 16000],
  [44100, 48000],
  [44099, 22050],
  [22050, 44099],
  [384000, 4000],
  [4000, 384000],
];
const MIN_REJECTION_DB = 80;
const MAX_RIPPLE_DB = 0.001; // required: 0.1
// Samples are 32-bit floats in [-1, 1]; a sum of 220 products loses a few of the last bits.
const FLOAT_TOLERANCE = 2e-6;

const decibel = (amplitude: number) => 20 * Math.log10(amplitude);
const sine = (hz: number, sampleRate: number, n: number, phase = 0) => ({
  samples: Float32Array.from({ length: n }, (_, i) => Math.sin((2 * Math.PI * hz * i) / sampleRate + phase)),
  sampleRate,
});

/** Fits A sin + B cos of `hz` to the middle half: its amplitude, its phase, and the amplitude of the residual. */
function fitTone(samples: Float32Array, hz: number, sampleRate: number) {
  let [cc, ss, cs, yc, ys, yy] = [0, 0, 0, 0, 0, 0];
  const [first, last] = [Math.floor(samples.length / 4), Math.floor((samples.length * 3) / 4)];
  for (let i = first; i < last; i++) {
    const [c, s, y] = [
      Math.cos((2 * Math.PI * hz * i) / sampleRate),
      Math.sin((2 * Math.PI * hz * i) / sampleRate),
      samples[i],
    ];
    cc += c * c;
    ss += s * s;
    cs += c * s;
    yc += y * c;
    ys += y * s;
    yy += y * y;
  }
  const determinant = cc * ss - cs * cs;
  const [a, b] = [(ys * cc - yc * cs) / determinant, (yc * ss - ys * cs) / determinant];
  const rest = Math.max(0, yy - a * ys - b * yc);
  return {
    amplitude: Math.hypot(a, b),
    phase: Math.atan2(b, a),
    rest: Math.sqrt((2 * rest) / (last - first)),
  };
}

/** The direct sum in double precision: output m is the sum over all inputs under the window. */
function oracle(x: Float32Array, inRate: number, outRate: number): (m: number) => number {
  const beta = 0.1102 * (86 - 8.7);
  const halfWidth = (86 - 7.95) / (2.285 * 2 * Math.PI * 0.05) / 2;
  const scale = Math.min(1, outRate / inRate);
  const bessel = (z: number) => {
    // The mean of exp(z cos) over half a turn, by the trapezoid rule.
    let sum = (Math.exp(z) + Math.exp(-z)) / 2;
    for (let k = 1; k < 32; k++) sum += Math.exp(z * Math.cos((Math.PI * k) / 32));
    return sum / 32;
  };
  const weight = (t: number) => {
    if (Math.abs(t * scale) >= halfWidth) return 0;
    const angle = Math.PI * 0.95 * scale * t;
    return (
      (angle === 0 ? 1 : Math.sin(angle) / angle) *
      bessel(beta * Math.sqrt(1 - ((t * scale) / halfWidth) ** 2))
    );
  };
  return (m) => {
    const position = (m * inRate) / outRate;
    const reach = Math.ceil(halfWidth / scale) + 1;
    let [sum, gain] = [0, 0];
    for (let n = Math.floor(position) - reach; n <= position + reach; n++) {
      const w = weight(n - position);
      gain += w;
      if (n >= 0 && n < x.length) sum += w * x[n];
    }
    return sum / gain;
  };
}

/** Numbers in [-1, 1] without a pattern that a filter could favour. */
function noise(n: number): Float32Array {
  let state = 12345;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

describe.each(RATES)("resample %i Hz to %i Hz", (inRate, outRate) => {
  const lowerNyquist = Math.min(inRate, outRate) / 2;
  const nSamples = Math.round(inRate * (1500 / lowerNyquist));

  it("passes tones up to 0.9 of the lower Nyquist frequency unchanged, without images", () => {
    for (let fraction = 0.02; fraction <= 0.9 + 1e-9; fraction += 0.08) {
      const hz = fraction * lowerNyquist;
      const { samples } = resample(sine(hz, inRate, nSamples), outRate);
      const { amplitude, phase, rest } = fitTone(samples, hz, outRate);
      expect(Math.abs(decibel(amplitude))).toBeLessThan(MAX_RIPPLE_DB);
      expect(Math.abs(phase)).toBeLessThan(1e-5);
      expect(decibel(rest)).toBeLessThan(-MIN_REJECTION_DB);
    }
  });

  if (inRate > outRate)
    it("suppresses tones at and above the lower Nyquist frequency", () => {
      for (let k = 0; k <= 12; k++) {
        const hz = lowerNyquist * (1 + (inRate / outRate - 1) * (k / 12) ** 3);
        const { samples } = resample(sine(hz, inRate, nSamples, 0.3), outRate);
        const middle = samples.subarray(samples.length / 4, (samples.length * 3) / 4);
        const rms = Math.sqrt(middle.reduce((sum, y) => sum + y * y, 0) / middle.length);
        expect(decibel(Math.SQRT2 * rms)).toBeLessThan(-MIN_REJECTION_DB);
      }
    });

  it("equals the direct sum in double precision, at the edges too", () => {
    const x = noise(Math.ceil(300 * Math.max(1, inRate / outRate)));
    const expected = oracle(x, inRate, outRate);
    const { samples } = resample({ samples: x, sampleRate: inRate }, outRate);
    const step = Math.ceil(samples.length / 60);
    let worst = 0;
    for (let m = 0; m < samples.length; m += step)
      worst = Math.max(worst, Math.abs(samples[m] - expected(m)));
    expect(worst).toBeLessThan(FLOAT_TOLERANCE);
  });

  it("gives the same bits in pieces of whatever length", () => {
    const x = noise(Math.ceil(60_000 * Math.max(1, inRate / outRate / 2)));
    const whole = resample({ samples: x, sampleRate: inRate }, outRate).samples;
    const resampler = new StreamResampler(inRate, outRate);
    const parts: Float32Array[] = [];
    for (let at = 0, i = 1; at < x.length; at += i, i = (7 * i) % 30_011)
      parts.push(resampler.push(x.slice(at, at + i)).slice());
    expect(parts.some((part) => part.length > 0)).toBe(true);
    const found = joined([...parts, resampler.end()]);
    expect(Buffer.compare(Buffer.from(found.buffer), Buffer.from(whole.buffer))).toBe(0);
  });

  it("gives round(n * outRate / inRate) samples, even for very short input", () => {
    for (const n of [0, 1, 2, 3, 7, 100, 1001]) {
      const { samples, sampleRate } = resample(
        { samples: new Float32Array(n).fill(0.5), sampleRate: inRate },
        outRate,
      );
      expect(samples.length).toBe(Math.round((n * outRate) / inRate));
      expect(sampleRate).toBe(outRate);
      expect(samples.every((y) => Number.isFinite(y) && Math.abs(y) < 1)).toBe(true);
    }
  });
});

describe("resample", () => {
  it("keeps an impulse where it was", () => {
    const x = new Float32Array(4410);
    x[2000] = 1;
    const { samples } = resample({ samples: x, sampleRate: 44100 }, 22050);
    expect(samples.indexOf(Math.max(...samples))).toBe(1000);
    for (let d = 1; d < 60; d++) expect(samples[1000 - d]).toBeCloseTo(samples[1000 + d], 7);
  });

  it("keeps a constant that is longer than one block, to the last bit or two", () => {
    const { samples } = resample({ samples: new Float32Array(200_000).fill(0.25), sampleRate: 48000 }, 22050);
    const middle = samples.subarray(100, samples.length - 100);
    expect(middle.every((y) => Math.abs(y - 0.25) < 1e-7)).toBe(true);
  });

  it.each([
    [44100, 22050],
    [48000, 22050],
    [44099, 22050],
  ])("does not depend on where its blocks begin (%i Hz to %i Hz)", (inRate, outRate) => {
    const x = noise(inRate * 3);
    const whole = resample({ samples: x, sampleRate: inRate }, outRate).samples;
    const late = resample({ samples: x.subarray(inRate), sampleRate: inRate }, outRate).samples;
    const worst = late
      .subarray(200)
      .reduce((max, y, m) => Math.max(max, Math.abs(y - whole[outRate + 200 + m])), 0);
    expect(worst).toBeLessThan(FLOAT_TOLERANCE);
  });

  it("returns the waveform itself if the rate is its own", () => {
    const waveform = sine(440, 22050, 100);
    expect(resample(waveform, 22050)).toBe(waveform);
  });

  it("says which rate is out of range", () => {
    expect(() => resample(sine(440, 44100, 10), 3999)).toThrow(
      "sampleRate must be an integer from 4000 to 384000, got 3999",
    );
    expect(() => resample({ samples: new Float32Array(4), sampleRate: 0 }, 8000)).toThrow(
      "waveform.sampleRate must be an integer from 4000 to 384000, got 0",
    );
  });
});
