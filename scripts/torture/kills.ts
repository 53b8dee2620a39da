import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  contentOf,
  killAtRandom,
  killEverywhere,
  runNode,
  runNodeWell,
  type Victim,
} from "./kill-everywhere.js";
import { EXTRACT, makeFixtures, RENDER, RESUME, TRAIN, writeTones } from "./programs.js";
import type { Torture, TortureOptions, TortureResult } from "./torture.js";

/** Runs a command again; if it is not done that way, e.g. because there is a run already, another. */
const again =
  (command: readonly string[], other?: readonly string[]) =>
  async (dir: string): Promise<void> => {
    const { code, stderr } = await runNode(dir, command);
    if (code === 0) return;
    if (other === undefined) throw new Error(`exit ${code}: ${stderr}`);
    await runNodeWell(dir, other);
  };

/** The commands that write, and how each is put right. */
export function victims(fixtures: string): Victim[] {
  const from = (name: string) => (dir: string) => cpSync(join(fixtures, name), dir, { recursive: true });
  const overwrite = [...TRAIN, "--overwrite"];
  const addClips = (dir: string): void => {
    from("features")(dir);
    writeTones(dir, 16);
  };
  return [
    { name: "extract", start: from("audio"), args: EXTRACT, finish: again(EXTRACT), output: "features" },
    { name: "extract more", start: addClips, args: EXTRACT, finish: again(EXTRACT), output: "features" },
    { name: "train", start: from("features"), args: TRAIN, finish: again(TRAIN, RESUME), output: "run" },
    {
      name: "train --overwrite",
      start: from("trained"),
      args: overwrite,
      finish: again(overwrite),
      output: "run",
    },
    {
      name: "train --overwrite, then --resume",
      start: from("trained"),
      args: overwrite,
      finish: again(RESUME),
      output: "run",
      alsoRight: contentOf(join(fixtures, "trained/run")),
    },
    { name: "train --resume", start: from("begun"), args: RESUME, finish: again(RESUME), output: "run" },
  ];
}

/** Rendering takes seconds: every sixth of about 170 points is tried. */
const DATA: Victim = {
  name: "data",
  start: () => {},
  args: [RENDER],
  finish: again([RENDER]),
  output: "set",
};
const DATA_EVERY = 6;

/** Random moments at which each program is killed besides. */
const RANDOM_KILLS = 20;

/**
 * Kills extract, train and data at every call that changes the disk, in the middle of every write, and at random
 * moments. Afterwards the same command, or train with --resume, must finish with the bytes of an undisturbed run.
 */
export const torture: Torture = {
  name: "kills",
  async run({ seed, say }: TortureOptions): Promise<TortureResult> {
    const fixtures = mkdtempSync(join(tmpdir(), "timbrel-torture-kills-"));
    const results: TortureResult[] = [];
    const add = (name: string, result: TortureResult): void => {
      results.push(result);
      say(`${name}: ${result.tried} kills, ${result.faults.length} faults`);
    };
    try {
      await makeFixtures(fixtures);
      for (const victim of victims(fixtures)) {
        add(`${victim.name}, at every call`, await killEverywhere(victim));
        const times = RANDOM_KILLS;
        add(`${victim.name}, at random moments`, await killAtRandom(victim, { seed, times }));
      }
      add(`${DATA.name}, at every ${DATA_EVERY}th call`, await killEverywhere(DATA, { every: DATA_EVERY }));
    } finally {
      rmSync(fixtures, { recursive: true, force: true });
    }
    return {
      tried: results.reduce((sum, { tried }) => sum + tried, 0),
      faults: results.flatMap(({ faults }) => faults),
    };
  },
};
