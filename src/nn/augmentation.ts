import {
  add,
  compare,
  div,
  exp,
  flip,
  matmul,
  maximum,
  mul,
  reshape,
  sqrt,
  sub,
  sum,
  type Value,
  where,
} from "../graph/index.js";
import {
  decayMatrix,
  drawEach,
  filterCurve,
  maskCurve,
  readingMatrix,
  smoothCurve,
  stretchFactor,
} from "./augmentation-draws.js";
import type { AugmentationSettings } from "./augmentation-settings.js";
import type { Net } from "./net.js";
import { steadyLog } from "./steady-log.js";

/** Random changes, and what they must know of the front end. */
export interface Augmentation extends AugmentationSettings {
  /** The front end's compression y = log(scale * x + floor) / rate, which is undone and applied again. */
  readonly logarithm: { readonly scale: number; readonly floor: number; readonly rate: number };
  /** 1: mel bands are magnitudes, 2: powers. */
  readonly power: 1 | 2;
  /** Distance of two frames [s]. */
  readonly frameSec: number;
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
      const colour = smoothCurve(random, nMels, { std: colourDb, orders: config.colourOrders });
      const filtered =
        config.filter > 0 ? filterCurve(random, nMels, config.filter) : new Float32Array(nMels);
      return colour.map((db, band) => Math.exp((db + level + filtered[band]) * dbToNatural));
    }),
  );
  const frameGain = net.random("augment.frameGain", [batch, nFrames, 1], (random) =>
    drawEach(batch, nFrames, () =>
      smoothCurve(random, nFrames, { std: envelopeDb, orders: 4 }).map((db) => Math.exp(db * dbToNatural)),
    ),
  );
  const noise = net.random("augment.noise", [batch, 1, nMels], (random) =>
    drawEach(batch, nMels, () => {
      const level = random.uniform(config.noiseMinDb, config.noiseMaxDb);
      return smoothCurve(random, nMels, { std: 6, orders: 4 }).map(
        (db) => scale * Math.exp((db + level) * dbToNatural),
      );
    }),
  );
  const coloured = mul(mul(scaled, bandGain), frameGain);
  const inRoom = config.reverbSec > 0 ? emitDecay(net, config, coloured) : coloured;
  const fraction = net.random("augment.mixup", [batch, 1, 1], (random) =>
    drawEach(batch, 1, () => Float32Array.of(random.uniform(0, config.mixup))),
  );
  // Example i is mixed with example batch - 1 - i.
  const mix = (a: Value, part: Value) => add(a, mul(sub(flip(a, 0), a), part));
  const changed = add(mix(inRoom, fraction), noise);
  const compressed = mul(steadyLog(add(changed, floor)), 1 / rate);
  const styled = config.mixStyle > 0 ? maximum(emitMixStyle(net, config, compressed), silence) : compressed;

  const timeMask = net.random("augment.timeMask", [batch, nFrames, 1], (random) =>
    drawEach(batch, nFrames, () =>
      maskCurve(random, nFrames, { longest: config.timeMaskFrames, count: config.timeMaskCount }),
    ),
  );
  const bandMask = net.random("augment.bandMask", [batch, 1, nMels], (random) =>
    drawEach(batch, nMels, () =>
      maskCurve(random, nMels, { longest: config.bandMaskBands, count: config.bandMaskCount }),
    ),
  );
  const masked = mul(mul(sub(styled, silence), timeMask), bandMask);
  const finished = add(masked, silence);
  const part = reshape(fraction, [batch, 1]);
  const mixedTargets = mix(targets, part);
  const bothKnown = known && mul(known, where(compare("Greater", part, 0), flip(known, 0), 1));
  return { x: finished, targets: mixedTargets, known: bothKnown };
}

/** Level of a room's decay, relative to the direct sound [dB]. */
const DECAY_DB = [-30, 0] as const;

/** Adds a random decay to every example of x [N, nFrames, nMels]: powers add, band by band. */
function emitDecay(net: Net, { reverbSec, frameSec, power }: Augmentation, x: Value): Value {
  const [batch, nFrames] = x.shape;
  const decay = net.random("augment.decay", [batch, nFrames, nFrames], (random) =>
    drawEach(batch, nFrames * nFrames, () => {
      const decaySec = random.uniform(0, reverbSec);
      return decayMatrix(nFrames, { decaySec, levelDb: random.uniform(...DECAY_DB), frameSec });
    }),
  );
  return power === 2 ? matmul(decay, x) : sqrt(matmul(decay, mul(x, x)));
}

/** Added to a variance over time, so that a band that is constant can be divided by its deviation. */
const STYLE_EPSILON = 1e-6;

/**
 * Moves every band's mean and deviation over time towards those of example batch - 1 - i.
 * Reference: Schmid et al., 2022, "CP-JKU submission to DCASE22: Freq-MixStyle"; Zhou et al., 2021 (MixStyle),
 * https://arxiv.org/abs/2104.02008
 */
function emitMixStyle(net: Net, { mixStyle }: Augmentation, x: Value): Value {
  const [batch, nFrames, nMels] = x.shape;
  const meanOverTime = (value: Value) => reshape(mul(sum(value, [1]), 1 / nFrames), [batch, 1, nMels]);
  const mean = meanOverTime(x);
  const centred = sub(x, mean);
  const deviation = sqrt(add(meanOverTime(mul(centred, centred)), STYLE_EPSILON));
  const part = net.random("augment.mixStyle", [batch, 1, 1], (random) =>
    drawEach(batch, 1, () => {
      const isMixed = random.uniform() < mixStyle;
      const fraction = random.uniform(0, 0.5);
      return Float32Array.of(isMixed ? fraction : 0);
    }),
  );
  const towards = (own: Value) => add(own, mul(sub(flip(own, 0), own), part));
  return add(mul(centred, div(towards(deviation), deviation)), towards(mean));
}
