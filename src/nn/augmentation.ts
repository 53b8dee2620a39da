import type { Random } from "../core/random.js";
import { add, compare, exp, flip, matmul, mul, reshape, sub, type Value, where } from "../graph/index.js";
import type { Net } from "./net.js";

/**
 * Random changes to log-compressed mel segments, drawn anew for every example in every step.
 *
 * Level, colour, noise and mixing act on magnitudes, before compression, as a room, a microphone and a preamplifier do;
 * shifts and masks act on compressed values.
 */
export interface Augmentation {
  /** The front end's compression y = log(scale * x + floor) / rate, which is undone and applied again. */
  readonly logarithm: { readonly scale: number; readonly floor: number; readonly rate: number };
  /** 1: mel bands are magnitudes, 2: powers. */
  readonly power: 1 | 2;
  /** Level: uniform gain within +-levelDb. */
  readonly levelDb: number;
  /** Colour: standard deviation in dB of a smooth random curve over mel bands. */
  readonly colourDb: number;
  /** Envelope: standard deviation in dB of a smooth random curve over time. */
  readonly envelopeDb: number;
  /** Noise: stationary, with a random smooth spectrum; the level relative to full scale is uniform in [min, max] dB. */
  readonly noiseDb: readonly [min: number, max: number];
  /** Pitch and body: mel bands shift up to +-bandShift and stretch about the middle up to bandStretch (0.1: 10 %). */
  readonly bandShift: number;
  readonly bandStretch: number;
  /** Tempo: time runs up to frameStretch faster or slower, and starts up to frameShift later or half of it earlier. */
  readonly frameStretch: number;
  readonly frameShift: number;
  /** Longest time mask [frames] and number of masks. */
  readonly timeMask: { readonly frames: number; readonly count: number };
  /** Widest frequency mask [mel bands] and number of masks. */
  readonly bandMask: { readonly bands: number; readonly count: number };
  /** Mixup: the fraction of a second example, in sound and in targets, is uniform in [0, mixup]; 0 for none. */
  readonly mixup: number;
}

/** Draws a smooth random curve: cosines of the lowest orders with normal amplitudes; standard deviation about `std`. */
function smoothCurve(random: Random, length: number, options: { std: number; orders: number }): Float32Array {
  const { std, orders } = options;
  const curve = new Float32Array(length);
  for (let order = 1; order <= orders; order++) {
    const amplitude = (std * Math.SQRT2 * random.normal()) / Math.sqrt(orders);
    for (let i = 0; i < length; i++) curve[i] += amplitude * Math.cos((Math.PI * order * (i + 0.5)) / length);
  }
  return curve;
}

/** Calls `draw` for each of `count` examples and joins the results. */
function drawEach(count: number, length: number, draw: () => Float32Array): Float32Array {
  const all = new Float32Array(count * length);
  for (let i = 0; i < count; i++) all.set(draw(), i * length);
  return all;
}

/** Draws a mask: 0 in `count` runs of random start and random length up to `longest`, 1 elsewhere. */
function maskCurve(
  random: Random,
  length: number,
  options: { longest: number; count: number },
): Float32Array {
  const mask = new Float32Array(length).fill(1);
  for (let i = 0; i < options.count; i++) {
    const width = random.integer(options.longest + 1);
    const start = random.integer(length - Math.min(width, length) + 1);
    mask.fill(0, start, start + width);
  }
  return mask;
}

/**
 * A matrix [length, length] that resamples `length` values: its row j interpolates linearly at position
 * centre + (j - centre) * stretch + shift. Outside the values it reads 0, which is silence.
 */
function readingMatrix(length: number, { stretch, shift }: { stretch: number; shift: number }): Float32Array {
  const matrix = new Float32Array(length * length);
  const centre = (length - 1) / 2;
  for (let j = 0; j < length; j++) {
    const place = centre + (j - centre) * stretch + shift;
    const before = Math.floor(place);
    const part = place - before;
    if (before >= 0 && before < length) matrix[j * length + before] = 1 - part;
    if (before + 1 >= 0 && before + 1 < length) matrix[j * length + before + 1] = part;
  }
  return matrix;
}

/** Draws a factor in [1 / (1 + spread), 1 + spread] whose logarithm is uniform. */
const stretchFactor = (random: Random, spread: number) =>
  Math.exp(random.uniform(-1, 1) * Math.log1p(spread));

/**
 * ln(x), as the logarithm of sums of one element each. `Log` itself uses another routine for the last elements of each
 * thread's block, so that the number of threads would show in the last bits (with 3, 5, 6 or 7 threads).
 */
function steadyLog(x: Value): Value {
  const column = reshape(x, [...x.shape, 1]);
  const axis = x.graph.integers([x.shape.length]);
  return x.graph.emit("ReduceLogSum", [column, axis], { shape: x.shape }, { keepdims: 0 });
}

/** A batch as a training step reads it. */
export interface Examples {
  readonly x: Value;
  readonly targets: Value;
  /** Which targets are known; undefined if all are. */
  readonly known?: Value | undefined;
}

/**
 * Emits the augmentation of a batch.
 * @param x [N, nFrames, nMels], compressed and not yet normalized
 * @param targets [N, nLabels]
 * @param known [N, nLabels], 1 for every target that is known, 0 for the others; `@default` all are known
 * @returns the changed batch, targets and `known`, in the same shapes. A target of a mixed example is known if it is known of
 *   both; an example of which nothing is mixed in keeps its own
 * References: Park et al., 2019 (SpecAugment), https://arxiv.org/abs/1904.08779; Zhang et al., 2018 (mixup),
 * https://arxiv.org/abs/1710.09412
 */
export function emitAugmentation(net: Net, config: Augmentation, { x, targets, known }: Examples): Examples {
  const [batch, nFrames, nMels] = x.shape;
  const { levelDb, colourDb, envelopeDb } = config;
  const { scale, floor, rate } = config.logarithm;
  const dbToNatural = (config.power * Math.LN10) / 20;
  const bandReading = net.random("augment.bandReading", [batch, nMels, nMels], (random) =>
    drawEach(batch, nMels * nMels, () =>
      readingMatrix(nMels, {
        stretch: stretchFactor(random, config.bandStretch),
        shift: random.uniform(-config.bandShift, config.bandShift),
      }),
    ),
  );
  const frameReading = net.random("augment.frameReading", [batch, nFrames, nFrames], (random) =>
    drawEach(batch, nFrames * nFrames, () =>
      readingMatrix(nFrames, {
        stretch: stretchFactor(random, config.frameStretch),
        shift: random.uniform(-config.frameShift / 2, config.frameShift),
      }),
    ),
  );
  // Values are moved and masked as heights above silence, so that 0 is silence.
  const silence = Math.log(floor) / rate;
  const moved = add(matmul(frameReading, matmul(sub(x, silence), bandReading, { transB: true })), silence);
  const scaled = sub(exp(mul(moved, rate)), floor); // scale * x

  const bandGain = net.random("augment.bandGain", [batch, 1, nMels], (random) =>
    drawEach(batch, nMels, () => {
      const level = random.uniform(-levelDb, levelDb);
      return smoothCurve(random, nMels, { std: colourDb, orders: 6 }).map((db) =>
        Math.exp((db + level) * dbToNatural),
      );
    }),
  );
  const frameGain = net.random("augment.frameGain", [batch, nFrames, 1], (random) =>
    drawEach(batch, nFrames, () =>
      smoothCurve(random, nFrames, { std: envelopeDb, orders: 4 }).map((db) => Math.exp(db * dbToNatural)),
    ),
  );
  const noise = net.random("augment.noise", [batch, 1, nMels], (random) =>
    drawEach(batch, nMels, () => {
      const level = random.uniform(...config.noiseDb);
      return smoothCurve(random, nMels, { std: 6, orders: 4 }).map(
        (db) => scale * Math.exp((db + level) * dbToNatural),
      );
    }),
  );
  const coloured = mul(mul(scaled, bandGain), frameGain);
  const fraction = net.random("augment.mixup", [batch, 1, 1], (random) =>
    drawEach(batch, 1, () => Float32Array.of(random.uniform(0, config.mixup))),
  );
  // Example i is mixed with example batch - 1 - i.
  const mix = (a: Value, part: Value) => add(a, mul(sub(flip(a, 0), a), part));
  const changed = add(mix(coloured, fraction), noise);
  const compressed = mul(steadyLog(add(changed, floor)), 1 / rate);

  const timeMask = net.random("augment.timeMask", [batch, nFrames, 1], (random) =>
    drawEach(batch, nFrames, () =>
      maskCurve(random, nFrames, { longest: config.timeMask.frames, count: config.timeMask.count }),
    ),
  );
  const bandMask = net.random("augment.bandMask", [batch, 1, nMels], (random) =>
    drawEach(batch, nMels, () =>
      maskCurve(random, nMels, { longest: config.bandMask.bands, count: config.bandMask.count }),
    ),
  );
  const masked = mul(mul(sub(compressed, silence), timeMask), bandMask);
  const finished = add(masked, silence);
  const part = reshape(fraction, [batch, 1]);
  const mixedTargets = mix(targets, part);
  const bothKnown = known && mul(known, where(compare("Greater", part, 0), flip(known, 0), 1));
  return { x: finished, targets: mixedTargets, known: bothKnown };
}
