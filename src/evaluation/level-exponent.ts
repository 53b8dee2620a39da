import { Random } from "../core/random.js";
import { classlessSound } from "../features/classless-sounds.js";
import type { FrameSource } from "../tagging/aggregate.js";
import type { ModelInfo } from "../tagging/model-file.js";
import { LEAST_CLIPS, lossAt, type SegmentLogits } from "./temperature.js";

/**
 * Exponents that are tried. The loss is flat around its minimum, so that quarters are exact enough. Beyond 1 it hardly changes, but
 * the loudest segment would decide alone.
 */
export const LEVEL_EXPONENTS = [0, 0.25, 0.5, 0.75, 1] as const;

/**
 * The exponent if there are too few validation clips: a segment weighs its level. The exponent depends on the tails of
 * recordings more than on what is to be told apart; it was 1 on all clips of instruments that were tried.
 */
export const DEFAULT_LEVEL_EXPONENT = 1;

/** What a recording goes on with when its sound is over, and the levels of that [dB relative to full scale]. */
const TAILS = [
  { sound: "silence", levelsDb: [0] },
  ...(["white noise", "pink noise", "brown noise"] as const).map((sound) => ({
    sound,
    levelsDb: [-90, -80, -70, -60, -50, -40, -30, -20],
  })),
] as const;

/** How far below the loudest segment of the clip the tail is [dB]. */
const BELOW_DB = { min: 30, max: 60 } as const;

/** What a net gives to segments of some clips. */
export interface SegmentOutputs {
  /** [nSegments, nLabels] for each clip. */
  readonly logits: readonly Float32Array[];
  /** [nSegments] for each clip, see `SegmentWeightTerms`. */
  readonly levels: readonly Float32Array[];
}

/** Segments of silence and noise, each a clip of its own: the tails that `fitLevelExponent` lets recordings go on with. */
export function tailSegments({
  frontEnd,
  segmentFrames,
}: Pick<ModelInfo, "frontEnd" | "segmentFrames">): FrameSource {
  const { hopLength, sampleRate, nMels } = frontEnd;
  const durationSec = ((segmentFrames - 1) * hopLength) / sampleRate;
  const tails = TAILS.flatMap(({ sound, levelsDb }) => levelsDb.map((levelDb) => ({ sound, levelDb })));
  return {
    clips: tails.map(() => ({ nFrames: segmentFrames })),
    nMels,
    async readFrames(i, _first, count, out, offset) {
      const { sound, levelDb } = tails[i];
      const { data } = classlessSound(sound, frontEnd, new Random(`tail ${i}`), { durationSec, levelDb });
      out.set(data.subarray(0, count * nMels), offset);
    },
  };
}

/**
 * Finds the power of its level that a segment should weigh in the answer for a clip: the one with the least log loss of the
 * clips, half of it as they are, and half as they would be in recordings that go on for as long again with silence or noise,
 * 30 to 60 dB below the clip. Clips that were cut where the sound ends cannot say alone what a tail does to an answer.
 * @param answers to clips, at temperature 1
 * @param tails what the net gives to `tailSegments`
 */
export function fitLevelExponent(
  answers: Omit<SegmentLogits, "weights"> & SegmentOutputs,
  tails: SegmentOutputs,
): number {
  if (answers.targets.length < LEAST_CLIPS) return DEFAULT_LEVEL_EXPONENT;
  const both = [answers, { ...answers, ...withTails(answers, tails) }];
  const losses = LEVEL_EXPONENTS.map((exponent) =>
    both.reduce((sum, each) => sum + lossAt({ ...each, weights: segmentWeights(each, exponent) }, 1), 0),
  );
  return LEVEL_EXPONENTS[losses.indexOf(Math.min(...losses))];
}

/** The weight of every segment: its level to the power of the exponent. */
export function segmentWeights({ levels }: Pick<SegmentOutputs, "levels">, exponent: number): Float32Array[] {
  return levels.map((ofClip) => ofClip.map((level) => level ** exponent));
}

/** Each clip with a tail of as many segments. */
function withTails(clips: SegmentOutputs, tails: SegmentOutputs): SegmentOutputs {
  const chosen = clips.levels.map((levels, clip) => tailOf(levels, clip, tails));
  const followed = (values: Float32Array, clip: number, of: readonly Float32Array[]): Float32Array => {
    const tail = of[chosen[clip]];
    const longer = new Float32Array(2 * values.length);
    longer.set(values);
    for (let at = values.length; at < longer.length; at += tail.length) longer.set(tail, at);
    return longer;
  };
  return {
    logits: clips.logits.map((logits, clip) => followed(logits, clip, tails.logits)),
    levels: clips.levels.map((levels, clip) => followed(levels, clip, tails.levels)),
  };
}

/** Index of the tail of a clip: of a sound that is drawn, the loudest that is far enough below the clip. */
function tailOf(levels: Float32Array, clip: number, tails: SegmentOutputs): number {
  const random = new Random(`tail of ${clip}`);
  const drawn = random.integer(TAILS.length);
  const nBefore = TAILS.slice(0, drawn).reduce((sum, { levelsDb }) => sum + levelsDb.length, 0);
  const loudest = levels.reduce((most, level) => Math.max(most, level), 0);
  const most = loudest * 10 ** (-random.uniform(BELOW_DB.min, BELOW_DB.max) / 20);
  const quieter = TAILS[drawn].levelsDb.filter((_, i) => tails.levels[nBefore + i][0] <= most);
  return nBefore + Math.max(0, quieter.length - 1);
}
