import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { decodeAudio } from "../../src/audio/decode.js";
import { downmix } from "../../src/audio/downmix.js";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { resample } from "../../src/audio/resample.js";
import { hashRecord } from "../../src/core/hash.js";
import { progressBar } from "../../src/report/progress.js";
import { writeAtomically } from "../../src/store/atomic-file.js";
import { whileLocked } from "../../src/store/folder-lock.js";
import type { ManifestRow } from "./manifest.js";
import type { Split } from "./plan.js";
import { type MixPlan, planMixes } from "./plan-mixes.js";
import { DATA_RATE } from "./render-clip.js";
import { setPeak } from "./treatment.js";

/** Increase whenever a mix changes: mixes of another version are made again. */
const RECIPE_VERSION = 1;
/** Clips are brought to the same level in the loudest stretch of this length [s]. */
const LOUDEST_SEC = 0.4;
/** A clip that the mix's end cuts off fades out [s]. */
const FADE_SEC = 0.02;

/** Number of mixes in each split; a split that is left out has none. */
export type MixSizes = Readonly<Partial<Record<Split, number>>>;

export const INSTRUMENT_MIXES: MixSizes = { train: 2400, valid: 300, test: 300 };
export const SMALL_INSTRUMENT_MIXES: MixSizes = { train: 24, valid: 8, test: 8 };
export const RECORDING_MIXES: MixSizes = { test: 300 };
export const SMALL_RECORDING_MIXES: MixSizes = { test: 8 };

export interface MixOptions {
  readonly seed: number;
  readonly sizes: MixSizes;
  /** Folder that the clips' paths are relative to. */
  readonly from: string;
  /** What the clips' audio depends on. */
  readonly source: string;
}

/**
 * Makes mixes of clips in `dir`: a folder for each split, and `manifest.csv` at the end.
 * @param rows the clips that are mixed
 * @returns the rows of the manifest, and whether anything had to be made
 * @throws DataError if another process is writing to the folder, or it cannot be written
 */
export async function makeMixes(
  dir: string,
  rows: readonly ManifestRow[],
  options: MixOptions,
): Promise<{ made: boolean; mixes: MixPlan[] }> {
  const { seed, sizes, from, source } = options;
  const mixes = Object.entries(sizes).flatMap(([split, nMixes]) =>
    planMixes(
      rows.filter((row) => row.split === split),
      split as Split,
      { nMixes, seed },
    ),
  );
  return await whileLocked(dir, async () => {
    const recipe = { version: RECIPE_VERSION, seed, sizes, source };
    const hash = hashRecord(recipe);
    const [recipeFile, manifestFile] = [join(dir, "recipe.json"), join(dir, "manifest.csv")];
    const old = existsSync(recipeFile) ? readFileSync(recipeFile, "utf8") : "";
    const text = `${JSON.stringify({ ...recipe, hash }, null, 2)}\n`;
    if (old === text && existsSync(manifestFile)) return { made: false, mixes };
    for (const name of ["manifest.csv", "train", "valid", "test"])
      rmSync(join(dir, name), { recursive: true, force: true });
    writeAtomically(recipeFile, text);
    await writeMixes(dir, mixes, from);
    writeAtomically(manifestFile, mixManifest(mixes));
    return { made: true, mixes };
  });
}

/** The manifest of mixes as CSV text: like that of clips, with the labels separated by `|`. */
export function mixManifest(mixes: readonly MixPlan[]): string {
  const lines = mixes.map(({ path, parts, group, split }) => {
    const labels = parts.map(({ label }) => label).sort();
    return [path, labels.join("|"), group, split].join(",");
  });
  return `${["path,label,group,split", ...lines].join("\n")}\n`;
}

async function writeMixes(dir: string, mixes: readonly MixPlan[], from: string): Promise<void> {
  const bar = progressBar("mixing", mixes.length);
  try {
    for (const [i, mix] of mixes.entries()) {
      const clips = await Promise.all(mix.parts.map(({ path }) => readClip(join(from, path))));
      const wav = encodeWav({ samples: mixOf(clips, mix, DATA_RATE), sampleRate: DATA_RATE });
      writeAtomically(join(dir, mix.path), wav, { flush: false });
      bar.update(i + 1);
    }
  } finally {
    bar.stop();
  }
}

/** Reads a clip's beginning, as long as a mix can use it, at `DATA_RATE`. */
async function readClip(path: string): Promise<Float32Array> {
  const { samples, sampleRate } = downmix(await decodeAudio(readFileSync(path), path));
  const used = samples.subarray(0, Math.ceil(3.1 * sampleRate));
  return sampleRate === DATA_RATE ? used : resample({ samples: used, sampleRate }, DATA_RATE).samples;
}

/**
 * The sum of clips: each brought to the same level in its loudest 0.4 s, then to its gain, from its onset on.
 * @param clips samples of each part at `sampleRate`
 */
export function mixOf(clips: readonly Float32Array[], mix: MixPlan, sampleRate: number): Float32Array {
  const onsets = mix.parts.map(({ onsetSec }) => Math.round(onsetSec * sampleRate));
  const whole = Math.max(...clips.map(({ length }, i) => onsets[i] + length));
  const out = new Float32Array(Math.min(whole, Math.round(mix.durationSec * sampleRate)));
  for (const [i, samples] of clips.entries()) {
    const gain = 10 ** (mix.parts[i].gainDb / 20) / loudestRms(samples, sampleRate);
    const n = Math.min(samples.length, out.length - onsets[i]);
    for (let t = 0; t < n; t++) out[onsets[i] + t] += gain * samples[t];
  }
  if (out.length < whole) fadeOut(out, Math.round(FADE_SEC * sampleRate));
  setPeak(out, mix.peakDb);
  return out;
}

/** Root mean square of the loudest stretch. */
function loudestRms(samples: Float32Array, sampleRate: number): number {
  const length = Math.min(samples.length, Math.round(LOUDEST_SEC * sampleRate));
  let energy = 0;
  let most = 0;
  for (let t = 0; t < samples.length; t++) {
    energy += samples[t] ** 2 - (t < length ? 0 : samples[t - length] ** 2);
    most = Math.max(most, energy);
  }
  return Math.sqrt(most / length);
}

function fadeOut(samples: Float32Array, n: number): void {
  for (let i = 0; i < n; i++) samples[samples.length - 1 - i] *= i / n;
}
