import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { Random } from "../../src/core/random.js";
import { runMeasured } from "./measured-run.js";
import { CLI } from "./programs.js";
import type { Torture } from "./torture.js";

const COUNTS = [1000, 100_000];
const N_CLASSES = 10;
const CLIPS_PER_FOLDER = 1000;
/** Memory that a clip may take: its line in the lists of clips and splits, never its samples or features [KB]. */
const CLIP_KB = 6;
/** Memory that may differ between two runs of the same command [MB]. */
const NOISE_MB = 80;

const FRONT_END = "--sample-rate 8000 --n-fft 256 --hop-length 128 --n-mels 16".split(" ");
const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ["extract", [CLI, "extract", "audio", "--out", "features", ...FRONT_END]],
  ["extract again", [CLI, "extract", "audio", "--out", "features", ...FRONT_END]],
  [
    "train",
    [CLI, ..."train features --out run --epochs 1 --net mlp --channels 8 --segment-frames 8".split(" ")],
  ],
  ["evaluate", [CLI, "evaluate", "run/model.onnx", "features"]],
];

/** Writes short clips of noise, each of its own, whose loudness is its class. */
function writeClips(dir: string, nClips: number): void {
  for (let i = 0; i < nClips; i++) {
    const label = i % N_CLASSES;
    const folder = join(dir, "audio", `class ${label}`, `${Math.floor(i / N_CLASSES / CLIPS_PER_FOLDER)}`);
    if (i < N_CLASSES || Math.floor(i / N_CLASSES) % CLIPS_PER_FOLDER === 0)
      mkdirSync(folder, { recursive: true });
    const random = new Random(`clip ${i}`);
    const samples = Float32Array.from({ length: 1600 }, () => random.uniform(-1, 1) * 0.5 ** (label / 2 + 1));
    writeFileSync(join(folder, `${i}.wav`), encodeWav({ samples, sampleRate: 8000 }));
  }
}

/** Extracts, trains and evaluates on 1,000 and on 100,000 generated clips: memory must grow by the lists of clips alone. */
export const torture: Torture = {
  name: "many clips",
  async run({ say }) {
    const peaks = new Map<string, number>();
    const faults: string[] = [];
    for (const nClips of COUNTS) {
      const dir = mkdtempSync(join(tmpdir(), "timbrel-torture-many-"));
      try {
        writeClips(dir, nClips);
        for (const [name, args] of COMMANDS) {
          const { code, stderr, peakMb, seconds } = await runMeasured(dir, args);
          say(`${name}, ${nClips} clips: ${peakMb.toFixed(0)} MB, ${seconds.toFixed(0)} s`);
          const few = peaks.get(name);
          if (code !== 0)
            faults.push(`${name}, ${nClips} clips: exit ${code}: ${stderr.trimEnd().split("\n").at(-1)}`);
          else if (few === undefined) peaks.set(name, peakMb);
          else if (peakMb > few + NOISE_MB + (nClips * CLIP_KB) / 1024)
            faults.push(
              `${name}: ${peakMb.toFixed(0)} MB for ${nClips} clips, ${few.toFixed(0)} MB for ${COUNTS[0]}`,
            );
        }
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    }
    return { tried: COUNTS.length * COMMANDS.length, faults };
  },
};
