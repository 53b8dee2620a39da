import type { Random } from "../../src/core/random.js";
import { logUniform } from "./filters.js";

const SPEED_OF_SOUND = 343; // m/s
/** Decay of a reverberation time: 60 dB. */
const DECAY_60_DB = Math.log(1000);
/** Longest response [s]. */
const LONGEST_RESPONSE_SEC = 1.4;
/** Mirror images of the source in each direction. */
const IMAGE_ORDER = 2;
/** Length of a body's response [s]. */
const BODY_SEC = 0.06;

type Point = readonly [x: number, y: number, z: number];

/**
 * Distances [m] and numbers of reflections of a source's images in a box.
 * Reference: Allen and Berkley, Image method for efficiently simulating small-room acoustics, JASA 65 (1979).
 */
function imagesOf(
  box: Point,
  source: Point,
  microphone: Point,
): { distance: number; nReflections: number }[] {
  const along = (axis: number) => {
    const images: { offset: number; n: number }[] = [];
    for (let i = -IMAGE_ORDER; i <= IMAGE_ORDER; i++)
      for (const mirrored of [0, 1])
        images.push({
          offset: (mirrored === 0 ? source[axis] : -source[axis]) + 2 * i * box[axis] - microphone[axis],
          n: Math.abs(2 * i - mirrored),
        });
    return images.filter(({ n }) => n <= IMAGE_ORDER);
  };
  const [xs, ys, zs] = [along(0), along(1), along(2)];
  return xs.flatMap((x) =>
    ys.flatMap((y) =>
      zs.map((z) => ({
        distance: Math.hypot(x.offset, y.offset, z.offset),
        nReflections: x.n + y.n + z.n,
      })),
    ),
  );
}

/** Bounds within which a room is drawn. */
export interface RoomBounds {
  /** Shortest and longest reverberation time [s]. */
  readonly decaySec: readonly [number, number];
  /** Smallest and largest amplitude of the reverberation relative to the direct sound's. */
  readonly wet: readonly [number, number];
}

/**
 * Draws the response of a room to a source: the direct sound, the early reflections of a box, and behind them noise that
 * loses its high frequencies and decays by 60 dB in the reverberation time.
 */
export function drawRoom(random: Random, sampleRate: number, bounds: RoomBounds): Float32Array {
  const decaySec = logUniform(random, ...bounds.decaySec);
  const wet = random.uniform(...bounds.wet);
  // Rooms that sound longer are larger.
  const size = 2.5 * (1 + 2.5 * decaySec * random.uniform(0.5, 1.5));
  const box: Point = [size * random.uniform(0.8, 1.6), size * random.uniform(0.8, 1.3), 2.3 + 0.3 * size];
  const inside = (): Point => [
    box[0] * random.uniform(0.1, 0.9),
    box[1] * random.uniform(0.1, 0.9),
    box[2] * random.uniform(0.15, 0.7),
  ];
  const images = imagesOf(box, inside(), inside());
  const directM = Math.max(0.3, Math.min(...images.map(({ distance }) => distance)));
  const reflectance = random.uniform(0.4, 0.9);

  const nSamples = Math.round(Math.min(decaySec, LONGEST_RESPONSE_SEC) * sampleRate);
  const response = new Float32Array(nSamples);
  let mixingSample = 1;
  for (const { distance, nReflections } of images) {
    if (nReflections === 0) continue;
    const at = Math.round(((distance - directM) / SPEED_OF_SOUND) * sampleRate);
    if (at < 1 || at >= nSamples) continue;
    // A wall turns the sign of some images: without it, the lowest frequencies would pile up.
    const sign = random.uniform() < 0.3 ? -1 : 1;
    response[at] += (sign * reflectance ** nReflections * directM) / distance;
    if (nReflections === 1) mixingSample = Math.max(mixingSample, at);
  }

  const damping = random.uniform(0.1, 0.75);
  const perSample = Math.exp(-DECAY_60_DB / (decaySec * sampleRate));
  let gain = random.uniform(0.02, 0.12);
  let smooth = 0;
  for (let i = Math.min(mixingSample, nSamples); i < nSamples; i++) {
    smooth = damping * smooth + (1 - damping) * random.uniform(-1, 1);
    response[i] += smooth * gain;
    gain *= perSample;
  }
  let energy = 0;
  for (const x of response) energy += x * x;
  const scale = energy > 0 ? wet / Math.sqrt(energy) : 0;
  for (let i = 0; i < nSamples; i++) response[i] *= scale;
  response[0] += 1 - wet;
  return response;
}

/**
 * Draws the response of a body: the direct sound and a few modes that ring. Wood, cabinets and microphones colour a sound
 * in this way.
 */
export function drawBody(random: Random, sampleRate: number): Float32Array {
  const response = new Float32Array(Math.round(BODY_SEC * sampleRate));
  const nModes = 3 + random.integer(10);
  const depth = random.uniform(0.15, 0.7);
  for (let mode = 0; mode < nModes; mode++) {
    const hz = logUniform(random, 90, 6000);
    const perSample = Math.exp((-Math.PI * hz) / (logUniform(random, 2, 25) * sampleRate));
    // A mode's peak in the spectrum is amplitude / (1 - perSample) / 2.
    const amplitude = random.pick([1, -1]) * depth * random.uniform(0.3, 1.3) * 2 * (1 - perSample);
    const turn = (2 * Math.PI * hz) / sampleRate;
    let gain = amplitude;
    for (let i = 0; i < response.length; i++) {
      response[i] += gain * Math.cos(turn * i);
      gain *= perSample;
    }
  }
  response[0] += 1;
  return response;
}
