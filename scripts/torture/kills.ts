import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { netConfig } from "../../src/nn/architectures.js";
import { nodeEngine } from "../../src/runtime/node.js";
import { ensureFolder } from "../../src/store/atomic-file.js";
import { openStore } from "../../src/store/store.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import {
  contentOf,
  killAtRandom,
  killEverywhere,
  runNode,
  runNodeWell,
  type Victim,
} from "./kill-everywhere.js";
import type { Torture, TortureOptions, TortureResult } from "./torture.js";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const CLI = path("../../src/cli.js");
const RENDER = path("./render-few.js");

const FRONT_END = "--sample-rate 8000 --n-fft 256 --hop-length 128 --n-mels 16 --workers 1".split(" ");
const EXTRACT = [CLI, "extract", "audio", "--out", "features", ...FRONT_END];
const NET = "--net mlp --channels 4 --segment-frames 16 --batch-size 4 --threads 1 --watch".split(" ");
const TRAIN = [CLI, "train", "features", "--out", "run", "--epochs", "2", ...NET];
const RESUME = [CLI, "train", "features", "--out", "run", "--resume", "--threads", "1"];

/** Writes tones of half a second in two classes. */
function writeTones(dir: string, nClips: number): void {
  for (let i = 0; i < nClips; i++) {
    const folder = join(dir, "audio", i % 2 === 0 ? "low" : "high");
    const hz = (i % 2 === 0 ? 200 : 2000) * (1 + i / 50);
    const samples = Float32Array.from(
      { length: 4000 },
      (_, n) => Math.sin((2 * Math.PI * hz * n) / 8000) / 2,
    );
    ensureFolder(folder);
    writeFileSync(join(folder, `${i}.wav`), encodeWav({ samples, sampleRate: 8000 }));
  }
}

/** Makes the folders that the programs start from: audio, features, a run after one epoch of two, and a finished run. */
async function makeFixtures(dir: string): Promise<void> {
  writeTones(join(dir, "audio"), 8);
  writeTones(join(dir, "features"), 12);
  await runNodeWell(join(dir, "features"), EXTRACT);
  for (const name of ["begun", "trained"])
    cpSync(join(dir, "features"), join(dir, name), { recursive: true });
  const config = { net: netConfig({ kind: "mlp", units: [4] }), segmentFrames: 16, batchSize: 4, epochs: 2 };
  const engine = nodeEngine({ threads: 1 });
  const store = openStore(join(dir, "begun/features"));
  await trainTagger(store, join(dir, "begun/run"), { config, engine, onEpoch: () => "stop" });
  await runNodeWell(join(dir, "trained"), [...TRAIN, "--seed", "2"]);
}

/** Runs a command again; if it is not done that way, e.g. because there is a run already, another. */
const again =
  (command: readonly string[], other?: readonly string[]) =>
  async (dir: string): Promise<void> => {
    const { code, stderr } = await runNode(dir, command);
    if (code === 0) return;
    if (other === undefined) throw new Error(`exit ${code}: ${stderr}`);
    await runNodeWell(dir, other);
  };

function victims(fixtures: string): Victim[] {
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
