import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { netConfig } from "../../src/nn/architectures.js";
import { nodeEngine } from "../../src/runtime/node.js";
import { readTable } from "../../src/store/manifest-table.js";
import { openStore } from "../../src/store/store.js";

import type { TrainConfig } from "../../src/training/config.js";
import { RUN_FILES, readCheckpoint } from "../../src/training/run-folder.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { checkpointPath, filesOf, runWhole } from "./tiny-run.js";
import { changeFeatures, makeSound, makeTinyStore, tinyClips, tinyConfig } from "./tiny-store.js";

const store = await makeTinyStore();

/** Runs until `stop` returns true, then resumes to the end. */
async function runInTwo(
  changes: Partial<TrainConfig>,
  stop: (at: { epoch: number; step: number | null }) => boolean,
) {
  const dir = makeFolder();
  const controller = new AbortController();
  const abortIf = (at: { epoch: number; step: number | null }) => {
    if (stop(at)) controller.abort();
  };
  const first = await trainTagger(store, dir, {
    engine: ENGINE,
    config: tinyConfig(changes),
    signal: controller.signal,
    onStep: ({ epoch, step }) => abortIf({ epoch, step }),
    onEpoch: ({ epoch }) => abortIf({ epoch, step: null }),
  });
  let resumedFrom = -1;
  const second = await trainTagger(store, dir, {
    engine: ENGINE,
    resume: true,
    onStart: (run) => {
      resumedFrom = run.resumedFrom;
    },
  });
  return { first, second, resumedFrom, files: filesOf(dir) };
}

describe("a run", () => {
  const whole = runWhole(store);

  it("writes model, baseline, checkpoint, metrics and splits", async () => {
    const { dir, result, files } = await whole;
    expect(Object.keys(files).sort()).toEqual([
      "checkpoint.safetensors",
      "metrics.jsonl",
      "model.linear.onnx",
      "model.onnx",
      "split.csv",
    ]);
    expect(result.ended).toBe("finished");
    expect(result.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(result.modelPath).toBe(join(dir, "model.onnx"));
    const lines = readFileSync(join(dir, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(result.history);
    expect(Object.keys(result.history[0].valid)).toEqual(["loss", "balancedAccuracy", "accuracy"]);
  });

  it("lists every clip with its labels, its group and its split, in the form of a manifest", async () => {
    const [first, ...others] = tinyClips();
    const tricky = { ...first, name: 'hiss/a, "b".wav', labels: ["hiss", "hum"], group: "g" };
    const several = await makeTinyStore([tricky, ...others]);
    const textOf = async (data: typeof several) =>
      readFileSync(join((await runWhole(data, { epochs: 1 })).dir, RUN_FILES.split), "utf8");
    const text = await textOf(several);
    expect(text).toContain('\n"hiss/a, ""b"".wav",hiss|hum,g,train\n');
    const { rows } = readTable("split.csv", text, ",", expect.fail);
    expect(rows.map(({ line: _, absent: __, ...row }) => row)).toEqual(
      ["train", "valid", "test"].flatMap((split) =>
        several.clips
          .filter((clip) => clip.split === split)
          .map(({ name, labels, group }) => ({ path: name, labels, group, split }))
          .sort((a, b) => (a.path < b.path ? -1 : 1)),
      ),
    );
    const noise = several.clips.map((clip, i) => (i === 1 ? { ...clip, labels: [] } : clip));
    expect(await textOf({ ...several, clips: noise })).not.toContain(several.clips[1].name);
    const facts = [{ unknownLabels: ["tone"] }, { unknownLabels: ["?"], absentLabels: ["hum"] }];
    const clips = several.clips.map((clip, i) => ({ ...clip, ...facts[i] }));
    const lines = (await textOf({ ...several, clips })).split("\n");
    expect(lines[0]).toBe("path,label,group,split,absent");
    expect(lines.filter((line) => line.includes("?"))).toEqual([
      expect.stringMatching(/^hiss\/1\.wav,hiss\|\?,[0-9a-f]+,train,hum$/),
      '"hiss/a, ""b"".wav",hiss|hum|?tone,g,train,',
    ]);
  });

  it("lists which labels are not known, and which a clip is said to lack", async () => {
    const [first, ...others] = store.clips;
    const open = { ...first, unknownLabels: ["?"], absentLabels: ["hum"] };
    const { dir } = await runWhole({ ...store, clips: [open, ...others] }, { epochs: 1 });
    const [head, ...lines] = readFileSync(join(dir, RUN_FILES.split), "utf8").split("\n");
    expect(head).toBe("path,label,group,split,absent");
    const [label] = first.labels;
    expect(lines).toContain(`${first.name},${label}|?,${first.group},${first.split},hum`);
  });

  it("gives the same bits again, with one thread and with two", async () => {
    const { files } = await whole;
    expect((await runWhole(store)).files).toEqual(files);
    expect((await runWhole(store, {}, { engine: nodeEngine({ threads: 2 }) })).files).toEqual(files);
  });

  it("gives other weights with another seed", async () => {
    const { files } = await runWhole(store, { seed: 2 });
    expect(files["checkpoint.safetensors"]).not.toBe((await whole).files["checkpoint.safetensors"]);
  });

  it("stopped after the first epoch and resumed, ends with the same files", async () => {
    const { first, second, resumedFrom, files } = await runInTwo(
      {},
      ({ epoch, step }) => epoch === 1 && step === null,
    );
    expect([first.ended, first.history.length]).toEqual(["interrupted", 1]);
    expect([second.ended, resumedFrom]).toEqual(["finished", 1]);
    expect(second.history).toEqual((await whole).result.history);
    expect(files).toEqual((await whole).files);
  });

  it("stopped within an epoch and resumed, loses only that epoch and ends with the same files", async () => {
    const { first, files } = await runInTwo({}, ({ epoch, step }) => epoch === 2 && step === 1);
    expect([first.ended, first.history.length]).toEqual(["interrupted", 1]);
    expect(files).toEqual((await whole).files);
  });

  it("resumes plateau, patience, AdamW and unbalanced sampling to the same bits", async () => {
    const changes: Partial<TrainConfig> = {
      schedule: { kind: "plateau", factor: 0.5, patience: 0 },
      optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
      learningRate: 0.001,
      patience: 3,
      balance: false,
      emaDecay: 0,
      epochs: 4,
    };
    const straight = await runWhole(store, changes);
    const { files, first } = await runInTwo(changes, ({ epoch, step }) => epoch === 2 && step === null);
    expect(first.history).toHaveLength(2);
    expect(files).toEqual(straight.files);
  });

  it("resumes whitening, gradient clipping and layer statistics to the same bits, with statistics in every record", async () => {
    const changes: Partial<TrainConfig> = {
      net: netConfig({
        kind: "gct634-1d",
        channels: [4, 4],
        kernelSizes: [3, 3],
        pools: [2, 2],
        activation: "gelu",
      }),
      normalize: { kind: "whiten", zca: false, keepVariance: 0.99 },
      schedule: { kind: "one-cycle", peakAt: 0.3, startFactor: 0.04, endFactor: 4e-6 },
      clipNorm: 0.1,
      watch: true,
    };
    const straight = await runWhole(store, changes);
    const { files, first } = await runInTwo(changes, ({ epoch, step }) => epoch === 2 && step === null);
    expect(first.history).toHaveLength(2);
    expect(files).toEqual(straight.files);
    for (const { layers } of straight.result.history)
      expect(layers!.map(({ layer }) => layer)).toEqual(["block1", "block2", "output"]);
    const lines = readFileSync(join(straight.dir, RUN_FILES.metrics), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(straight.result.history);
  });

  it("ends with the same weights with and without layer statistics", async () => {
    const watched = await runWhole(store, { watch: true, epochs: 1 });
    const plain = await runWhole(store, { epochs: 1 });
    const stateOf = ({ dir }: { dir: string }) => readCheckpoint(checkpointPath(dir))!.state;
    expect(stateOf(watched).tensors).toEqual(stateOf(plain).tensors);
    expect(stateOf(plain).history[0].layers).toBeUndefined();
  });

  it("changes nothing if it is resumed after its end", async () => {
    const { dir, files, result } = await runWhole(store, { epochs: 1 });
    const again = await trainTagger(store, dir, { resume: true, engine: ENGINE });
    expect(again.history).toEqual(result.history);
    expect(filesOf(dir)).toEqual(files);
  });

  it("asks its listener after every epoch, once the files are written, whether to stop", async () => {
    const dir = makeFolder();
    const told: unknown[] = [];
    const result = await trainTagger(store, dir, {
      engine: ENGINE,
      config: tinyConfig(),
      onEpoch(record, isBest) {
        told.push([record.epoch, isBest, readCheckpoint(checkpointPath(dir))!.state.history]);
        return "stop";
      },
    });
    expect(told).toEqual([[1, true, result.history]]);
    expect([result.ended, result.bestEpoch, result.history.length]).toEqual(["stopped", 1, 1]);
  });

  it("stopped before its first step writes nothing, and resumed, ends with the same files", async () => {
    const dir = makeFolder();
    const controller = new AbortController();
    const first = await trainTagger(store, dir, {
      engine: ENGINE,
      config: tinyConfig(),
      signal: controller.signal,
      onStart: () => controller.abort(),
    });
    expect([first.ended, first.history, filesOf(dir)]).toEqual(["interrupted", [], {}]);
    await trainTagger(store, dir, { resume: true, engine: ENGINE, config: tinyConfig() });
    expect(filesOf(dir)).toEqual((await whole).files);
  });

  it("that overwrites another leaves none of its files", async () => {
    const dir = makeFolder();
    mkdirSync(join(dir, "tensorboard"));
    for (const file of Object.values(RUN_FILES)) writeFileSync(join(dir, file), "old");
    await trainTagger(store, dir, { overwrite: true, engine: ENGINE, config: tinyConfig() });
    expect(filesOf(dir)).toEqual((await whole).files);
  });

  it("starts if there is no run to resume", async () => {
    const dir = makeFolder();
    await trainTagger(store, dir, { resume: true, engine: ENGINE, config: tinyConfig() });
    expect(filesOf(dir)).toEqual((await whole).files);
  });
});

describe("what a run must not see", () => {
  it("is the test split: other features in every test clip change no byte", async () => {
    const config = tinyConfig({ epochs: 2 });
    const [before, after] = [makeFolder(), makeFolder()];
    const own = await makeTinyStore();
    await trainTagger(own, before, { engine: ENGINE, config });
    for (const clip of own.clips.filter(({ split }) => split === "test")) changeFeatures(own, clip);
    await trainTagger(own, after, { engine: ENGINE, config });
    expect(filesOf(after)).toEqual(filesOf(before));
  });

  it("is, for the weights, the validation split: it only scores them", async () => {
    const config = tinyConfig({ epochs: 2 });
    const [before, after] = [makeFolder(), makeFolder()];
    const own = await makeTinyStore();
    await trainTagger(own, before, { engine: ENGINE, config });
    for (const clip of own.clips.filter(({ split }) => split === "valid")) changeFeatures(own, clip);
    await trainTagger(own, after, { engine: ENGINE, config });
    const [a, b] = [before, after].map((dir) => readCheckpoint(checkpointPath(dir))!.state);
    expect(b.tensors).toEqual(a.tensors);
    expect(b.history.map(({ valid }) => valid)).not.toEqual(a.history.map(({ valid }) => valid));
  });

  it("is not the train split: a changed training clip changes the weights", async () => {
    const config = tinyConfig({ epochs: 1 });
    const [before, after] = [makeFolder(), makeFolder()];
    const own = await makeTinyStore();
    await trainTagger(own, before, { engine: ENGINE, config });
    changeFeatures(own, own.clips.find(({ split }) => split === "train")!);
    await trainTagger(own, after, { engine: ENGINE, config });
    expect(filesOf(after)["model.onnx"]).not.toBe(filesOf(before)["model.onnx"]);
  });
});

/** Everything is off that hinders a net of 300 parameters. */
const LEARNING: Partial<TrainConfig> = {
  net: { ...tinyConfig().net, dropout: 0 },
  epochs: 36,
  learningRate: 0.05,
  augment: 0,
  labelSmoothing: 0,
};

describe("learning", () => {
  it("tells the sounds apart", async () => {
    const { result } = await runWhole(store, LEARNING);
    const best = result.history[result.bestEpoch - 1];
    expect(best.score).toBe(1);
    expect(best.score).toBe(Math.max(...result.history.map(({ score }) => score)));
    expect(result.history.at(-1)!.trainLoss).toBeLessThan(0.3);
  });

  it("trains on and scores clips with several labels", async () => {
    const both = tinyClips().map((clip, i) => {
      const [hum, hiss, tone] = (["hum", "hiss", "tone"] as const).map(
        (sound) => makeSound(sound, `${i}`).samples,
      );
      const second = clip.labels[0] === "hum" ? hiss : hum;
      const samples = tone.map((value, n) => (clip.labels[0] === "tone" ? value : second[n] + value));
      const labels =
        clip.labels[0] === "tone" ? ["tone"] : [clip.labels[0] === "hum" ? "hiss" : "hum", "tone"];
      return { ...clip, labels, wav: encodeWav({ samples, sampleRate: 8000 }) };
    });
    const several = await makeTinyStore(both);
    let task = "";
    const result = await trainTagger(several, makeFolder(), {
      engine: ENGINE,
      config: tinyConfig(LEARNING),
      onStart: (run) => {
        task = run.task;
      },
    });
    expect(task).toBe("multi-label");
    expect(Object.keys(result.history[0].valid)).toEqual(["loss", "meanAveragePrecision"]);
    const best = result.history[result.bestEpoch - 1];
    expect(best.score).toBeGreaterThan(0.9); // the fractions of the labels alone would give 0.56
    expect(best.valid["loss"]).toBeLessThan(result.history[0].valid["loss"]);
  });

  it("trains on silent clips and clips of one frame, and every number stays finite", async () => {
    const silent = { samples: new Float32Array(1), sampleRate: 8000 };
    const clips = tinyClips();
    const odd = await makeTinyStore([
      ...clips.filter(({ labels }) => labels[0] !== "hiss"),
      ...clips
        .filter(({ labels }) => labels[0] === "hiss")
        // Each length is different audio: copies may not be in two splits.
        .map((clip, i) => ({
          ...clip,
          wav: encodeWav({ ...silent, samples: new Float32Array(1 + 700 * i) }),
        })),
    ]);
    const { history } = await trainTagger(odd, makeFolder(), {
      engine: ENGINE,
      config: tinyConfig({ epochs: 2 }),
    });
    for (const { trainLoss, valid } of history)
      expect([trainLoss, ...Object.values(valid)].every(Number.isFinite)).toBe(true);
  });
});

describe("a store on disk", () => {
  it("trains like the one in memory", async () => {
    const [memory, disk] = [makeFolder(), makeFolder()];
    const config = tinyConfig({ epochs: 1 });
    await trainTagger(store, memory, { engine: ENGINE, config });
    await trainTagger(openStore(store.dir), disk, { engine: ENGINE, config });
    expect(filesOf(disk)).toEqual(filesOf(memory));
  });
});
