import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Random } from "../../src/core/random.js";
import { STEPS_PER_WATCH } from "../../src/training/fit.js";
import { timeFrontEnd } from "./front-end.js";
import { timeTrainingSteps } from "./training-step.js";

// Both sides of a comparison take turns in one run, and the medians of several rounds are compared: timings on a shared
// machine drift by more than the differences of interest.
const ROUNDS = 3;
const STEPS = 8;
const python = resolve(".venv/bin/python");
const hasPeers = existsSync(python);
const threads = availableParallelism();

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function peer(script: string, ...options: string[]): Record<string, unknown> {
  return JSON.parse(execFileSync(python, [join("scripts/bench", script), ...options], { encoding: "utf8" }));
}

function report(what: string, timbrel: number, other?: { name: string; ms: number }): void {
  const ratio =
    other === undefined
      ? ""
      : `   ${other.name} ${other.ms.toFixed(1)} ms   ratio ${(timbrel / other.ms).toFixed(2)}`;
  console.log(`${what.padEnd(34)} timbrel ${timbrel.toFixed(1)} ms${ratio}`);
}

/** 16-bit stereo PCM WAV of two noisy tones, 44.1 kHz. */
function stereoWav(durationSec: number): Uint8Array {
  const sampleRate = 44100;
  const random = new Random(0);
  const nSamples = durationSec * sampleRate;
  const bytes = Buffer.alloc(44 + 4 * nSamples);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20); // PCM
  bytes.writeUInt16LE(2, 22); // channels
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(4 * sampleRate, 28);
  bytes.writeUInt16LE(4, 32); // bytes per frame
  bytes.writeUInt16LE(16, 34); // bits
  bytes.write("data", 36);
  bytes.writeUInt32LE(4 * nSamples, 40);
  for (let i = 0; i < nSamples; i++)
    for (const [channel, hz] of [220, 330].entries()) {
      const sample = 0.4 * Math.sin((2 * Math.PI * hz * i) / sampleRate) + 0.05 * random.normal();
      bytes.writeInt16LE(Math.round(32767 * Math.max(-1, Math.min(1, sample))), 44 + 4 * i + 2 * channel);
    }
  return bytes;
}

async function benchTrainingStep(): Promise<void> {
  const ours: number[] = [];
  const watched: number[] = [];
  const theirs = new Map<string, number[]>();
  let torch = "";
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(median(await timeTrainingSteps({ steps: STEPS, threads })));
    watched.push(median(await timeTrainingSteps({ steps: STEPS, threads, watch: true })));
    if (!hasPeers) continue;
    const result = peer(
      "training-step-peer.py",
      ...["--threads", `${threads}`, "--steps", `${STEPS}`, "--compile"],
    ) as { torch: string; times: Record<string, { medianMs: number }> };
    torch = result.torch;
    for (const [way, { medianMs }] of Object.entries(result.times))
      theirs.set(way, [...(theirs.get(way) ?? []), medianMs]);
  }
  const plain = median(ours);
  if (!hasPeers) report("one training step", plain);
  for (const [way, times] of theirs)
    report("one training step", plain, { name: `PyTorch ${torch}, ${way}`, ms: median(times) });
  const each = plain + (median(watched) - plain) / STEPS_PER_WATCH;
  report(`the same, watching every ${STEPS_PER_WATCH}th step`, each, { name: "not watched", ms: plain });
}

async function benchFrontEnd(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "timbrel-bench-"));
  try {
    const path = join(folder, "clip.wav");
    writeFileSync(path, stereoWav(30));
    const ours: number[] = [];
    const theirs: number[] = [];
    let name = "torchaudio";
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(median(await timeFrontEnd(readFileSync(path), { runs: 20 })));
      if (!hasPeers) continue;
      const result = peer("front-end-peer.py", path) as {
        medianMs: number;
        versions: { torchaudio: string };
      };
      theirs.push(result.medianMs);
      name = `torchaudio ${result.versions.torchaudio}`;
    }
    report("30 s stereo WAV to log-mel", median(ours), hasPeers ? { name, ms: median(theirs) } : undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function benchPredict(): void {
  const folder = mkdtempSync(join(tmpdir(), "timbrel-bench-"));
  try {
    const path = join(folder, "clip.wav");
    writeFileSync(path, stereoWav(30));
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      execFileSync(process.execPath, ["dist/src/cli.js", "predict", path, "--json"], { stdio: "pipe" });
      return performance.now() - start;
    });
    report("predict on 30 s, whole process", median(times));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

console.log(
  `${threads} threads, medians of ${ROUNDS} alternating rounds; a ratio below 1 means that timbrel is faster`,
);
if (!hasPeers)
  console.log(
    "scripts/peers.sh installs PyTorch and torchaudio for comparison; without them, only timbrel is timed:",
  );
await benchTrainingStep();
await benchFrontEnd();
benchPredict();
