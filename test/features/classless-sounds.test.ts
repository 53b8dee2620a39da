import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { CLASSLESS_SOUNDS, classlessSound, FITTED_SOUNDS } from "../../src/features/classless-sounds.js";
import { frontEnd } from "../../src/features/front-end.js";

const FRONT_END = frontEnd({ sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 16 });
/** A frame reads 32 ms, so that up to 3 more than last as long as a sound hold some of it. */
const FRAMES_PER_SEC = 8000 / 128;

/** The frames of a second of short noise that hold something. */
function framesWithSound(i: number): number[] {
  const options = { durationSec: 1, levelDb: -20 };
  const { data, shape } = classlessSound("short noise", FRONT_END, new Random(`${i}`), options);
  const silence = Math.min(...data);
  return Array.from({ length: shape[0] }, (_, frame) => frame).filter((frame) =>
    data.subarray(frame * 16, frame * 16 + 16).some((value) => value !== silence),
  );
}

describe("short noise", () => {
  it("is noise of 1 to 300 ms, at any time, in silence", () => {
    const sounds = Array.from({ length: 40 }, (_, i) => framesWithSound(i));
    const lengths = sounds.map((frames) => frames.length);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(1);
    expect(Math.min(...lengths)).toBeLessThanOrEqual(3);
    expect(Math.max(...lengths)).toBeGreaterThan(0.1 * FRAMES_PER_SEC);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(0.3 * FRAMES_PER_SEC + 3);
    for (const frames of sounds) expect(frames.at(-1)! - frames[0] + 1).toBe(frames.length);
    const starts = sounds.map((frames) => frames[0] / FRAMES_PER_SEC);
    expect(Math.min(...starts)).toBeLessThan(0.2);
    expect(Math.max(...starts)).toBeGreaterThan(0.7);
  });
});

describe("band-limited noise", () => {
  it("has nothing above half of a rate from 4 kHz on, and half of it little at the lowest frequencies", () => {
    const fine = frontEnd({ sampleRate: 16000, nFft: 512, hopLength: 256, nMels: 64 });
    const bands = Array.from({ length: 60 }, (_, i) => {
      const options = { durationSec: 1, levelDb: -20 };
      const { data, shape } = classlessSound("band-limited noise", fine, new Random(`${i}`), options);
      expect(shape[0]).toBeGreaterThanOrEqual(62);
      // Frames in the middle: the ends ring.
      const middle = data.subarray(20 * 64, 40 * 64);
      return Array.from({ length: 64 }, (_, b) => Math.max(...middle.filter((_, n) => n % 64 === b)));
    });
    // Brown noise of the whole band has a thousandth of its greatest level there, a filter of resampling leaves less.
    const tops = bands.map((levels) => levels[60] / Math.max(...levels));
    expect(tops.filter((top) => top < 1e-4).length).toBeGreaterThan(20);
    expect(Math.max(...tops)).toBeGreaterThan(0.5);
    const lows = bands.map((levels) => levels[0] / Math.max(...levels));
    expect(lows.filter((low) => low < 0.3).length).toBeGreaterThan(10);
    expect(lows.filter((low) => low > 0.5).length).toBeGreaterThan(10);
  });
});

it("models are fitted to silence and noise, not to the hum and the clicks", () => {
  expect(CLASSLESS_SOUNDS.filter((sound) => !FITTED_SOUNDS.includes(sound))).toEqual(["mains hum", "clicks"]);
});
