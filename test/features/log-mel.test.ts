import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joined } from "../../src/audio/joined.js";
import { raiseTo } from "../../src/features/compress.js";
import { FRONT_END_PRESETS, type FrontEnd, frontEnd, silenceValue } from "../../src/features/front-end.js";
import { hann } from "../../src/features/hann.js";
import { logMel, StreamLogMel } from "../../src/features/log-mel.js";
import fixture from "./fixtures/log-mel.json" with { type: "json" };
import { floatsOf, type SignalName, signal } from "./signals.js";

// Relative to the largest value: librosa computes in single precision, timbrel in double.
const LOG_MEL_TOLERANCE = 1e-5;

const greatest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const clip = (name: SignalName, nSamples: number, sampleRate = 22050) => ({
  samples: signal(name, nSamples),
  sampleRate,
});

describe("logMel", () => {
  it.each(fixture.cases)("equals librosa's: $signal of $nSamples samples, $frontEnd", (expected) => {
    const made = frontEnd(expected.frontEnd as FrontEnd);
    const { data, shape } = logMel(
      clip(expected.signal as SignalName, expected.nSamples, made.sampleRate),
      made,
    );
    expect(shape).toEqual(expected.shape);
    const reference = floatsOf(expected.logMel);
    const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - reference[i])), 0);
    expect(worst).toBeLessThanOrEqual(LOG_MEL_TOLERANCE * greatest(reference));
  });

  it("gives finite values and 1 + floor(nSamples / hopLength) frames, whatever the length", () => {
    const made = frontEnd({ nFft: 64, hopLength: 24, nMels: 8 });
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 1, maxLength: 300, noNaN: true, min: -1e6, max: 1e6 }),
        (samples) => {
          const { data, shape } = logMel({ samples, sampleRate: 22050 }, made);
          expect(shape).toEqual([1 + Math.floor(samples.length / 24), 8]);
          expect(data.every(Number.isFinite)).toBe(true);
        },
      ),
    );
  });

  it("gives a frame of a long clip the same bits as an excerpt around it", () => {
    // Long clips are computed in blocks, here of about a thousand frames.
    const made = frontEnd({ nFft: 64, hopLength: 32, nMels: 8 });
    const { samples, sampleRate } = clip("noise", 100_000);
    const { data, shape } = logMel({ samples, sampleRate }, made);
    expect(shape).toEqual([3126, 8]);
    for (let t = 1; t < 3125; t++) {
      const cut = logMel({ samples: samples.subarray(32 * (t - 1), 32 * (t + 1)), sampleRate }, made);
      expect(data.subarray(8 * t, 8 * (t + 1)), `frame ${t}`).toEqual(cut.data.subarray(8, 16));
    }
  });

  it.each([
    { nFft: 64, hopLength: 32 },
    { nFft: 256, hopLength: 1000 },
    { nFft: 2048, hopLength: 37, winLength: 1024 },
  ])("gives the same bits in pieces of whatever length: %j", (settings) => {
    const topDb = { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 20 } as const;
    const made = frontEnd({ ...settings, nMels: 8, compression: topDb });
    const { samples, sampleRate } = clip("chirp", 30_000);
    const whole = logMel({ samples, sampleRate }, made).data;
    const stream = new StreamLogMel(made);
    const parts: Float32Array[] = [];
    for (let at = 0, i = 1; at < samples.length; at += i, i = (7 * i) % 3001)
      parts.push(stream.push(samples.slice(at, at + i)));
    const found = joined([...parts, stream.end()]);
    expect(Math.min(...found)).toBeLessThan(stream.least);
    raiseTo(stream.least, found);
    expect(Buffer.compare(Buffer.from(found.buffer), Buffer.from(whole.buffer))).toBe(0);
  });

  it("does not depend on the previous clip", () => {
    const made = frontEnd();
    const alone = logMel(clip("quiet", 700), frontEnd());
    logMel(clip("noise", 5000), made);
    expect(logMel(clip("quiet", 700), made)).toEqual(alone);
  });

  it.each(Object.values(FRONT_END_PRESETS))("gives silenceValue for silence: preset %#", (made) => {
    const { data } = logMel(clip("silence", 3000, made.sampleRate), made);
    expect(new Set(data)).toEqual(new Set([Math.fround(silenceValue(made))]));
  });

  it("rejects another sample rate, an empty clip and samples that are not finite, in one line", () => {
    const samples = signal("noise", 4000);
    expect(() => logMel({ samples, sampleRate: 44100 }, frontEnd())).toThrow(
      "waveform must be at 22050 Hz, got 44100 Hz; resample it first",
    );
    expect(() => logMel({ samples: new Float32Array(0), sampleRate: 22050 }, frontEnd())).toThrow(
      "waveform must hold at least 1 sample, got 0",
    );
    samples[3210] = Number.NaN;
    expect(() => logMel({ samples, sampleRate: 22050 }, frontEnd())).toThrow(
      "waveform must hold finite samples, got NaN at sample 3210; repair the clip or leave it out",
    );
    samples[3210] = Number.NEGATIVE_INFINITY;
    expect(() => logMel({ samples, sampleRate: 22050 }, frontEnd())).toThrow("got -Infinity at sample 3210");
    // 128 bands on 129 bins: the lowest bands contain no bin and stay finite for any samples.
    const fine = frontEnd({ nFft: 256, hopLength: 128 });
    expect(() => logMel({ samples, sampleRate: 22050 }, fine)).toThrow("at sample 3210");
  });
});

describe("hann", () => {
  it("is periodic", () => {
    expect(Array.from(hann(4, 4), (value) => Number(value.toFixed(12)))).toEqual([0, 0.5, 1, 0.5]);
  });
  it("is centred in the frame, with the extra zero of an odd rest on the right", () => {
    expect(Array.from(hann(3, 8), (value) => Number(value.toFixed(12)))).toEqual([
      0, 0, 0, 0.75, 0.75, 0, 0, 0,
    ]);
  });
  it("of one sample is 1", () => {
    expect(Array.from(hann(1, 4))).toEqual([0, 1, 0, 0]);
  });
});
