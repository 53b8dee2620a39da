import { existsSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { resample } from "../../src/audio/resample.js";
import { Random } from "../../src/core/random.js";
import { writeAtomically } from "../../src/store/atomic-file.js";
import { drawScore } from "./draw-score.js";
import { type Font, type FontName, loadFont } from "./fonts.js";
import type { ClipPlan } from "./plan.js";
import { fingerprintFont } from "./sample-groups.js";
import { plainScore } from "./score.js";
import { FontSynth, RENDER_RATE } from "./synth.js";
import { peakOf, setPeak, treat } from "./treatment.js";

/** Sample rate of the data set [Hz]. */
export const DATA_RATE = 22050;
/** A rendering with a smaller peak (-70 dB) counts as silent. Audible notes peak at 0.005 or more. */
const SILENT_PEAK = 10 ** (-70 / 20);
/** Number of attempts at an audible note before a clip is dropped. */
const MAX_ATTEMPTS = 6;
/** Peak of the clips for evaluation and test [dB relative to full scale]. */
const PLAIN_PEAK_DB = -3;
/** A clip ends where the sound has fallen this far below its peak [dB], but not before `MIN_CLIP_SEC`. */
const END_DB = -66;
const MIN_CLIP_SEC = 0.8;

/** Work for one thread: clips of one font whose raw samples belong together. */
export interface RenderTask {
  readonly dir: string;
  readonly font: Font;
  readonly clips: readonly ClipPlan[];
  /** Counts finished clips. */
  readonly done: SharedArrayBuffer;
}

const synths = new Map<FontName, FontSynth>();

async function synthOf(font: Font): Promise<FontSynth> {
  const known = synths.get(font.name);
  if (known !== undefined) return known;
  const made = new FontSynth(await loadFont(font));
  synths.set(font.name, made);
  return made;
}

/** Renders a clip at `DATA_RATE`; null if every attempt was silent. */
function renderClip(clip: ClipPlan, synth: FontSynth): Float32Array | null {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const random = new Random(`${clip.seed}/${attempt}`);
    const varied = clip.kind === "varied";
    const score = varied ? drawScore(clip, random.fork("score"), attempt) : plainScore(clip, attempt);
    const raw = synth.render(clip.source, score);
    if (peakOf(raw) < SILENT_PEAK) continue;
    const { samples } = resample({ samples: raw, sampleRate: RENDER_RATE }, DATA_RATE);
    if (!varied) setPeak(samples, PLAIN_PEAK_DB);
    return trim(varied ? treat(samples, DATA_RATE, random.fork("treatment"), clip.label) : samples);
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

/**
 * Renders the clips of a task that do not exist yet. A file appears under its name only when it is complete.
 * @returns paths of clips that came out silent
 */
export async function renderTask(task: RenderTask): Promise<string[]> {
  const counter = new Int32Array(task.done);
  const silent: string[] = [];
  for (const clip of task.clips) {
    const file = join(task.dir, clip.path);
    if (!existsSync(file)) {
      const synth = await synthOf(task.font);
      const samples = renderClip(clip, synth);
      if (samples === null) silent.push(clip.path);
      else writeAtomically(file, encodeWav({ samples, sampleRate: DATA_RATE }));
    }
    Atomics.add(counter, 0, 1);
  }
  synths.get(task.font.name)?.clear();
  return silent;
}

export { fingerprintFont };
