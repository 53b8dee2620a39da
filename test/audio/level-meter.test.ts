import { describe, expect, it } from "vitest";
import { meanOfChannels } from "../../src/audio/downmix.js";
import { LevelMeter } from "../../src/audio/level-meter.js";

const N = 44_100;
const make = (valueAt: (n: number) => number) => Float32Array.from({ length: N }, (_, n) => valueAt(n));
const sine = (hz: number, amplitude: number) =>
  make((n) => amplitude * Math.sin((2 * Math.PI * hz * n) / 44_100));
/** What the sound is after it was written as 16-bit samples. */
const in16Bits = (samples: Float32Array) =>
  samples.map((x) => Math.max(-32768, Math.min(32767, Math.round(32767 * x))) / 32768);

function measure(channels: Float32Array[], encoding = "16-bit PCM") {
  const meter = new LevelMeter({ channels: channels.length, encoding });
  for (let at = 0; at < N; at += 10_000) {
    const block = channels.map((samples) => samples.subarray(at, at + 10_000));
    const mean = meter.mix(block, new Float32Array(block[0].length));
    expect(mean).toEqual(meanOfChannels(block));
  }
  return meter;
}
const warn = (channels: Float32Array[], encoding?: string) =>
  measure(channels, encoding).warnings.map(({ code, message }) => `${code}: ${message}`);

describe("levels", () => {
  it("are peak, root mean square and samples at full scale of all channels", () => {
    const { peakDbfs, rmsDbfs, nClipped } = measure([sine(441, 0.5), sine(441, 0)]).levels;
    expect(peakDbfs).toBeCloseTo(20 * Math.log10(0.5), 6);
    expect(rmsDbfs).toBeCloseTo(20 * Math.log10(0.25), 6);
    expect(nClipped).toBe(0);
    expect(measure([make((n) => (n % 7 === 0 ? -1 : 0.5))]).levels.nClipped).toBe(N / 7);
    expect(measure([make(() => 0)]).levels).toEqual({ peakDbfs: null, rmsDbfs: null, nClipped: 0 });
  });
});

describe("a warning about", () => {
  it("silence: zeros, and peaks below -80 dBFS", () => {
    expect(warn([make(() => 0)])).toEqual(["silent: all samples are zero"]);
    expect(warn([sine(440, 5e-5)])).toEqual(["silent: is practically silent: its peak is -86.0 dBFS"]);
    expect(warn([sine(440, 2e-4)])).toEqual([]);
  });

  it("channels that cancel, wholly or nearly", () => {
    const [left, other] = [sine(440, 0.5), sine(700, 0.5)];
    expect(warn([left, left.map((x) => -x)])).toEqual([
      "channels-cancel: its channels cancel each other: their mean, which is what the net hears, is silent; invert one of them, or keep only one",
    ]);
    expect(warn([left, left.map((x) => -0.95 * x)])[0]).toMatch(/is 31\.8 dB below them/);
    for (const right of [left, other, left.map((x) => -0.7 * x), make(() => 0)])
      expect(warn([left, right])).toEqual([]);
    // One loud channel of eight is 18 dB above the mean.
    expect(warn([left, ...Array.from({ length: 7 }, () => make(() => 0))])).toEqual([]);
  });

  it("samples far above full scale, with what to divide by", () => {
    const above = "above-full-scale: its samples are far above full scale, which is 1: they reach";
    const peak = (value: number) => warn([make((n) => (n === 77 ? -value : 0.1))], "32-bit float");
    expect(peak(32768)).toEqual([`${above} 32768; they look like 16-bit integers: divide them by 32768`]);
    expect(peak(8e6)).toEqual([`${above} 8000000; they look like 24-bit integers: divide them by 8388608`]);
    expect(peak(1e30)).toEqual([`${above} 1e+30; scale them to [-1, 1]`]);
    expect(peak(3.9)).toEqual([]);
  });

  it("peaks cut off at full scale", () => {
    // 880 peaks, of which two are divided by the ends of blocks.
    expect(warn([in16Bits(sine(440, 1.5))])).toEqual([
      "clipped: is clipped: 882 peaks are cut off at full scale; use a recording at a lower level if there is one",
    ]);
    expect(warn([sine(440, 1.5).map((x) => Math.max(-1, Math.min(1, x)))], "32-bit float")).toHaveLength(1);
    expect(warn([in16Bits(sine(60, 1.01))])).toHaveLength(1);
    expect(warn([in16Bits(make((n) => (n % 100 < 50 ? 1 : -1)))])).toHaveLength(1);
  });

  it.each([20, 30, 50, 100, 440, 5000, 11_025])(
    "no clipping of a clean tone of %i Hz that reaches full scale",
    (hz) => {
      expect(warn([in16Bits(sine(hz, 1))])).toEqual([]);
      expect(warn([sine(hz, 1)], "32-bit float")).toEqual([]);
      expect(warn([sine(hz, 1.5)], "MPEG layer 3")).toEqual([]); // decoded floats beyond 1 are whole
    },
  );

  it("no clipping of eight bits, which are too coarse to tell", () => {
    const coarse = sine(100, 1).map((x) => Math.max(-1, Math.min(127 / 128, Math.round(128 * x) / 128)));
    expect(warn([coarse], "8-bit PCM")).toEqual([]);
  });
});
