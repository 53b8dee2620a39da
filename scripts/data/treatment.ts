import type { Random } from "../../src/core/random.js";
import { convolve } from "./convolve.js";
import { BUTTERWORTH_Q, biquad, filter, logUniform } from "./filters.js";
import type { Label } from "./labels.js";
import { drawBody, drawRoom, type RoomBounds } from "./rooms.js";

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

/** Adds the noise of a recording, white or reddish, at a ratio of the clip's own RMS to the noise [dB]. */
function addNoise(samples: Float32Array, random: Random, bounds: readonly [number, number]): void {
  const snrDb = random.uniform(...bounds);
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

/** Fraction of varied clips that stay as clean as the test's, except for their level. */
const UNTREATED_FRACTION = 0.2;

/** Families that are played through overdriven amplifiers. */
const DRIVEN_LABELS: ReadonlySet<Label> = new Set(["guitar", "bass", "organ"]);

const ROOMS: RoomBounds = { decaySec: [0.12, 1.6], wet: [0.03, 0.5] };
const MILD_ROOMS: RoomBounds = { decaySec: [0.15, 0.8], wet: [0.03, 0.25] };

function drawPeakDb(random: Random): number {
  const kind = random.uniform();
  if (kind < 0.65) return random.uniform(-12, -0.5);
  return kind < 0.93 ? random.uniform(-30, -12) : random.uniform(-45, -30);
}

/** Overdrives an amplifier, now and then with a bias that lets even harmonics through. */
function drive(samples: Float32Array, random: Random, most: number): void {
  const gain = logUniform(random, 1, most) / peakOf(samples);
  const bias = random.uniform() < 0.5 ? 0 : random.uniform(-0.4, 0.4);
  const rest = Math.tanh(bias);
  for (let i = 0; i < samples.length; i++) samples[i] = (Math.tanh(samples[i] * gain + bias) - rest) / gain;
}

/** A body's response, a room's, both in a row, or none. */
function drawResponse(random: Random, sampleRate: number): Float32Array | null {
  const body = random.uniform() < 0.3 ? drawBody(random, sampleRate) : null;
  const room = random.uniform() < 0.6 ? drawRoom(random, sampleRate, ROOMS) : null;
  return body !== null && room !== null ? convolve(room, body) : (room ?? body);
}

/**
 * Makes a clean rendering of a family sound like a recording: random distortion, colour, body, room, band limits, noise
 * and level.
 * @returns as many samples as were given; the input is overwritten
 */
export function treat(samples: Float32Array, sampleRate: number, random: Random, label: Label): Float32Array {
  let clip = samples;
  if (random.uniform() < UNTREATED_FRACTION) {
    setPeak(clip, drawPeakDb(random));
    return clip;
  }
  const isDriven = DRIVEN_LABELS.has(label);
  if (random.uniform() < (isDriven ? 0.25 : 0.1)) drive(clip, random, isDriven ? 10 : 4);
  if (random.uniform() < 0.75) equalize(clip, sampleRate, random);
  const response = drawResponse(random, sampleRate);
  if (response !== null) clip = convolve(clip, response);
  if (random.uniform() < 0.3) {
    const lowpass = biquad("lowpass", sampleRate, logUniform(random, 3500, 10500), BUTTERWORTH_Q);
    filter(clip, lowpass);
    filter(clip, lowpass);
  }
  if (random.uniform() < 0.15)
    filter(clip, biquad("highpass", sampleRate, logUniform(random, 30, 200), BUTTERWORTH_Q));
  if (random.uniform() < 0.4) addNoise(clip, random, [18, 60]);
  setPeak(clip, drawPeakDb(random));
  return clip;
}

/**
 * Records an evaluation clip with care: half of them in a mild room, a quarter with a little noise, at a peak of -20 to
 * -1 dB.
 * @param trim cuts off the silence at the end, before noise covers it
 */
export function record(
  samples: Float32Array,
  sampleRate: number,
  random: Random,
  trim: (samples: Float32Array) => Float32Array,
): Float32Array {
  const isInRoom = random.uniform() < 0.5;
  const room = isInRoom ? convolve(samples, drawRoom(random, sampleRate, MILD_ROOMS)) : samples;
  const clip = trim(room);
  if (random.uniform() < 0.25) addNoise(clip, random, [35, 65]);
  setPeak(clip, random.uniform(-20, -1));
  return clip;
}
