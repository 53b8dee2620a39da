import { resample } from "../../src/audio/resample.js";
import type { Waveform } from "../../src/audio/waveform.js";
import { Random } from "../../src/core/random.js";
import { drawScore } from "./draw-score.js";
import { evaluationScore, plainScore } from "./evaluation-score.js";
import type { ClipPlan } from "./plan.js";
import type { Score } from "./score.js";
import { peakOf, record, setPeak, treat } from "./treatment.js";

/** Sample rate of the data set [Hz]. */
export const DATA_RATE = 22050;
/** A rendering with a smaller peak (-70 dB) counts as silent. Audible notes peak at 0.005 or more. */
const SILENT_PEAK = 10 ** (-70 / 20);
/** Number of attempts at an audible note before a clip is dropped. */
const MAX_ATTEMPTS = 6;
/** Peak of the test's clips [dB relative to full scale]. */
const PLAIN_PEAK_DB = -3;
/** A clip ends where the sound has fallen this far below its peak [dB], but not before `MIN_CLIP_SEC`. */
const END_DB = -66;
const MIN_CLIP_SEC = 0.8;

/** Plays a score on a clip's source. */
export type Player = (score: Score, random: Random) => Waveform;

function scoreOf(clip: ClipPlan, random: Random, attempt: number): Score {
  if (clip.kind === "varied") return drawScore(clip, random, attempt);
  return clip.kind === "evaluation" ? evaluationScore(clip, random, attempt) : plainScore(clip, attempt);
}

function finish({ kind, label }: ClipPlan, samples: Float32Array, random: Random): Float32Array {
  if (kind === "varied") return trim(treat(samples, DATA_RATE, random, label));
  if (kind === "evaluation") return record(samples, DATA_RATE, random, trim);
  setPeak(samples, PLAIN_PEAK_DB);
  return trim(samples);
}

/** Renders a clip at `DATA_RATE`; null if every attempt was silent. */
export function renderClip(clip: ClipPlan, play: Player): Float32Array | null {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const random = new Random(`${clip.seed}/${attempt}`);
    const raw = play(scoreOf(clip, random.fork("score"), attempt), random.fork("player"));
    if (peakOf(raw.samples) < SILENT_PEAK) continue;
    const { samples } = resample(raw, DATA_RATE);
    return finish(clip, samples, random.fork("treatment"));
  }
  return null;
}

/** Cuts off the silence at the end. */
function trim(samples: Float32Array): Float32Array {
  const floor = peakOf(samples) * 10 ** (END_DB / 20);
  let end = samples.length;
  while (end > MIN_CLIP_SEC * DATA_RATE && Math.abs(samples[end - 1]) < floor) end--;
  return samples.subarray(0, end);
}
