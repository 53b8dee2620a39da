import { join } from "node:path";
import * as timbrel from "timbrel";
import { afterAll, describe, expect, it } from "vitest";
import { ENGINE } from "./engine.js";
import { makeFolder } from "./store/files.js";
import { rejectionOf } from "./store/message-of.js";
import { tinyModel } from "./tagging/tiny-model.js";
import { makeTinyStore, TINY_FRONT_END } from "./training/tiny-store.js";

const store = await makeTinyStore();
const model = timbrel.decodeModel(tinyModel(), "m.onnx");
const tagger = await timbrel.Tagger.of(model, ENGINE);
afterAll(() => tagger.close());
const audio = { samples: Float32Array.of(0.5), sampleRate: 8000 };
const sets = timbrel.featureSets(store, timbrel.splitClips(store.clips));
const rows = { shape: [1, TINY_FRONT_END.nMels], data: new Float32Array(TINY_FRONT_END.nMels) };

/** Every function with options: calls it with the required options and others. */
const CALLS: Readonly<Record<string, (options: object) => unknown>> = {
  "tagger.tagAudio": (options) => tagger.tagAudio(timbrel.encodeWav(audio), "a.wav", options),
  "tagger.tagWaveform": (options) => tagger.tagWaveform(audio, options),
  nodeEngine: (options) => timbrel.nodeEngine(options),
  loadTagger: (options) => timbrel.loadTagger(undefined, { engine: ENGINE, ...options }),
  extractFeatures: (options) =>
    timbrel.extractFeatures(makeFolder(), join(makeFolder(), "s"), { frontEnd: TINY_FRONT_END, ...options }),
  trainTagger: (options) => timbrel.trainTagger(store, join(makeFolder(), "run"), options),
  trainModel: (options) => timbrel.trainModel(store, {}, { engine: ENGINE, ...options }),
  trainLinearBaseline: (options) =>
    timbrel.trainLinearBaseline(sets, { task: "single-label", seed: 1, engine: ENGINE, ...options }),
  evaluateModel: (options) => timbrel.evaluateModel(model, store, { engine: ENGINE, ...options }),
  featuresInMemory: (options) => timbrel.featuresInMemory(TINY_FRONT_END, [], options),
  splitClips: (options) => timbrel.splitClips(store.clips, options),
  logMelPng: (options) => timbrel.logMelPng(rows, { frontEnd: TINY_FRONT_END, ...options }),
};
const messageOf = (name: string, options: object) => rejectionOf((async () => CALLS[name](options))());

it.each(Object.keys(CALLS))("%s knows every option that it is given", async (name) => {
  expect(await messageOf(name, { colour: "red" })).toMatch(
    /^options must have no settings but \w.*, got colour$/,
  );
});

it.each([
  ["extractFeatures", { workers: 0 }, /, got workers; did you mean `nWorkers`\?$/],
  ["evaluateModel", { onProgres: () => {} }, /, got onProgres; did you mean `onProgress`\?$/],
  [
    "trainTagger",
    { epochs: 3 },
    "options must leave the settings of a run to `config`, got epochs; move `epochs` into `config`",
  ],
  [
    "trainModel",
    { learningRate: 1 },
    "options must leave the settings of a run to `config`, got learningRate; move `learningRate` into `config`",
  ],
])("%s tells what an unknown option was meant to be", async (name, options, message) => {
  expect(await messageOf(name, options)).toMatch(message);
});

describe.each(["tagger.tagAudio", "tagger.tagWaveform", "extractFeatures"])("%s", (name) => {
  it.each([
    [Number.NaN, "NaN"],
    [-1, "-1"],
    [0, "0"],
    [{}, "{}"],
    [null, "null"],
    ["5", '"5"'],
  ])("rejects the duration %s", async (maxDurationSec, got) => {
    expect(await messageOf(name, { maxDurationSec })).toBe(
      `maxDurationSec must be a number greater than 0, got ${got}`,
    );
  });
});

it.each([
  ["trainTagger", { resume: "yes" }, 'resume must be true or false, got "yes"'],
  ["trainTagger", { overwrite: 1 }, "overwrite must be true or false, got 1"],
  [
    "trainTagger",
    { resume: true, overwrite: true },
    "overwrite must be used without `resume`, got both; leave out one of them",
  ],
  [
    "trainTagger",
    { engine: {} },
    "engine must be an engine, whose open is a function, got an object without members",
  ],
  ["trainTagger", { config: null }, "config must be an object of settings, got null"],
  ["trainModel", { resume: "" }, 'resume must be a checkpoint, got ""'],
  ["trainModel", { from: null }, "model must be a trained model, got null"],
  [
    "evaluateModel",
    { linear: "" },
    'linear must be the bytes of a file, a Uint8Array or an ArrayBuffer, got ""',
  ],
  ["extractFeatures", { dropCopies: "no" }, 'dropCopies must be true or false, got "no"'],
  ["extractFeatures", { nWorkers: 0 }, "nWorkers must be an integer from 1 to 1024, got 0"],
  ["logMelPng", { title: 5 }, "title must be a string, got 5"],
  ["featuresInMemory", { name: 5 }, "name must be a string, got 5"],
  ["trainLinearBaseline", { seed: 0.5 }, "seed must be an integer of at least 0, got 0.5"],
])("%s checks the value of an option (%#)", async (name, options, message) => {
  expect(await messageOf(name, options)).toBe(message);
});

it.each([
  ["tagger.tagAudio", ["onProgress"]],
  ["extractFeatures", ["onProgress", "onProblem"]],
  ["trainTagger", ["onStart", "onStep", "onEpoch"]],
  ["trainModel", ["onStart", "onStep", "onEpoch"]],
  ["evaluateModel", ["onProgress"]],
] as const)("%s is called back through functions alone", async (name, callbacks) => {
  for (const callback of callbacks)
    expect(await messageOf(name, { [callback]: "log" })).toBe(`${callback} must be a function, got "log"`);
});

it.each(["tagger.tagAudio", "extractFeatures", "trainTagger", "trainModel", "trainLinearBaseline"])(
  "%s is stopped by an AbortSignal alone",
  async (name) => {
    expect(await messageOf(name, { signal: new AbortController() })).toBe(
      "signal must be an AbortSignal, got an AbortController",
    );
  },
);

it.each([[5], [null], ["top 1"], [[1]], [new Map([["maxDurationSec", 5]])]])(
  "%s is no object of settings",
  async (options) => {
    expect(await rejectionOf(tagger.tagWaveform(audio, options as never))).toMatch(
      /^options must be an object of settings, got /,
    );
  },
);

it("has no longest duration where it is Infinity", async () => {
  expect(await messageOf("tagger.tagAudio", { maxDurationSec: Number.POSITIVE_INFINITY })).toBe("resolved");
});
