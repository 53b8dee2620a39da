import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { evaluateNet } from "../../src/evaluation/evaluate.js";
import { mainScore } from "../../src/evaluation/measures.js";
import { frontEnd } from "../../src/features/front-end.js";
import { netConfig } from "../../src/nn/architectures.js";
import { wasTrainedOn } from "../../src/tagging/model-clips.js";
import { decodeModel, encodeModel, uncalibrated } from "../../src/tagging/model-file.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/training/checkpoint.js";
import { type TrainConfig, trainConfig } from "../../src/training/config.js";
import { prepareRun } from "../../src/training/prepare-run.js";
import { type RunStart, trainModel } from "../../src/training/train-model.js";
import { ENGINE } from "../engine.js";
import { rejectionOf } from "../store/message-of.js";
import { makeSound, makeTinyStore, SOUNDS, TINY_CONFIG, tinyClips } from "./tiny-store.js";

const SHIPPED = new URL("../../models/instruments.onnx", import.meta.url);
const store = await makeTinyStore();
const train = (
  config: Parameters<typeof trainModel>[1] = {},
  options: Partial<Parameters<typeof trainModel>[2]> = {},
  data = store as Parameters<typeof trainModel>[0],
) => trainModel(data, { ...TINY_CONFIG, ...config }, { engine: ENGINE, ...options });

/** The store's features in memory, under the same names, labels and splits. */
async function inMemory() {
  const clips = store.clips.map(async ({ name, labels, split, nFrames }, i) => {
    const data = new Float32Array(nFrames * store.frontEnd.nMels);
    await store.reader.read(store.clips[i], 0, nFrames, data, 0);
    return { name, labels, split, features: { data, shape: [nFrames, store.frontEnd.nMels] } };
  });
  return featuresInMemory(store.frontEnd, await Promise.all(clips));
}

describe("trainModel", () => {
  const whole = train();
  const oneEpoch = train({ epochs: 1 });

  it("gives the model of the best epoch, which tags and survives its file", async () => {
    const { model, ended, history } = await whole;
    expect([ended, history.length]).toEqual(["finished", 3]);
    const best = history.reduce((a, b) => (b.score > a.score ? b : a));
    expect([model!.info.epoch, model!.info.valid]).toEqual([best.epoch, best.valid]);
    expect(decodeModel(encodeModel(model!), "m.onnx")).toEqual(model);
    const tagger = await Tagger.of(model!, ENGINE);
    const { tags } = await tagger.tagWaveform(makeSound("tone", "new"));
    expect(tags.map(({ label }) => label).sort()).toEqual(["hiss", "hum", "tone"]);
    await tagger.close();
  });

  it("records the loss and score of the same weights on a fixed sample of the training clips", async () => {
    const { trainSample, data } = await prepareRun(store, trainConfig(TINY_CONFIG));
    const { train: all, valid } = data.sets;
    expect(trainSample.clips).toHaveLength(valid.clips.length);
    expect(all.clips).toEqual(expect.arrayContaining([...trainSample.clips]));
    expect((await prepareRun(store, trainConfig(TINY_CONFIG))).trainSample.clips).toEqual(trainSample.clips);
    const { model, history } = await whole;
    const { cleanTrainLoss, cleanTrainScore, trainLoss } = history[model!.info.epoch - 1];
    const options = { engine: ENGINE, task: "single-label", segmentFrames: 16 } as const;
    const { scores } = await evaluateNet(encodeModel(uncalibrated(model!)), trainSample, options);
    expect([cleanTrainLoss, cleanTrainScore]).toEqual([scores.loss, mainScore(scores)]);
    expect(cleanTrainLoss).not.toBeCloseTo(trainLoss, 3);
  });

  it("gives a model that holds its settings, its splits and the number of training clips of each label", async () => {
    const clips = store.clips.filter(({ name }) => name !== "hum/0.wav");
    let start: RunStart | undefined;
    const { model, task } = await train(
      { epochs: 1, normalize: { kind: "none" } },
      { onStart: (run) => void (start = run) },
      { ...store, clips },
    );
    const { splits, config, sets } = start!;
    expect(model!.info).toMatchObject({ task, labels: ["hiss", "hum", "tone"], segmentFrames: 16, config });
    expect(model!.info.frontEnd).toEqual(store.frontEnd);
    expect(model!.info.split).toEqual({
      seed: 1,
      validFraction: 0.15,
      testFraction: 0.15,
      hash: splits.hash,
      trainCounts: { hiss: 5, hum: 4, tone: 5 },
    });
    expect([sets.train, sets.valid, sets.test].map((set) => set.clips.length)).toEqual([14, 6, 6]);
    expect([task, start!.task, start!.resumedFrom]).toEqual(["single-label", "single-label", 0]);
    expect([model!.info.trainClips.length, model!.info.validClips!.length]).toEqual([10 * 14, 10 * 6]);
    const { before, after } = start!.conditionNumber!;
    expect(before).toBeGreaterThan(1);
    expect(after).toBe(before); // nothing is normalized
    const trainable = [...model!.weights].filter(([name]) => !/norm\.(mean|var)$/.test(name));
    const sizes = trainable.map(([, { data }]) => data.length);
    expect(start!.parameterCount).toBe(sizes.reduce((a, b) => a + b));
  });

  it.each<[string, Partial<TrainConfig>]>([
    ["smaller batches", { batchSize: 2 }],
    ["a limit of the gradient's norm", { clipNorm: 1e-3 }],
    ["more label smoothing", { labelSmoothing: 0.4 }],
    ["no average of the weights", { emaDecay: 0 }],
    ["weaker augmentation", { augment: 0.1 }],
    ["no augmentation", { augment: 0 }],
    ["another normalization", { normalize: { kind: "standardize", over: "global" } }],
    ["shorter segments", { segmentFrames: 12 }],
    ["unbalanced sampling", { balance: false }],
    ["a lower learning rate", { learningRate: 0.01 }],
    ["another schedule", { schedule: { kind: "constant" } }],
    ["another optimizer", { optimizer: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 } }],
  ])("gives other weights with %s", async (_, changes) => {
    const { model: before } = await oneEpoch;
    const { model: after } = await train({ epochs: 1, ...changes });
    const weight = "block1.conv.weight"; // it has the same shape in both
    expect(after!.weights.get(weight)!.shape).toEqual(before!.weights.get(weight)!.shape);
    expect(after!.weights.get(weight)!.data).not.toEqual(before!.weights.get(weight)!.data);
  });

  it("draws no random numbers in its steps without dropout and augmentation", async () => {
    const net = { ...TINY_CONFIG.net!, dropout: 0 };
    const { step } = await prepareRun(store, trainConfig({ ...TINY_CONFIG, net, augment: 0 }));
    expect(step.randomInputs).toEqual([]);
  });

  it("trains on two classes, and on as few bands as the net needs", async () => {
    const net = netConfig({ kind: "vgg", channels: [2, 2] }); // two pools of 2 bands each
    const clips = Array.from({ length: 12 }, (_, i) => {
      const data = new Float32Array(16 * 4).fill((i % 2) + i / 100);
      return { name: `${i}`, labels: [i % 2 === 0 ? "quiet" : "loud"], features: { data, shape: [16, 4] } };
    });
    const data = featuresInMemory(frontEnd({ nMels: 4 }), clips);
    const { model } = await train({ net, epochs: 1 }, {}, data);
    expect(model!.info.labels).toEqual(["loud", "quiet"]);
  });

  it("finds the same bits in memory as in a store", async () => {
    const { model } = await train({}, {}, await inMemory());
    expect(model!.weights).toEqual((await whole).model!.weights);
    expect(model!.normalization).toEqual((await whole).model!.normalization);
  });

  it("goes on from a checkpoint to the same bits, also from one that was a file", async () => {
    const { checkpoint, ended, history } = await train({}, { onEpoch: () => "stop" });
    expect([ended, history.length]).toEqual(["stopped", 1]);
    const read = decodeCheckpoint(encodeCheckpoint(checkpoint), "c.safetensors");
    const resumed = await trainModel(store, {}, { engine: ENGINE, resume: read });
    expect(resumed.model).toEqual((await whole).model);
    expect(resumed.checkpoint).toEqual((await whole).checkpoint);
  });

  it("names a setting that would change the run that it resumes", async () => {
    const { checkpoint: resume } = await oneEpoch;
    expect(await rejectionOf(train({ seed: 9 }, { resume }))).toBe(
      "seed must be the resumed run's, 1, got 9; leave it out, or start a new run",
    );
    expect(await rejectionOf(train({ epochs: 0 }, { resume }))).toContain("epochs must be an integer");
  });

  it("trains a finished run for more epochs, to the same bits if the schedule does not depend on their number", async () => {
    const schedule = { kind: "step", everyEpochs: 2, factor: 0.5 } as const;
    const { checkpoint } = await train({ schedule, epochs: 2 });
    const resumed = await trainModel(store, { epochs: 4 }, { engine: ENGINE, resume: checkpoint });
    const straight = await train({ schedule, epochs: 4 });
    expect([resumed.history.length, resumed.model]).toEqual([4, straight.model]);
    expect(resumed.checkpoint).toEqual(straight.checkpoint);
  });

  it("goes on with its own clips and splits when the data have grown", async () => {
    const clips = tinyClips().map((clip) => ({ ...clip, split: null }));
    const added = SOUNDS.map((sound, i) => ({
      // First, between and after the others, in the order of their names.
      name: ["a.wav", "hum/5b.wav", "z.wav"][i],
      labels: [i === 0 ? "drum" : sound],
      split: null,
      wav: encodeWav(makeSound(sound, `added ${i}`)),
    }));
    const before = await makeTinyStore(clips);
    const grown = await makeTinyStore([...added, ...clips.reverse()]);
    const straight = await train({ epochs: 2 }, {}, before);
    const { checkpoint } = await train({ epochs: 2 }, { onEpoch: () => "stop" }, before);
    const resume = decodeCheckpoint(encodeCheckpoint(checkpoint), "c.safetensors");
    let unused = 0;
    const onStart = ({ unusedClips }: RunStart) => void (unused = unusedClips);
    const resumed = await train({ epochs: 2 }, { resume, onStart }, grown);
    expect(unused).toBe(3);
    expect(encodeModel(resumed.model!)).toEqual(encodeModel(straight.model!));
    expect(resumed.checkpoint).toEqual(straight.checkpoint);
  });

  it("names what to do if clips of the run that it resumes are gone, or if its checkpoint does not list them", async () => {
    const { checkpoint: resume } = await oneEpoch;
    const fewer = { ...store, clips: store.clips.slice(1) };
    const rule = "resume must use the data of its checkpoint, got";
    expect(await rejectionOf(train({ epochs: 1 }, { resume }, fewer))).toBe(
      `${rule} 26 of its 27 clips among the 26 of ${store.name}, under the same names and labels; extract them into it again, or start a new run`,
    );
    const { clips: _, ...older } = resume;
    expect(await train({ epochs: 1 }, { resume: older })).toMatchObject({ ended: "finished" });
    expect(await rejectionOf(train({ epochs: 1 }, { resume: older }, fewer))).toBe(
      `${rule} other clips or splits in ${store.name}, and a checkpoint of an older version that does not list its clips; extract the audio that it was trained on into a store of its own and use that, or start a new run`,
    );
  });

  it("shows its listener every epoch, the best model so far and a checkpoint", async () => {
    const seen: unknown[] = [];
    await train(
      {},
      {
        onEpoch: ({ epoch, score }, { isBest, model, checkpoint }) => {
          seen.push([epoch, isBest, model.info.epoch, checkpoint.state.history.at(-1)!.score === score]);
        },
      },
    );
    const { history } = await whole;
    let best = 0;
    const expected = history.map(({ epoch, score }) => {
      const isBest = best === 0 || score > history[best - 1].score;
      if (isBest) best = epoch;
      return [epoch, isBest, best, true];
    });
    expect(seen).toEqual(expected);
  });

  it("has no model if it is interrupted before the first epoch", async () => {
    const controller = new AbortController();
    const run = await train({}, { signal: controller.signal, onStep: () => controller.abort() });
    expect([run.model, run.ended, run.history]).toEqual([null, "interrupted", []]);
  });

  it("names a tensor that a checkpoint lacks", async () => {
    const { checkpoint } = await train({}, { onEpoch: () => "stop" });
    const { state } = checkpoint;
    const tensors = new Map([...state.tensors].filter(([name]) => name !== "step"));
    expect(await rejectionOf(train({}, { resume: { ...checkpoint, state: { ...state, tensors } } }))).toBe(
      "checkpoint: lacks tensor step []",
    );
    const transposed = new Map(state.tensors);
    const { shape, data } = transposed.get("output.weight")!;
    transposed.set("output.weight", { shape: shape.toReversed(), data });
    expect(
      await rejectionOf(train({}, { resume: { ...checkpoint, state: { ...state, tensors: transposed } } })),
    ).toBe("checkpoint: tensor output.weight is [24, 3], not [3, 24]");
    const bestLess = { ...state, best: { epoch: 1, weights: new Map() } };
    expect(await rejectionOf(train({}, { resume: { ...checkpoint, state: bestLess } }))).toBe(
      "checkpoint: lacks tensor best/block1.conv.weight [4, 1, 3, 3]",
    );
    const best = { ...state.best, epoch: 7 };
    const bytes = encodeCheckpoint({ ...checkpoint, state: { ...state, best } });
    expect(() => decodeCheckpoint(bytes, "c.safetensors")).toThrow(
      "c.safetensors: names epoch 7 as the best of 1",
    );
  });

  it("is heard while it fits statistics", async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    let hasStarted = false;
    const run = train({}, { signal: controller.signal, onStart: () => void (hasStarted = true) });
    await expect(run).rejects.toThrow(/aborted/);
    expect(hasStarted).toBe(false);
  });
});

describe("training on from a model", () => {
  const first = train({ epochs: 2 });

  it("begins with its weights, and keeps its normalization and labels", async () => {
    const { model } = await first;
    // A rate so small that no weight of float32 moves by more than a few units in its last place.
    const still = { learningRate: 1e-12, epochs: 1, emaDecay: 0, augment: 0 };
    const { model: same } = await train({ ...still }, { from: model! });
    for (const [name, { data }] of model!.weights)
      if (!/norm\.(mean|variance|var)$/.test(name)) expect(same!.weights.get(name)!.data, name).toEqual(data);
    expect(same!.normalization).toEqual(model!.normalization);
    expect(same!.info.labels).toEqual(model!.info.labels);
    const { model: drawn } = await train(still);
    expect(drawn!.weights).not.toEqual(same!.weights);
  });

  it("draws other batches with another seed", async () => {
    // Nothing else is random: the weights are given, and neither dropout nor augmentation draws numbers.
    const still = { net: { ...TINY_CONFIG.net!, dropout: 0 }, augment: 0, epochs: 1 };
    const { model } = await train(still);
    const [one, two] = await Promise.all([1, 2].map((seed) => train({ ...still, seed }, { from: model! })));
    expect(two.model!.weights).not.toEqual(one.model!.weights);
  });

  it("remembers the clips of both trainings", async () => {
    const { model } = await first;
    // The test clips, and no training clip, of the first training.
    const others = await makeTinyStore(
      tinyClips().flatMap((clip) =>
        clip.split === "train" ? [] : [{ ...clip, split: clip.split === "test" ? "train" : clip.split }],
      ),
    );
    const { model: more } = await train({ epochs: 1, testFraction: 0 }, { from: model! }, others);
    const known = wasTrainedOn(more!.info);
    for (const { audioHash, split } of store.clips) expect(known(audioHash)).toBe(split !== "valid");
    expect(more!.info.validClips).toBe(model!.info.validClips); // the same clips
    const { validClips: _, ...older } = model!.info;
    const onward = { from: { ...model!, info: older } };
    const { model: unknown } = await train({ epochs: 1, testFraction: 0 }, onward, others);
    expect(unknown!.info.validClips).toBeUndefined();
    expect(wasTrainedOn(model!.info)(store.clips.find(({ split }) => split === "test")!.audioHash)).toBe(
      false,
    );
  });

  it("is resumed with the model that it started from, to the same bits, and with no other", async () => {
    const { model } = await first;
    const whole = await train({}, { from: model! });
    const { checkpoint } = await train({}, { from: model!, onEpoch: () => "stop" });
    const resume = decodeCheckpoint(encodeCheckpoint(checkpoint), "c.safetensors");
    expect((await train({}, { resume, from: model! })).model).toEqual(whole.model);
    const wrong = "from must be the model that the checkpoint's run started from, got ";
    expect(await rejectionOf(train({}, { resume }))).toBe(`${wrong}none`);
    expect(await rejectionOf(train({}, { resume, from: whole.model! }))).toBe(`${wrong}another`);
    const { checkpoint: drawn } = await train({}, { onEpoch: () => "stop" });
    expect(await rejectionOf(train({}, { resume: drawn, from: model! }))).toBe(
      `${wrong}a model; its weights were drawn`,
    );
  });

  it("does not choose the best epoch by clips that the model was trained on", async () => {
    const { model } = await first;
    const swapped = store.clips.map((clip) =>
      clip.split === "train" || clip.split === "valid"
        ? { ...clip, split: clip.split === "train" ? ("valid" as const) : ("train" as const) }
        : clip,
    );
    expect(await rejectionOf(train({ epochs: 1 }, { from: model! }, { ...store, clips: swapped }))).toMatch(
      /the model that training starts from was trained on 15 of the 15 validation clips, e\.g\. hiss\/0\.wav; /,
    );
  });

  it("needs all of the model's weights", async () => {
    const { model } = await first;
    const [name] = model!.weights.keys();
    const weights = new Map([...model!.weights].slice(1));
    expect(await rejectionOf(train({ epochs: 1 }, { from: { ...model!, weights } }))).toContain(
      `from.weights ${name} must be the model's, [`,
    );
  });

  it("keeps the model's task, although its data have one label a clip", async () => {
    const { model } = await train({ epochs: 1, task: "multi-label" });
    const { model: more } = await train({ epochs: 1 }, { from: model! });
    expect(more!.info.task).toBe("multi-label");
  });

  it("takes data of other labels, with a new last layer", async () => {
    const { model } = await first;
    const some = { ...store, clips: store.clips.filter(({ labels }) => labels[0] !== "hum") };
    const { model: more } = await train({ epochs: 1 }, { from: model! }, some);
    expect(more!.info.labels).toEqual(["hiss", "tone"]);
    expect(more!.weights.get("output.weight")!.shape[0]).toBe(2);
    expect(more!.info.start!.labels).toEqual(["hiss", "hum", "tone"]);
    expect(decodeModel(encodeModel(more!), "m.onnx")).toEqual(more);
  });

  it.each([
    [{ net: netConfig({ kind: "vgg", channels: [4, 8] }) }, /^net must be the model's, \{.*\}, got \{/],
    [{ segmentFrames: 20 }, /^segmentFrames must be the model's, 16, got 20$/],
    [
      { normalize: { kind: "none" } as const },
      /^normalize\.kind must be the model's, "standardize", got none$/,
    ],
    [
      { task: "multi-label" as const },
      /^task must equal single-label, the task of the model that training starts from, got multi-label; /,
    ],
  ])("names a setting that is not the model's: %j", async (config, message) => {
    const { model } = await first;
    expect(await rejectionOf(train(config, { from: model! }))).toMatch(message);
  });

  it("names the settings of another front end", async () => {
    const shipped = decodeModel(readFileSync(SHIPPED), "instruments.onnx");
    expect(await rejectionOf(train({}, { from: shipped }))).toMatch(
      /^data must have the front end of the model that training starts from, got .* \(.*`nMels` 16 there, 128 here.*\); extract the features again with the model's front end$/,
    );
  });

  it("trains the shipped model on", async () => {
    const shipped = decodeModel(readFileSync(SHIPPED), "instruments.onnx");
    const { frontEnd, labels } = shipped.info;
    const clips = labels.flatMap((label, k) =>
      ["train", ...(k === 0 ? ["valid"] : [])].map((split, i) => {
        const data = new Float32Array(70 * frontEnd.nMels).fill(k + i / 10);
        const features = { data, shape: [70, frontEnd.nMels] };
        return { name: `${label} ${i}`, labels: [label], split: split as "train" | "valid", features };
      }),
    );
    const config = { ...trainConfig(shipped.info.config), epochs: 1, testFraction: 0 };
    const run = await trainModel(featuresInMemory(frontEnd, clips), config, {
      engine: ENGINE,
      from: shipped,
    });
    expect(run.model!.info.labels).toEqual(labels);
    expect([...run.model!.weights.keys()].sort()).toEqual([...shipped.weights.keys()].sort());
    expect(run.model!.normalization).toEqual(shipped.normalization);
  });
});
