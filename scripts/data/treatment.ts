import type { Random } from "../../src/core/random.js";
import { convolve } from "./convolve.js";

/** A second-order filter in direct form, a0 = 1. */
interface Biquad {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
}

type BiquadKind = "lowpass" | "highpass" | "peaking" | "lowshelf" | "highshelf";

/**
 * Designs a filter by the formulas of the cookbook.
 * Reference: Robert Bristow-Johnson, Cookbook formulae for audio EQ biquad filter coefficients.
 */
function biquad(kind: BiquadKind, sampleRate: number, hz: number, q: number, gainDb = 0): Biquad {
  const w = (2 * Math.PI * hz) / sampleRate;
  const [c, alpha, a] = [Math.cos(w), Math.sin(w) / (2 * q), 10 ** (gainDb / 40)];
  const root = 2 * Math.sqrt(a) * alpha;
  const [b0, b1, b2, a0, a1, a2] = {
    lowpass: () => [(1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha],
    highpass: () => [(1 + c) / 2, -(1 + c), (1 + c) / 2, 1 + alpha, -2 * c, 1 - alpha],
    peaking: () => [1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a],
    lowshelf: () => [
      a * (a + 1 - (a - 1) * c + root),
      2 * a * (a - 1 - (a + 1) * c),
      a * (a + 1 - (a - 1) * c - root),
      a + 1 + (a - 1) * c + root,
      -2 * (a - 1 + (a + 1) * c),
      a + 1 + (a - 1) * c - root,
    ],
    highshelf: () => [
      a * (a + 1 + (a - 1) * c + root),
      -2 * a * (a - 1 + (a + 1) * c),
      a * (a + 1 + (a - 1) * c - root),
      a + 1 - (a - 1) * c + root,
      2 * (a - 1 - (a + 1) * c),
      a + 1 - (a - 1) * c - root,
    ],
  }[kind]();
  return { b0: b0 / a0, b1: b1 / a0, b2: b2 / a0, a1: a1 / a0, a2: a2 / a0 };
}

/** Filters in place. */
function filter(samples: Float32Array, { b0, b1, b2, a1, a2 }: Biquad): void {
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i];
    const y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
    [x2, x1, y2, y1] = [x1, x, y1, y];
    samples[i] = y;
  }
}

const BUTTERWORTH_Q = Math.SQRT1_2;

function logUniform(random: Random, min: number, max: number): number {
  return min * (max / min) ** random.uniform();
}

/** Simulates microphone and body: tilts, and up to two resonances or notches. */
function equalize(samples: Float32Array, sampleRate: number, random: Random): void {
  const tiltDb = random.normal() * 4;
  filter(samples, biquad("highshelf", sampleRate, logUniform(random, 800, 4000), BUTTERWORTH_Q, tiltDb));
  if (random.uniform() < 0.5)
    filter(
      samples,
      biquad("lowshelf", sampleRate, logUniform(random, 100, 400), BUTTERWORTH_Q, random.normal() * 4),
    );
  for (let n = random.integer(3); n > 0; n--)
    filter(
      samples,
      biquad(
        "peaking",
        sampleRate,
        logUniform(random, 150, 6000),
        random.uniform(0.5, 2.5),
        random.normal() * 5,
      ),
    );
}

/** A random room: the direct sound, early reflections, and low-passed noise that decays by 60 dB in `decaySec`. */
function impulseResponse(sampleRate: number, random: Random): Float32Array {
  const decaySec = logUniform(random, 0.12, 1.6);
  const wet = random.uniform(0.03, 0.5);
  const preDelay = Math.round(random.uniform(0.001, 0.03) * sampleRate);
  const tail = new Float32Array(preDelay + Math.round(Math.min(decaySec, 1.4) * sampleRate));
  const damping = random.uniform(0.1, 0.75);
  const perSample = Math.exp(-6.9078 / (decaySec * sampleRate));
  let gain = 1;
  let smooth = 0;
  let energy = 0;
  for (let i = preDelay; i < tail.length; i++) {
    smooth = damping * smooth + (1 - damping) * random.uniform(-1, 1);
    tail[i] = smooth * gain;
    gain *= perSample;
    energy += tail[i] ** 2;
  }
  for (let n = random.integer(7); n > 0; n--) {
    const at = Math.min(tail.length - 1, Math.round(random.uniform(0.002, 0.05) * sampleRate));
    const echo = random.uniform(-0.5, 0.5) * Math.sqrt(energy);
    energy += echo * echo;
    tail[at] += echo;
  }
  const scale = wet / Math.sqrt(energy);
  for (let i = 0; i < tail.length; i++) tail[i] *= scale;
  tail[0] += 1 - wet;
  return tail;
}

/** Adds the noise of a recording: white or reddish, 18 to 60 dB below the clip's own RMS. */
function addNoise(samples: Float32Array, random: Random): void {
  const snrDb = random.uniform(18, 60);
  const redness = random.uniform() < 0.5 ? 0 : random.uniform(0.5, 0.97);
  let energy = 0;
  for (const x of samples) energy += x * x;
  const rms = Math.sqrt(energy / samples.length);
  const gain = rms * 10 ** (-snrDb / 20) * Math.sqrt(3 * (1 - redness * redness));
  let noise = 0;
  for (let i = 0; i < samples.length; i++) {
    noise = redness * noise + random.uniform(-1, 1);
    samples[i] += gain * noise;
  }
}

/** Scales the samples to a peak of `peakDb` [dB relative to full scale]. */
export function setPeak(samples: Float32Array, peakDb: number): void {
  const peak = peakOf(samples);
  if (peak === 0) return;
  const scale = 10 ** (peakDb / 20) / peak;
  for (let i = 0; i < samples.length; i++) samples[i] *= scale;
}

/** The largest magnitude. */
export function peakOf(samples: Float32Array): number {
  let peak = 0;
  for (const x of samples) peak = Math.max(peak, Math.abs(x));
  return peak;
}

/** Fraction of clips that stay as clean as the test's, except for their level. */
const UNTREATED_FRACTION = 0.2;

function drawPeakDb(random: Random): number {
  return random.uniform() < 0.7 ? random.uniform(-12, -0.5) : random.uniform(-30, -12);
}

/**
 * Makes a clean rendering sound like a recording: random distortion, colour, room, band limits, noise and level.
 * @returns as many samples as were given; the input is overwritten
 */
export function treat(samples: Float32Array, sampleRate: number, random: Random): Float32Array {
  let clip = samples;
  if (random.uniform() < UNTREATED_FRACTION) {
    setPeak(clip, drawPeakDb(random));
    return clip;
  }
  if (random.uniform() < 0.12) {
    const drive = logUniform(random, 1, 5) / peakOf(clip);
    for (let i = 0; i < clip.length; i++) clip[i] = Math.tanh(clip[i] * drive) / drive;
  }
  if (random.uniform() < 0.75) equalize(clip, sampleRate, random);
  if (random.uniform() < 0.6) clip = convolve(clip, impulseResponse(sampleRate, random));
  if (random.uniform() < 0.3) {
    const lowpass = biquad("lowpass", sampleRate, logUniform(random, 3500, 10500), BUTTERWORTH_Q);
    filter(clip, lowpass);
    filter(clip, lowpass);
  }
  if (random.uniform() < 0.15)
    filter(clip, biquad("highpass", sampleRate, logUniform(random, 30, 200), BUTTERWORTH_Q));
  if (random.uniform() < 0.4) addNoise(clip, random);
  setPeak(clip, drawPeakDb(random));
  return clip;
}
