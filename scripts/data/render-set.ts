import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { Tinypool } from "tinypool";
import { hashRecord } from "../../src/core/hash.js";
import { progressBar } from "../../src/report/progress.js";
import { say } from "../../src/report/terminal.js";
import { removeParts, writeAtomically } from "../../src/store/atomic-file.js";
import { whileLocked } from "../../src/store/folder-lock.js";
import { type Font, packageVersion } from "./fonts.js";
import { allClipsCsv, type ManifestRow, manifestCsv } from "./manifest.js";
import { type ClipPlan, type PlanSize, planClips, sharedWithTest } from "./plan.js";
import type { RenderTask } from "./render-worker.js";
import { type FontSamples, groupSources } from "./sample-groups.js";
import { SYNTHESES } from "./synthesized.js";

/** Increase whenever the rendering of any clip changes: data of another version is rendered again. */
export const RECIPE_VERSION = 5;

/** Packages whose code shapes the audio; those of the fonts come in addition. */
const RENDERING_PACKAGES = ["spessasynth_core", "stb-vorbis"];

export interface RenderSetOptions {
  readonly seed: number;
  readonly size: PlanSize;
  readonly fonts: readonly Font[];
  readonly nWorkers: number;
}

/** Everything that the audio of a data set depends on, and its hash. */
export function recipeOf({ seed, size, fonts }: Omit<RenderSetOptions, "nWorkers">) {
  const names = new Set(RENDERING_PACKAGES);
  const files: Record<string, string> = {};
  for (const { name, origin } of fonts)
    if (origin.kind === "package") names.add(origin.packageName);
    else files[name] = origin.sha256;
  const packages = Object.fromEntries([...names].map((name) => [name, packageVersion(name)]));
  const record = {
    version: RECIPE_VERSION,
    seed,
    size,
    fonts: [...fonts.map(({ name }) => name), ...SYNTHESES.keys()],
    packages,
    files,
  };
  return { ...record, hash: hashRecord(record) };
}

/**
 * Renders the data set into `dir`: first `recipe.json`, then a folder per font, `all.csv`, and `manifest.csv` at the end.
 * Clips of a killed run of the same recipe are kept; clips of another recipe are removed.
 * @throws DataError if another process is rendering into the folder, or it cannot be written
 */
export async function renderSet(dir: string, options: RenderSetOptions): Promise<RenderedSet> {
  return await whileLocked(dir, () => renderLocked(dir, options));
}

/** What was done. */
export interface RenderedSet {
  /** Whether anything was left to render. */
  readonly rendered: boolean;
  /** Paths of the clips that were left out as silent. */
  readonly silent: readonly string[];
  /** Groups that are left out, since they share samples with the font for the test. */
  readonly groupsOfTest: readonly string[];
}

async function renderLocked(dir: string, options: RenderSetOptions): Promise<RenderedSet> {
  const recipe = recipeOf(options);
  const recipeFile = join(dir, "recipe.json");
  const manifestFile = join(dir, "manifest.csv");
  const old = recipeIn(recipeFile);
  if (old?.hash !== recipe.hash) {
    if (old !== null) {
      say(`replacing the clips of another recipe in ${dir}`);
      // Recipes of earlier versions do not list their fonts.
      for (const name of [
        "manifest.csv",
        "all.csv",
        ...(old.fonts ?? options.fonts.map((font) => font.name)),
      ])
        rmSync(join(dir, name), { recursive: true, force: true });
    }
    writeAtomically(recipeFile, `${JSON.stringify(recipe, null, 2)}\n`);
  } else if (existsSync(manifestFile)) return { rendered: false, silent: [], groupsOfTest: [] };

  const pool = new Tinypool({
    filename: new URL("./render-worker.js", import.meta.url).href,
    minThreads: options.nWorkers,
    maxThreads: options.nWorkers,
  });
  try {
    const { clips, groupsOfTest } = await plan(pool, options);
    removeSetParts(dir, clips);
    const silent = new Set(await renderAll(pool, dir, { clips, fonts: options.fonts }));
    const audible = clips.filter(({ path }) => !silent.has(path));
    const rows = audible.flatMap(({ path, label, group, split }): ManifestRow[] =>
      split === null ? [] : [{ path, label, group, split }],
    );
    writeAtomically(join(dir, "all.csv"), allClipsCsv(audible));
    writeAtomically(manifestFile, manifestCsv(rows));
    return { rendered: true, silent: [...silent], groupsOfTest };
  } finally {
    await pool.destroy();
  }
}

/** Removes what killed runs had written of the set's files when they died. */
function removeSetParts(dir: string, clips: readonly ClipPlan[]): void {
  const files = new Set([
    "recipe.json",
    "manifest.csv",
    "all.csv",
    "random-notes.csv",
    "held-out-groups.csv",
    "with-recordings-a.csv",
    "with-recordings-b.csv",
    ...clips.map(({ path }) => path),
  ]);
  for (const folder of new Set([...files].map(dirname)))
    if (existsSync(join(dir, folder)))
      removeParts(join(dir, folder), (name) => files.has(join(folder, name).replaceAll(sep, "/")));
}

/** The recipe of the audio in the folder; null if there is none, or none that can be read. */
function recipeIn(recipeFile: string): { hash?: string; fonts?: string[] } | null {
  if (!existsSync(recipeFile)) return null;
  try {
    return JSON.parse(readFileSync(recipeFile, "utf8")) as { hash?: string; fonts?: string[] };
  } catch {
    return {};
  }
}

/** Finds the groups of all sources, then plans the clips. */
async function plan(
  pool: Tinypool,
  { seed, size, fonts }: RenderSetOptions,
): Promise<{ clips: ClipPlan[]; groupsOfTest: string[] }> {
  const bar = progressBar("comparing raw samples", fonts.length);
  let done = 0;
  const samples = await Promise.all(
    fonts.map(async (font) => {
      const result: FontSamples = await pool.run(font, { name: "fingerprintFont" });
      bar.update(++done);
      return result;
    }),
  );
  bar.stop();
  const groups = groupSources(samples);
  const listed = fonts.map((font, i) => ({ font, sources: samples[i].sources.map(({ source }) => source) }));
  return {
    clips: planClips(listed, groups, { seed, size }),
    groupsOfTest: sharedWithTest(listed, groups),
  };
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

async function renderAll(
  pool: Tinypool,
  dir: string,
  { clips, fonts }: { clips: readonly ClipPlan[]; fonts: readonly Font[] },
): Promise<string[]> {
  const done = new SharedArrayBuffer(4);
  const counter = new Int32Array(done);
  const bar = progressBar("rendering instruments", clips.length);
  const timer = setInterval(() => bar.update(Atomics.load(counter, 0)), 250);
  try {
    const silent = await Promise.all(
      tasksOf(clips).map((group) => {
        const font = fonts.find(({ name }) => name === group[0].source.font) ?? null;
        const task: RenderTask = { dir, font, clips: group, done };
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
