import { existsSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { writeAtomically } from "../../src/store/atomic-file.js";
import { type Font, type FontName, loadFont } from "./fonts.js";
import type { ClipPlan } from "./plan.js";
import { DATA_RATE, renderClip } from "./render-clip.js";
import { fingerprintFont } from "./sample-groups.js";
import { SYNTHESIS_RATE } from "./score.js";
import { FontSynth, RENDER_RATE } from "./synth.js";
import { SYNTHESES } from "./synthesized.js";

/** Work for one thread: clips of one font whose raw samples belong together. */
export interface RenderTask {
  readonly dir: string;
  /** The font of the clips; null if they are synthesized. */
  readonly font: Font | null;
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

async function render(clip: ClipPlan, font: Font | null): Promise<Float32Array | null> {
  const { source } = clip;
  if (font === null)
    return renderClip(clip, (score, random) => ({
      samples: SYNTHESES.get(source.font)!.play(source.program, score, random),
      sampleRate: SYNTHESIS_RATE,
    }));
  const synth = await synthOf(font);
  return renderClip(clip, (score) => ({ samples: synth.render(source, score), sampleRate: RENDER_RATE }));
}

/**
 * Renders the clips of a task that do not exist yet. A file appears under its name only when it is complete.
 * @returns paths of clips that came out silent
 */
export async function renderTask({ dir, font, clips, done }: RenderTask): Promise<string[]> {
  const counter = new Int32Array(done);
  const silent: string[] = [];
  for (const clip of clips) {
    const file = join(dir, clip.path);
    if (!existsSync(file)) {
      const samples = await render(clip, font);
      if (samples === null) silent.push(clip.path);
      else writeAtomically(file, encodeWav({ samples, sampleRate: DATA_RATE }));
    }
    Atomics.add(counter, 0, 1);
  }
  if (font !== null) synths.get(font.name)?.clear();
  return silent;
}

export { fingerprintFont };
