import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { Tinypool } from "tinypool";
import { hashRecord } from "../../src/core/hash.js";
import { progressBar } from "../../src/report/progress.js";
import { removeParts, writeAtomically } from "../../src/store/atomic-file.js";
import { whileLocked } from "../../src/store/folder-lock.js";
import { FONTS, type Font, packageVersion } from "./fonts.js";
import { type ManifestRow, manifestCsv } from "./manifest.js";
import { type ClipPlan, type PlanSize, planClips } from "./plan.js";
import type { RenderTask } from "./render-worker.js";
import { groupSources, type SampleFingerprint, type SourceSamples } from "./sample-groups.js";

/** Increase whenever the rendering of any clip changes: data of another version is rendered again. */
export const RECIPE_VERSION = 3;

/** Packages whose code or samples shape the audio. */
const RENDERING_PACKAGES = [
  "spessasynth_core",
  "stb-vorbis",
  ...new Set(FONTS.map((font) => font.packageName)),
];

export interface RenderSetOptions {
  readonly seed: number;
  readonly size: PlanSize;
  readonly nWorkers: number;
}

/** Everything that the audio of a data set depends on, and its hash. */
export function recipeOf({ seed, size }: Omit<RenderSetOptions, "nWorkers">) {
  const packages = Object.fromEntries(RENDERING_PACKAGES.map((name) => [name, packageVersion(name)]));
  const record = { version: RECIPE_VERSION, seed, size, packages };
  return { ...record, hash: hashRecord(record) };
}

type Fingerprinted = { sources: SourceSamples[]; fingerprints: SampleFingerprint[] };

/**
 * Renders the data set into `dir`: first `recipe.json`, then a folder per font, and `manifest.csv` at the end. Clips of
 * a killed run of the same recipe are kept; clips of another recipe are removed.
 * @returns whether anything was left to render, and the paths of the clips that were left out as silent
 * @throws DataError if another process is rendering into the folder, or it cannot be written
 */
export async function renderSet(dir: string, options: RenderSetOptions): Promise<RenderedSet> {
  return await whileLocked(dir, () => renderLocked(dir, options));
}

interface RenderedSet {
  rendered: boolean;
  silent: string[];
}

async function renderLocked(dir: string, options: RenderSetOptions): Promise<RenderedSet> {
  const recipe = recipeOf(options);
  const recipeFile = join(dir, "recipe.json");
  const manifestFile = join(dir, "manifest.csv");
  if (hashIn(recipeFile) !== recipe.hash) {
    if (existsSync(recipeFile))
      for (const name of ["manifest.csv", ...FONTS.map((font) => font.name)])
        rmSync(join(dir, name), { recursive: true, force: true });
    writeAtomically(recipeFile, `${JSON.stringify(recipe, null, 2)}\n`);
  } else if (existsSync(manifestFile)) return { rendered: false, silent: [] };

  const pool = new Tinypool({
    filename: new URL("./render-worker.js", import.meta.url).href,
    minThreads: options.nWorkers,
    maxThreads: options.nWorkers,
  });
  try {
    const clips = await plan(pool, options);
    removeSetParts(dir, clips);
    const silent = new Set(await renderAll(pool, dir, clips));
    const rows: ManifestRow[] = clips
      .filter(({ path }) => !silent.has(path))
      .map(({ path, label, group, split }) => ({ path, label, group, split }));
    writeAtomically(manifestFile, manifestCsv(rows));
    return { rendered: true, silent: [...silent] };
  } finally {
    await pool.destroy();
  }
}

/** Removes what killed runs had written of the set's files when they died. */
function removeSetParts(dir: string, clips: readonly ClipPlan[]): void {
  const files = new Set([
    "recipe.json",
    "manifest.csv",
    "random-notes.csv",
    ...clips.map(({ path }) => path),
  ]);
  for (const folder of new Set([...files].map(dirname)))
    if (existsSync(join(dir, folder)))
      removeParts(join(dir, folder), (name) => files.has(join(folder, name).replaceAll(sep, "/")));
}

function hashIn(recipeFile: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(recipeFile, "utf8")) as { hash?: string }).hash;
  } catch {
    return undefined;
  }
}

/** Finds the groups of all sources, then plans the clips. */
async function plan(pool: Tinypool, { seed, size }: RenderSetOptions): Promise<ClipPlan[]> {
  const bar = progressBar("comparing raw samples", FONTS.length);
  let done = 0;
  const fonts = await Promise.all(
    FONTS.map(async (font) => {
      const result: Fingerprinted = await pool.run(font.name, { name: "fingerprintFont" });
      bar.update(++done);
      return result;
    }),
  );
  bar.stop();
  const groups = groupSources(fonts);
  const sourcesOf = (role: Font["role"]) =>
    fonts
      .filter((_, i) => FONTS[i].role === role)
      .flatMap((font) => font.sources.map(({ source }) => source));
  return planClips(sourcesOf("train"), sourcesOf("test"), groups, { seed, size });
}

/** Largest number of clips in one task. */
const TASK_CLIPS = 150;

/** Tasks of one font and, if possible, one group each, so that a raw sample is decoded only once; largest first. */
function tasksOf(clips: readonly ClipPlan[]): ClipPlan[][] {
  const byGroup = new Map<string, ClipPlan[]>();
  for (const clip of clips) {
    const key = clip.label === "drums" ? `${clip.source.font}/drums` : `${clip.source.font}/${clip.group}`;
    byGroup.set(key, [...(byGroup.get(key) ?? []), clip]);
  }
  return [...byGroup.values()]
    .flatMap((group) =>
      Array.from({ length: Math.ceil(group.length / TASK_CLIPS) }, (_, i) =>
        group.slice(i * TASK_CLIPS, (i + 1) * TASK_CLIPS),
      ),
    )
    .sort((a, b) => b.length - a.length);
}

async function renderAll(pool: Tinypool, dir: string, clips: readonly ClipPlan[]): Promise<string[]> {
  const done = new SharedArrayBuffer(4);
  const counter = new Int32Array(done);
  const bar = progressBar("rendering instruments", clips.length);
  const timer = setInterval(() => bar.update(Atomics.load(counter, 0)), 250);
  try {
    const silent = await Promise.all(
      tasksOf(clips).map((group) => {
        const task: RenderTask = { dir, font: group[0].source.font, clips: group, done };
        return pool.run(task, { name: "renderTask" }) as Promise<string[]>;
      }),
    );
    return silent.flat();
  } finally {
    clearInterval(timer);
    bar.update(Atomics.load(counter, 0));
    bar.stop();
  }
}
