import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { reportError } from "../../src/commands/exit.js";
import { choiceOption, integerOption } from "../../src/commands/options.js";
import { checkChoice } from "../../src/core/check.js";
import { table } from "../../src/report/table.js";
import { print, say } from "../../src/report/terminal.js";
import { NODE_DEVICES, type NodeDevice } from "../../src/runtime/node.js";
import { STEPS_PER_WATCH } from "../../src/training/fit.js";
import { timeLogMel, writeClips, writeStereoWav } from "./audio.js";
import { timeInference, writeInferenceModel } from "./inference.js";
import { measureRoof } from "./roof.js";
import { BENCH_NETS, timeTrainingSteps } from "./training-step.js";

const python = resolve(".venv/bin/python");
const hasPeers = existsSync(python);
const threads = availableParallelism();
const scratch = mkdtempSync(join(tmpdir(), "timbrel-bench-"));

/** A task that timbrel and its peers do in turn. Times are in ms, by name. */
interface Task {
  readonly title: string;
  /** What must exist before, made once. */
  prepare?(): void;
  timbrel(): Promise<Record<string, number>>;
  peers?(): Record<string, number>;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** The time of a whole process [ms]; its output is thrown away. */
function timeProcess(file: string, ...options: string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(file, options, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${file} ${options.join(" ")} failed:\n${stderr}`);
  return performance.now() - start;
}

const timbrel = (...options: string[]) => timeProcess(process.execPath, "dist/src/cli.js", ...options);
const peerScript = (name: string) => join("scripts/bench/peers", `${name}.py`);
const timePeer = (name: string, ...options: string[]) => timeProcess(python, peerScript(name), ...options);

/** The times that a peer measured itself. */
function askPeer(name: string, ...options: string[]): Record<string, number> {
  const answer = execFileSync(python, [peerScript(name), ...options], { encoding: "utf8" });
  const { version, ms } = JSON.parse(answer) as { version: string; ms: Record<string, number> };
  return Object.fromEntries(
    Object.entries(ms).map(([way, time]) => [
      /^(eager|compiled)/.test(way) ? `${version} ${way}` : way,
      time,
    ]),
  );
}

/** An empty folder for a result, and its path. */
function emptyFolder(name: string): string {
  const path = join(scratch, name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

const CLIPS = { count: 1000, sec: 10 };
const LONG = { count: 120, sec: 30 };
const BATCH = 32;
const clips = join(scratch, "clips");
const longClips = join(scratch, "long");
const clip = join(scratch, "clip.wav");
const model = join(scratch, "model.onnx");

/** Where training steps are timed; their peer uses CUDA if it is not the processor. */
let device: NodeDevice = "cpu";

const stepTask = (net: string): Task => ({
  title: `training step, ${net} net, batch of 32`,
  timbrel: async () => ({ timbrel: median(await timeTrainingSteps(net, { steps: 8, threads, device })) }),
  peers: () => {
    const on = device === "cpu" ? ["--threads", `${threads}`] : ["--device", "cuda"];
    return askPeer("training_step", "--net", net, "--steps", "8", ...on);
  },
});

const TASKS: Readonly<Record<string, Task>> = {
  job: {
    title: `the whole job, cold: ${CLIPS.count} clips of ${CLIPS.sec} s, 44.1 kHz stereo -> features -> 5 epochs of the default net -> scores`,
    prepare: () => writeClips(clips, CLIPS.count, CLIPS.sec),
    async timbrel() {
      const [store, run] = [emptyFolder("store"), emptyFolder("run")];
      const extracted = timbrel("extract", clips, "--out", store);
      const trained = timbrel("train", store, "--out", run, "--epochs", "5", "--augment", "0");
      const scored = timbrel("evaluate", join(run, "model.onnx"), store);
      return { timbrel: extracted + trained + scored, "of it extract": extracted, "of it train": trained };
    },
    peers: () => ({ "PyTorch and torchaudio": timePeer("whole_job", clips, emptyFolder("peer")) }),
  },
  extract: {
    title: `extract, ${LONG.count} files of ${LONG.sec} s, 44.1 kHz stereo, whole process`,
    prepare: () => writeClips(longClips, LONG.count, LONG.sec),
    timbrel: async () => ({
      timbrel: timbrel("extract", longClips, "--out", emptyFolder("store")),
      "its log-mel kernel alone, on all cores": (LONG.count * median(timeLogMel(20))) / threads,
    }),
    peers: () => ({
      "torchaudio, a process per core": timePeer("extract", "torchaudio", longClips, emptyFolder("peer")),
      "librosa, a process per core": timePeer("extract", "librosa", longClips, emptyFolder("peer")),
    }),
  },
  ...Object.fromEntries(Object.keys(BENCH_NETS).map((net) => [`step-${net}`, stepTask(net)])),
  watch: {
    title: `training step, benchmark net, watching every ${STEPS_PER_WATCH}th step`,
    async timbrel() {
      const plain = median(await timeTrainingSteps("benchmark", { steps: 8, threads }));
      const watched = median(await timeTrainingSteps("benchmark", { steps: 8, threads, watch: true }));
      return { timbrel: plain + (watched - plain) / STEPS_PER_WATCH, "without watching": plain };
    },
  },
  inference: {
    title: `inference, default net, batch of ${BATCH}`,
    prepare: () => writeInferenceModel(model),
    timbrel: async () => ({
      timbrel: median(await timeInference(readFileSync(model), { batch: BATCH, threads, runs: 30 })),
    }),
    peers: () => askPeer("inference", model, `${BATCH}`, `${threads}`, "30"),
  },
  predict: {
    title: "predict, one WAV of 30 s, whole process, cold",
    prepare: () => writeStereoWav(clip, 30, "predict"),
    timbrel: async () => ({ timbrel: timbrel("predict", clip) }),
    peers: () => ({ "librosa and PyTorch": timePeer("predict", clip) }),
  },
  help: {
    title: "timbrel --help, whole process",
    timbrel: async () => ({
      timbrel: timbrel("--help"),
      "node alone": timeProcess(process.execPath, "-e", "0"),
    }),
  },
};

const DESCRIPTION = `Time timbrel and its peers on the same tasks, in turn, on the same cores.

The peers are what scripts/peers.sh installs into .venv; without them timbrel is timed alone. A ratio below 1 means that timbrel \
is faster; in brackets the lowest and the highest of the rounds. Nothing else should run meanwhile. Tasks: ${Object.keys(TASKS).join(", ")}.`;

const command = new Command("bench")
  .description(DESCRIPTION)
  .argument("[task...]", "tasks to time (default: all)")
  .addOption(integerOption("--rounds <n>", "rounds of each task; medians are compared", { min: 1 }, 3))
  .addOption(choiceOption("--device <name>", "where training steps are timed", NODE_DEVICES, "cpu"))
  .option("-o, --out <file>", "JSON file to write (default: none)")
  .exitOverride()
  .action(bench);

async function bench(
  names: string[],
  options: { rounds: number; device: NodeDevice; out?: string },
): Promise<void> {
  const { rounds, out } = options;
  device = options.device;
  for (const name of names) checkChoice("task", name, Object.keys(TASKS));
  const roof = await measureRoof(threads);
  const machine = `${cpus()[0].model}, ${threads} threads, Node ${process.versions.node}`;
  print(
    `${machine}\nroof: ${roof.gflops.toFixed(0)} GFLOP/s in a matrix product, ${roof.gigabytes.toFixed(0)} GB/s through memory`,
  );
  if (!hasPeers) say("scripts/peers.sh installs the peers; without them, timbrel is timed alone");
  const results: Record<string, unknown> = {};
  for (const name of names.length > 0 ? names : Object.keys(TASKS)) {
    const task = TASKS[name];
    task.prepare?.();
    const times = new Map<string, number[]>();
    for (let round = 0; round < rounds; round++)
      for (const [way, ms] of Object.entries({
        ...(await task.timbrel()),
        ...(hasPeers ? task.peers?.() : {}),
      }))
        times.set(way, [...(times.get(way) ?? []), ms]);
    results[name] = { title: task.title, ms: Object.fromEntries(times) };
    print(`\n${task.title}\n${table(rowsOf(times))}`);
  }
  if (out !== undefined)
    writeFileSync(
      out,
      `${JSON.stringify({ machine, roof, date: new Date().toISOString(), tasks: results }, null, 2)}\n`,
    );
}

/** A row for each way: its median, and timbrel's time divided by it. */
function rowsOf(times: ReadonlyMap<string, readonly number[]>): string[][] {
  const ours = times.get("timbrel")!;
  const rows = [...times].map(([way, ms]) => {
    const ratios = ours.map((time, round) => time / ms[round]);
    const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    const ratio = way === "timbrel" ? "" : `${(median(ours) / median(ms)).toFixed(2)} (${spread})`;
    return [way, `${median(ms).toFixed(1)} ms`, ratio];
  });
  return [["", "median", "ratio"], ...rows];
}

try {
  await command.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, command);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
