import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kernelModule } from "../../scripts/build-kernels.js";
import { SampleWindow } from "../../src/audio/sample-window.js";
import { type FrontEnd, frontEnd } from "../../src/features/front-end.js";
import { hann } from "../../src/features/hann.js";
import { melFilterBank } from "../../src/features/mel-filter-bank.js";
import { melFrames } from "../../src/features/mel-frames.js";
import { magnitudeSpectrum } from "../../src/features/spectrum.js";
import { signal } from "./signals.js";

// Both sides compute in double precision; the oracle's weights are stored in single.
const RELATIVE_TOLERANCE = 1e-6;

/** `|X[k]|` by the defining sum. */
function magnitudesOf(frame: Float64Array): number[] {
  const nFft = frame.length;
  return Array.from({ length: nFft / 2 + 1 }, (_, k) => {
    let re = 0;
    let im = 0;
    for (let n = 0; n < nFft; n++) {
      re += frame[n] * Math.cos((2 * Math.PI * k * n) / nFft);
      im -= frame[n] * Math.sin((2 * Math.PI * k * n) / nFft);
    }
    return Math.hypot(re, im);
  });
}

/** Mel bands of frame `t`, one product after the other. */
function slowMel(samples: Float32Array, t: number, made: FrontEnd): number[] {
  const { nFft, hopLength, winLength, nMels, power } = made;
  const window = hann(winLength, nFft);
  const frame = window.map((value, n) => value * (samples[t * hopLength - nFft / 2 + n] ?? 0));
  const magnitudes = magnitudesOf(frame);
  const bank = melFilterBank(made).data;
  return Array.from({ length: nMels }, (_, m) =>
    magnitudes.reduce((sum, value, k) => sum + bank[m * magnitudes.length + k] * value ** power, 0),
  );
}

function windowOf(samples: Float32Array): SampleWindow {
  const window = new SampleWindow();
  window.push(samples);
  return window;
}

describe("melFrames", () => {
  it.each([4, 8, 16, 32, 64, 128, 256, 512])("equals the defining sums: frames of %i samples", (nFft) => {
    for (const power of [1, 2] as const) {
      const made = frontEnd({ nFft, winLength: nFft - 1, hopLength: 37, nMels: 7, melNorm: "none", power });
      const samples = signal("noise", 150);
      const nFrames = 5; // odd: the last pair has only one frame
      const found = melFrames(made).mel(windowOf(samples), 0, nFrames);
      const expected = Array.from({ length: nFrames }, (_, t) => slowMel(samples, t, made)).flat();
      const greatest = Math.max(...expected);
      expect(found).toHaveLength(nFrames * 7);
      expected.forEach((value, i) => {
        expect(Math.abs(found[i] - value)).toBeLessThanOrEqual(RELATIVE_TOLERANCE * greatest);
      });
    }
  });

  it("gives a frame the same bits wherever its block begins and whichever frame it is paired with", () => {
    const samples = signal("chirp", 9000);
    const frames = melFrames(frontEnd({ hopLength: 100 }));
    const together = frames.mel(windowOf(samples), 0, 91).slice();
    for (const t of [0, 1, 7, 44, 89, 90])
      expect(frames.mel(windowOf(samples), t, 1)).toEqual(together.subarray(128 * t, 128 * (t + 1)));
  });

  it("accepts hops from one sample to far more than a frame", () => {
    for (const hopLength of [1, 65536]) {
      const made = frontEnd({ nFft: 64, hopLength, nMels: 4 });
      const samples = signal("noise", 70000);
      expect(Array.from(melFrames(made).mel(windowOf(samples), 1, 1))).toSatisfy((found: number[]) =>
        slowMel(samples, 1, made).every((value, m) => Math.abs(found[m] - value) < 1e-6),
      );
    }
  });

  it("runs the compiled frame-kernel.wat", async () => {
    const src = new URL("../../src/features/", import.meta.url);
    const wat = readFileSync(new URL("frame-kernel.wat", src), "utf8");
    expect(readFileSync(new URL("frame-kernel.ts", src), "utf8")).toBe(
      await kernelModule("frame-kernel", wat),
    );
  });
});

describe("magnitudeSpectrum", () => {
  it.each([4, 8, 64, 128])("equals the defining sum: %i samples", (nFft) => {
    const frame = Float64Array.from(signal("noise", nFft));
    const found = new Float64Array(nFft / 2 + 1);
    magnitudeSpectrum(nFft)(frame, found);
    magnitudesOf(frame).forEach((value, k) => {
      expect(found[k]).toBeCloseTo(value, 9);
    });
  });
});
