import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { NodeDevice } from "../../src/runtime/node.js";
import { STEPS_PER_WATCH } from "../../src/training/fit.js";
import { timeLogMel, writeClips, writeLongWav, writeShortClips, writeStereoWav } from "./audio.js";
import { timeInference, writeInferenceModel } from "./inference.js";
import { timeLoader } from "./loader.js";
import { timeToLogMel } from "./mp3.js";
import { askPeer, askTfjs, measureTimbrel, timbrel, timePeer, timeProcess, writeMp3 } from "./processes.js";
import { BENCH_NETS, timeTrainingSteps } from "./training-step.js";

/** A task that timbrel and its peers do in turn. Results are by name, in ms unless the name ends with another unit in brackets. */
export interface Task {
  readonly title: string;
  /** Whether it is done only if it is asked for by name, since it takes many minutes. */
  readonly isLong?: boolean;
  /** Whether it needs the peers, even for timbrel's part. */
  readonly needsPeers?: boolean;
  /** What must exist before, made once. */
  prepare?(): void;
  timbrel(): Promise<Record<string, number>>;
  peers?(): Record<string, number>;
}

const CLIPS = { count: 1000, sec: 10 };
const LONG = { count: 120, sec: 30 };
const LONGEST_SEC = 3 * 3600;
const GROWTH = { counts: [1000, 10_000, 100_000], sec: 0.25 } as const;
const BATCH = 32;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * The tasks by name.
 * @param scratch folder for what they write
 * @param device where training steps are timed; their peer uses CUDA if it is not the processor
 */
export function benchTasks(scratch: string, device: NodeDevice): Readonly<Record<string, Task>> {
  const threads = availableParallelism();
  const clips = join(scratch, "clips");
  const clip = join(scratch, "clip.wav");
  const model = join(scratch, "model.onnx");
  const peak = join(scratch, "peak");
  const writeJob = () => writeClips(clips, CLIPS.count, CLIPS.sec);

  /** An empty folder for a result. */
  const emptyFolder = (name: string): string => {
    const path = join(scratch, name);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    return path;
  };

  const job: Task = {
    title: `the whole job, cold: ${CLIPS.count} clips of ${CLIPS.sec} s, 44.1 kHz stereo -> features -> 5 epochs of the default net -> scores`,
    prepare: writeJob,
    async timbrel() {
      const [store, run] = [emptyFolder("store"), emptyFolder("run")];
      const extracted = timbrel("extract", clips, "--out", store);
      const trained = timbrel("train", store, "--out", run, "--epochs", "5", "--augment", "0");
      return { timbrel: extracted + trained, "of it extract": extracted, "of it train": trained };
    },
    peers: () => ({ "PyTorch and torchaudio": timePeer("whole_job", clips, emptyFolder("peer")) }),
  };

  const longClips = join(scratch, "long");
  const extract: Task = {
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
  };

  const mp3 = join(scratch, "clip.mp3");
  const toLogMel: Task = {
    title: "MP3 of 30 s, 44.1 kHz stereo -> log-mel, one thread",
    needsPeers: true, // they write the file
    prepare() {
      writeStereoWav(clip, 30, "mp3");
      writeMp3(clip, mp3);
    },
    timbrel: async () => ({ timbrel: median(await timeToLogMel(mp3, 20)) }),
    peers: () => askPeer("mp3", mp3, "20"),
  };

  const step = (net: string): Task => ({
    title: `training step, ${net} net, batch of ${BATCH}`,
    timbrel: async () => ({ timbrel: median(await timeTrainingSteps(net, { steps: 8, threads, device })) }),
    peers: () => {
      const on = device === "cpu" ? ["--threads", `${threads}`] : ["--device", "cuda"];
      const times = askPeer("training_step", "--net", net, "--steps", "8", ...on);
      return { ...times, ...(net === "mlp" ? askTfjs("step-mlp") : {}) };
    },
  });

  const loaderStore = join(scratch, "loader-store");
  const loader: Task = {
    title: `training data, a batch of ${BATCH} examples of the default net, beside its step`,
    prepare() {
      writeJob();
      timbrel("extract", clips, "--out", loaderStore);
    },
    async timbrel() {
      const { store, memory } = await timeLoader(loaderStore);
      const steps = await timeTrainingSteps("vgg", { steps: 8, threads });
      const mean = (times: readonly number[]) => times.reduce((sum, ms) => sum + ms, 0) / times.length;
      return { timbrel: mean(store), "from memory": mean(memory), "the step": median(steps) };
    },
  };

  const watch: Task = {
    title: `training step, benchmark net, watching every ${STEPS_PER_WATCH}th step`,
    async timbrel() {
      const plain = median(await timeTrainingSteps("benchmark", { steps: 8, threads }));
      const watched = median(await timeTrainingSteps("benchmark", { steps: 8, threads, watch: true }));
      return { timbrel: plain + (watched - plain) / STEPS_PER_WATCH, "without watching": plain };
    },
  };

  const inference: Task = {
    title: `inference, default net, batch of ${BATCH}`,
    prepare: () => writeInferenceModel(model),
    timbrel: async () => ({
      timbrel: median(await timeInference(readFileSync(model), { batch: BATCH, threads, runs: 30 })),
    }),
    peers: () => ({
      ...askPeer("inference", model, `${BATCH}`, `${threads}`, "30"),
      ...askTfjs("inference"),
    }),
  };

  const predict: Task = {
    title: "predict, one WAV of 30 s, whole process, cold",
    prepare: () => writeStereoWav(clip, 30, "predict"),
    async timbrel() {
      const { ms, peakMb } = measureTimbrel(peak, "predict", clip);
      return { timbrel: ms, "its memory [MB]": peakMb };
    },
    peers: () => ({ "librosa and PyTorch": timePeer("predict", clip) }),
  };

  const predictMany: Task = {
    title: `predict, ${CLIPS.count} files of ${CLIPS.sec} s, whole process`,
    prepare: writeJob,
    timbrel: async () => ({ timbrel: timbrel("predict", clips) }),
    peers: () => ({ "librosa and PyTorch": timePeer("predict", clips) }),
  };

  const [longWav, longMp3] = ["wav", "mp3"].map((kind) => join(scratch, `longest-${kind}/all/a.${kind}`));
  const longest: Task = {
    title: `predict and extract, one file of ${LONGEST_SEC / 3600} hours, 44.1 kHz stereo`,
    isLong: true,
    needsPeers: true, // they write the MP3
    prepare() {
      writeLongWav(longWav, LONGEST_SEC);
      writeMp3(longWav, longMp3);
    },
    async timbrel() {
      const results: Record<string, number> = {};
      for (const [kind, file] of Object.entries({ WAV: longWav, MP3: longMp3 })) {
        const source = join(file, "../..");
        const predicted = measureTimbrel(peak, "predict", file);
        const extracted = measureTimbrel(peak, "extract", source, "--out", emptyFolder("store"));
        results[`predict ${kind}`] = predicted.ms;
        results[`predict ${kind} [MB]`] = predicted.peakMb;
        results[`extract ${kind}`] = extracted.ms;
        results[`extract ${kind} [MB]`] = extracted.peakMb;
      }
      return results;
    },
  };

  const growing = (count: number) => join(scratch, `clips-${count}`);
  const growth: Task = {
    title: `growth: clips of ${GROWTH.sec} s, extracted, and one epoch of the default net`,
    isLong: true,
    prepare() {
      for (const count of GROWTH.counts) writeShortClips(growing(count), count, GROWTH.sec);
    },
    async timbrel() {
      const results: Record<string, number> = {};
      for (const count of GROWTH.counts) {
        const [store, run] = [emptyFolder("store"), emptyFolder("run")];
        const extracted = measureTimbrel(peak, "extract", growing(count), "--out", store);
        const trained = measureTimbrel(peak, "train", store, "--out", run, "--epochs", "1");
        results[`extract, each of ${count}`] = extracted.ms / count;
        results[`extract ${count} [MB]`] = extracted.peakMb;
        results[`train, each of ${count}`] = trained.ms / count;
        results[`train ${count} [MB]`] = trained.peakMb;
      }
      return results;
    },
  };

  const help: Task = {
    title: "timbrel --help, whole process",
    timbrel: async () => ({
      timbrel: timbrel("--help"),
      "node alone": timeProcess(process.execPath, ["-e", "0"]),
    }),
  };

  const steps = Object.fromEntries(Object.keys(BENCH_NETS).map((net) => [`step-${net}`, step(net)]));
  return {
    ...{ job, extract, mp3: toLogMel, ...steps, loader, watch, inference, predict },
    ...{ "predict-many": predictMany, longest, growth, help },
  };
}
