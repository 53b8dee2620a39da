import type { Random } from "../../src/core/random.js";
import { compassOf, keyAt } from "./compass.js";
import { SUSTAINED_LABELS } from "./labels.js";
import { drawPhrase, drawVelocity } from "./phrases.js";
import type { ClipPlan } from "./plan.js";
import { CLIP_SEC, plainly, type Score } from "./score.js";

/** Lengths of the evaluation clips [s]. */
const LONGEST_PHRASE_SEC = 6;
export const LONGEST_NOTE_SEC = 8;

const PLAIN_VELOCITIES = [60, 90, 115];
const PLAIN_DURATIONS_SEC = [2.6, 1, 0.3];
/** Step to another pitch after an attempt that came out silent: the golden section spreads them. */
const NEXT_PITCH = 0.381966;

/** The clip's pitch in [0, 1) at an attempt. */
export function pitchAt(clip: ClipPlan, attempt: number): number {
  return (clip.pitch + attempt * NEXT_PITCH) % 1;
}

/**
 * One clean note: keys spread evenly over the range, velocities and lengths rotate.
 * @param index number that chooses velocity and length
 * @param attempt number of attempts that came out silent; the next one takes a key elsewhere in the range
 */
export function plainScore(clip: ClipPlan, attempt: number, index = clip.index): Score {
  const velocity = PLAIN_VELOCITIES[index % PLAIN_VELOCITIES.length];
  const durationSec =
    PLAIN_DURATIONS_SEC[Math.floor(index / PLAIN_VELOCITIES.length) % PLAIN_DURATIONS_SEC.length];
  const key = keyAt(compassOf(clip), pitchAt(clip, attempt));
  return plainly([{ startSec: 0.02, endSec: 0.02 + durationSec, key, velocity }], CLIP_SEC);
}

/**
 * Draws a score for an evaluation clip, as instruments come to a model: a third are phrases of up to 6 s, a third notes
 * with their whole decay, up to 8 s, a third plain notes. Keys are spread evenly over the range.
 */
export function evaluationScore(clip: ClipPlan, random: Random, attempt: number): Score {
  const compass = compassOf(clip);
  const key = keyAt(compass, pitchAt(clip, attempt));
  const kind = random.integer(3);
  if (kind === 0) {
    const { notes, bendCents } = drawPhrase(
      random,
      key,
      compass,
      random.uniform(1.5, LONGEST_PHRASE_SEC - 1),
    );
    return { ...plainly(notes, LONGEST_PHRASE_SEC), bendCents };
  }
  if (kind === 1) {
    const isHeld = !SUSTAINED_LABELS.has(clip.label) && random.uniform() < 0.5;
    const endSec = isHeld ? LONGEST_NOTE_SEC : random.uniform(0.4, 4);
    return plainly([{ startSec: 0.02, endSec, key, velocity: drawVelocity(random) }], LONGEST_NOTE_SEC);
  }
  return plainScore(clip, attempt, random.integer(9));
}
