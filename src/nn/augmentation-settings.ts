import { type Check, integer, number } from "../core/setting-checks.js";

/**
 * The random changes to log-compressed mel segments, drawn anew for every example in every step. Each is one number; 0 is
 * none of it, except for the levels of the noise and the numbers of orders.
 *
 * Level, colour, filters, envelope, decay, noise and mixing act on magnitudes, before compression, as a room, a microphone and a
 * preamplifier do; the others act on compressed values.
 */
export interface AugmentationSettings {
  /** Level: uniform gain within +-levelDb [dB]. */
  readonly levelDb: number;
  /** Colour: standard deviation of a smooth random curve over mel bands [dB]. */
  readonly colourDb: number;
  /** Number of cosines that make up the colour: the more, the finer it is. */
  readonly colourOrders: number;
  /** Probability of a random low-pass, and of a random high-pass; see `filterCurve`. */
  readonly filter: number;
  /** Envelope: standard deviation of a smooth random curve over time [dB]. */
  readonly envelopeDb: number;
  /** Room: longest decay [s]. Its time to fall by 60 dB is uniform in [0, reverbSec], its level in [-30, 0] dB. */
  readonly reverbSec: number;
  /** Noise: stationary, with a random smooth spectrum; its level relative to full scale is uniform between these [dB]. */
  readonly noiseMinDb: number;
  readonly noiseMaxDb: number;
  /** Pitch and body: mel bands shift up to +-bandShift [bands] and stretch about the middle up to bandStretch (0.1: 10 %). */
  readonly bandShift: number;
  readonly bandStretch: number;
  /** Tempo: time runs up to frameStretch faster or slower, and starts up to frameShift later or half of it earlier [frames]. */
  readonly frameStretch: number;
  readonly frameShift: number;
  /** Longest time mask [frames], and number of masks. */
  readonly timeMaskFrames: number;
  readonly timeMaskCount: number;
  /** Widest frequency mask [bands], and number of masks. */
  readonly bandMaskBands: number;
  readonly bandMaskCount: number;
  /** Mixup: the fraction of a second example, in sound and in targets, is uniform in [0, mixup], at most 0.5. */
  readonly mixup: number;
  /**
   * Probability of taking on up to half of a second example's means and deviations over time, band by band, at the same
   * targets (Freq-MixStyle with lambda in [0.5, 1]).
   */
  readonly mixStyle: number;
}

const db = number({ min: 0, max: 100 });
const noiseDb = number({ min: -200, max: 0 });
const probability = number({ min: 0, max: 1 });
const stretch = number({ min: 0, max: 3 });
const distance = number({ min: 0, max: 65_536 });
const length = integer(0, 65_536);
const count = integer(0, 64);

/** The check of each setting. */
export const AUGMENTATION_CHECKS: Readonly<Record<keyof AugmentationSettings, Check>> = {
  levelDb: db,
  colourDb: db,
  colourOrders: integer(1, 64),
  filter: probability,
  envelopeDb: db,
  reverbSec: number({ min: 0, max: 60 }),
  noiseMinDb: noiseDb,
  noiseMaxDb: noiseDb,
  bandShift: distance,
  bandStretch: stretch,
  frameStretch: stretch,
  frameShift: distance,
  timeMaskFrames: length,
  timeMaskCount: count,
  bandMaskBands: length,
  bandMaskCount: count,
  mixup: number({ min: 0, max: 0.5 }),
  mixStyle: probability,
};
