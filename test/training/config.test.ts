import { describe, expect, it } from "vitest";
import { NETS } from "../../src/nn/architectures.js";
import { OPTIMIZERS, type OptimizerConfig } from "../../src/nn/optimizers.js";
import type { ScheduleConfig } from "../../src/nn/schedules.js";
import {
  type NormalizeConfig,
  TRAIN_DEFAULTS,
  type TrainConfig,
  trainConfig,
} from "../../src/training/config.js";
import { usageMessageOf } from "../store/message-of.js";

type Settings = OptimizerConfig | ScheduleConfig | NormalizeConfig;

/** Settings that a user may write, even if the types forbid them. */
const configOf = (changes: Readonly<Record<string, unknown>>) => trainConfig(changes as Partial<TrainConfig>);

/** A value that is neither a record nor a list, as an error shows it. */
const shown = (value: unknown) => (typeof value === "string" ? JSON.stringify(value) : String(value));

const FRACTION = "a number of at least 0 and less than 1";
const POSITIVE = "a number greater than 0";
const NOT_NEGATIVE = "a number of at least 0";
const FACTOR = "a number greater than 0 and at most 1";
const BOOLEAN = "true or false";

/** Examples for each rule: values at the border that are accepted, and values beyond it that are rejected. */
const EXAMPLES: Readonly<Record<string, { accepted: unknown[]; rejected: unknown[] }>> = {
  [FRACTION]: { accepted: [0, 0.999], rejected: [-0.1, 1, Number.NaN, "0.5", undefined] },
  [POSITIVE]: { accepted: [1e-12, 10], rejected: [0, -1, Number.POSITIVE_INFINITY, undefined] },
  [NOT_NEGATIVE]: { accepted: [0, 2], rejected: [-1e-9, Number.NaN, undefined] },
  [FACTOR]: { accepted: [1e-9, 1], rejected: [0, 1.01, undefined] },
  [BOOLEAN]: { accepted: [true, false], rejected: [1, "true", undefined] },
  "a number greater than 0 and less than 1": { accepted: [0.001, 0.999], rejected: [0, 1, undefined] },
  "an integer of at least 1": { accepted: [1, 7], rejected: [0, 1.5, undefined] },
  "an integer of at least 0": { accepted: [0, 7], rejected: [-1, 0.5, undefined] },
};
/** Members that may be left out. */
const OPTIONAL = new Set(["warmUp"]);

const ADAM = { beta1: FRACTION, beta2: FRACTION, epsilon: POSITIVE, weightDecay: NOT_NEGATIVE };

const constant: ScheduleConfig = { kind: "constant", warmUp: 0 };
const step: ScheduleConfig = { kind: "step", everyEpochs: 10, factor: 0.1, warmUp: 0 };
const plateau: ScheduleConfig = { kind: "plateau", factor: 0.5, patience: 3, warmUp: 0 };
const cosine: ScheduleConfig = { kind: "cosine", warmUp: 0 };
const oneCycle: ScheduleConfig = { kind: "one-cycle", peakAt: 0.3, startFactor: 0.04, endFactor: 1e-6 };

/** Every member of every kind of a setting, with its rule. */
const RULES: readonly (readonly [string, Settings, Readonly<Record<string, string>>])[] = [
  [
    "optimizer",
    OPTIMIZERS.momentum.optimizer,
    { momentum: FRACTION, nesterov: BOOLEAN, weightDecay: NOT_NEGATIVE },
  ],
  ["optimizer", OPTIMIZERS.adagrad.optimizer, { epsilon: POSITIVE, weightDecay: NOT_NEGATIVE }],
  [
    "optimizer",
    OPTIMIZERS.rmsprop.optimizer,
    { decay: FRACTION, epsilon: POSITIVE, momentum: FRACTION, weightDecay: NOT_NEGATIVE },
  ],
  ["optimizer", OPTIMIZERS.adam.optimizer, ADAM],
  ["optimizer", OPTIMIZERS.adamw.optimizer, ADAM],
  ["schedule", constant, { warmUp: FRACTION }],
  ["schedule", step, { everyEpochs: "an integer of at least 1", factor: FACTOR, warmUp: FRACTION }],
  ["schedule", plateau, { factor: FACTOR, patience: "an integer of at least 0", warmUp: FRACTION }],
  ["schedule", cosine, { warmUp: FRACTION }],
  [
    "schedule",
    oneCycle,
    { peakAt: "a number greater than 0 and less than 1", startFactor: FACTOR, endFactor: FACTOR },
  ],
  ["normalize", { kind: "whiten", zca: false, keepVariance: 1 }, { zca: BOOLEAN, keepVariance: FACTOR }],
];

describe("trainConfig", () => {
  it("gives the defaults for what is not set", () => {
    expect(trainConfig()).toEqual(TRAIN_DEFAULTS);
    expect(trainConfig({ net: NETS["gct634-1d"] }).segmentFrames).toBe(512);
  });

  it("accepts every optimizer, schedule and normalization", () => {
    for (const { optimizer, learningRate } of Object.values(OPTIMIZERS))
      expect(trainConfig({ optimizer, learningRate })).toMatchObject({ optimizer, learningRate });
    for (const schedule of [constant, step, plateau, cosine, oneCycle, { kind: "constant" }])
      expect(configOf({ schedule }).schedule).toEqual(schedule);
    for (const normalize of [
      { kind: "none" },
      { kind: "none", level: "segment" },
      { kind: "standardize", over: "global" },
      { kind: "standardize", over: "global", level: "segment" },
    ])
      expect(configOf({ normalize }).normalize).toEqual(normalize);
  });

  for (const [setting, settings, rules] of RULES)
    it(`checks every member of the ${setting} ${settings.kind} by its rule`, () => {
      for (const [name, rule] of Object.entries(rules)) {
        const { accepted, rejected } = EXAMPLES[rule];
        for (const value of accepted) {
          const changed = { ...settings, [name]: value };
          expect(configOf({ [setting]: changed })).toMatchObject({ [setting]: changed });
        }
        for (const value of rejected.filter((each) => each !== undefined || !OPTIONAL.has(name)))
          expect(usageMessageOf(() => configOf({ [setting]: { ...settings, [name]: value } }))).toBe(
            `${setting}.${name} must be ${rule}, got ${shown(value)}`,
          );
      }
    });

  it("names all kinds, and the one that was meant", () => {
    expect(() => configOf({ optimizer: { ...OPTIMIZERS.adam.optimizer, kind: "adma" } })).toThrow(
      "optimizer.kind must be one of sgd, adagrad, rmsprop, adam, adamw, got adma; did you mean adam?",
    );
    expect(() => configOf({ schedule: { kind: "one-circle" } })).toThrow(
      "schedule.kind must be one of constant, step, plateau, cosine, one-cycle, got one-circle; did you mean one-cycle?",
    );
    expect(() => configOf({ normalize: { kind: "standardise" } })).toThrow("did you mean standardize?");
    expect(() => configOf({ normalize: { kind: "none", level: "clip" } })).toThrow(
      "normalize.level must be segment, got clip",
    );
    expect(() => configOf({ normalize: { kind: "standardize", over: "clip" } })).toThrow(
      "normalize.over must be one of band, global, got clip",
    );
    for (const none of [undefined, null, "adam"])
      expect(() => configOf({ optimizer: none })).toThrow(
        "optimizer.kind must be one of sgd, adagrad, rmsprop, adam, adamw, got undefined",
      );
  });

  it("checks the other settings by their rules", () => {
    const bad: Record<string, [value: unknown, rule: string]> = {
      segmentFrames: [1, "an integer from 2 to 65536"],
      batchSize: [1, "an integer of at least 2"],
      epochs: [0, "an integer of at least 1"],
      learningRate: [0, POSITIVE],
      clipNorm: [-1, NOT_NEGATIVE],
      patience: [-1, "an integer of at least 0"],
      labelSmoothing: [1, FRACTION],
      emaDecay: [1, FRACTION],
      augment: [3.1, "a number from 0 to 3"],
      balance: ["yes", BOOLEAN],
      watch: [0, BOOLEAN],
      seed: [0.5, "an integer of at least 0"],
    };
    for (const [name, [value, rule]] of Object.entries(bad))
      expect(usageMessageOf(() => configOf({ [name]: value }))).toBe(
        `${name} must be ${rule}, got ${shown(value)}`,
      );
    expect(() => configOf({ task: "single" })).toThrow("task must be one of auto, single-label,");
    expect(trainConfig({ net: NETS.vgg, segmentFrames: 32 }).segmentFrames).toBe(32);
    expect(() => trainConfig({ net: NETS.vgg, segmentFrames: 31 })).toThrow(
      "segmentFrames must be at least 32 for this vgg, got 31; use longer segments, or fewer blocks",
    );
  });
});

describe("augmentation", () => {
  const accepted = {
    levelDb: 12,
    colourDb: 9,
    colourOrders: 8,
    filter: 0.3,
    envelopeDb: 4,
    reverbSec: 1,
    noiseMinDb: -90,
    noiseMaxDb: -60,
    bandShift: 3.2,
    bandStretch: 0.08,
    frameStretch: 0.25,
    frameShift: 8,
    timeMaskFrames: 12,
    timeMaskCount: 2,
    bandMaskBands: 16,
    bandMaskCount: 2,
    mixup: 0.5,
    mixStyle: 0.3,
  };

  it("takes every setting, alone and with the others", () => {
    expect(trainConfig({ augmentation: accepted }).augmentation).toEqual(accepted);
    for (const [name, value] of Object.entries(accepted))
      expect(configOf({ augmentation: { [name]: value } }).augmentation).toEqual({ [name]: value });
  });

  it("checks each of them", () => {
    for (const name of Object.keys(accepted))
      for (const value of [undefined, "1", Number.NaN, name.startsWith("noise") ? 1 : -1])
        expect(usageMessageOf(() => configOf({ augmentation: { [name]: value } }))).toMatch(
          new RegExp(`^augmentation\\.${name} must be (a number|an integer) from `),
        );
    expect(() => configOf({ augmentation: { mixup: 0.6 } })).toThrow(
      "augmentation.mixup must be a number from 0 to 0.5, got 0.6",
    );
    expect(() => configOf({ augmentation: { colourOrders: 0 } })).toThrow(
      "augmentation.colourOrders must be an integer from 1 to 64, got 0",
    );
    expect(() => configOf({ augmentation: { colorDb: 9 } })).toThrow(
      /got colorDb; did you mean `colourDb`\?$/,
    );
    expect(() => configOf({ augmentation: null })).toThrow("augmentation must be an object of settings");
  });
});

describe("settings with unknown names", () => {
  it.each([
    [
      { learningrate: 0.1 },
      /^config must have no settings but .*task, .*, got learningrate; did you mean `learningRate`\?$/,
    ],
    [
      { optimizer: { ...OPTIMIZERS.adam.optimizer, momentum: 0.9 } },
      /^optimizer must have no settings but kind, beta1, beta2, epsilon, weightDecay, got momentum$/,
    ],
    [
      { schedule: { kind: "cosine", warmup: 0.1 } },
      /^schedule must have no settings but kind, warmUp, got warmup; did you mean `warmUp`\?$/,
    ],
  ])("%j is rejected, not ignored silently", (changes, message) => {
    expect(() => configOf(changes)).toThrow(message);
  });
});
