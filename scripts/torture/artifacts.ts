import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { Random } from "../../src/core/random.js";
import { frontEnd } from "../../src/features/front-end.js";
import { netConfig } from "../../src/nn/architectures.js";
import type { Engine } from "../../src/runtime/engine.js";
import { extractFeatures } from "../../src/store/extract.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import type { Artifacts } from "./subjects.js";

/** Writes 12 low and 12 high tones of half a second, each with noise of its own. */
function writeTones(dir: string): void {
  for (const [label, hz] of [
    ["low", 200],
    ["high", 1500],
  ] as const)
    for (let i = 0; i < 12; i++) {
      const random = new Random(`${label} ${i}`);
      const samples = Float32Array.from(
        { length: 4000 },
        (_, n) => 0.4 * Math.sin((2 * Math.PI * hz * n) / 8000) + random.uniform(-0.1, 0.1),
      );
      const path = join(dir, label, `${i}.wav`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, encodeWav({ samples, sampleRate: 8000 }));
    }
}

/** Makes a small store, and a run of two epochs on it, in a new folder. */
export async function makeArtifacts(engine: Engine): Promise<Artifacts & { readonly audioDir: string }> {
  const dir = mkdtempSync(join(tmpdir(), "timbrel-torture-"));
  const [audioDir, storeDir, runDir, workDir] = ["audio", "store", "run", "work"].map((name) =>
    join(dir, name),
  );
  writeTones(audioDir);
  mkdirSync(workDir);
  const front = frontEnd({ sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 16 });
  const { store } = await extractFeatures(audioDir, storeDir, { frontEnd: front });
  const net = netConfig({ kind: "vgg", channels: [4, 6] });
  const config = { net, segmentFrames: 16, epochs: 2, watch: true };
  await trainTagger(store, runDir, { config, engine });
  return { audioDir, storeDir, runDir, workDir, engine };
}
