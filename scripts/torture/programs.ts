import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { netConfig } from "../../src/nn/architectures.js";
import { nodeEngine } from "../../src/runtime/node.js";
import { ensureFolder } from "../../src/store/atomic-file.js";
import { openStore } from "../../src/store/store.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import { runNodeWell } from "./kill-everywhere.js";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** Path of the command line. */
export const CLI = path("../../src/cli.js");
/** Program that renders a few of the default data's clips into the folder `set`. */
export const RENDER = path("./render-few.js");

const FRONT_END = "--sample-rate 8000 --n-fft 256 --hop-length 128 --n-mels 16 --workers 1".split(" ");
/** Arguments of Node for commands that run in a folder of `makeFixtures`, on little data and with one thread. */
export const EXTRACT = [CLI, "extract", "audio", "--out", "features", ...FRONT_END];
const NET = "--net mlp --channels 4 --segment-frames 16 --batch-size 4 --threads 1 --watch".split(" ");
export const TRAIN = [CLI, "train", "features", "--out", "run", "--epochs", "2", ...NET];
export const RESUME = [CLI, "train", "features", "--out", "run", "--resume", "--threads", "1"];

/** Writes tones of half a second in two classes. */
export function writeTones(dir: string, nClips: number): void {
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
export async function makeFixtures(dir: string): Promise<void> {
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
