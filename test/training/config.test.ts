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

/** What a user may write, also where the types forbid it. */
const configOf = (changes: Readonly<Record<string, unknown>>) => trainConfig(changes as Partial<TrainConfig>);

/** As an error shows a value that is no record or list. */
const shown = (value: unknown) => (typeof value === "string" ? JSON.stringify(value) : String(value));

const SHARE = "a number of at least 0 and less than 1";
const POSITIVE = "a number greater than 0";
const NOT_NEGATIVE = "a number of at least 0";
const FACTOR = "a number greater than 0 and at most 1";
const BOOLEAN = "true or false";

/** Rules by example: values at the border that are taken, and values beyond it that are not. */
const EXAMPLES: Readonly<Record<string, { taken: unknown[]; refused: unknown[] }>> = {
  [SHARE]: { taken: [0, 0.999], refused: [-0.1, 1, Number.NaN, "0.5", undefined] },
  [POSITIVE]: { taken: [1e-12, 10], refused: [0, -1, Number.POSITIVE_INFINITY, undefined] },
  [NOT_NEGATIVE]: { taken: [0, 2], refused: [-1e-9, Number.NaN, undefined] },
  [FACTOR]: { taken: [1e-9, 1], refused: [0, 1.01, undefined] },
  [BOOLEAN]: { taken: [true, false], refused: [1, "true", undefined] },
  "a number greater than 0 and less than 1": { taken: [0.001, 0.999], refused: [0, 1, undefined] },
  "an integer of at least 1": { taken: [1, 7], refused: [0, 1.5, undefined] },
  "an integer of at least 0": { taken: [0, 7], refused: [-1, 0.5, undefined] },
};
/** A member that may be left out. */
const OPTIONAL = new Set(["warmUp"]);

const ADAM = { beta1: SHARE, beta2: SHARE, epsilon: POSITIVE, weightDecay: NOT_NEGATIVE };

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
    { momentum: SHARE, nesterov: BOOLEAN, weightDecay: NOT_NEGATIVE },
  ],
  ["optimizer", OPTIMIZERS.adagrad.optimizer, { epsilon: POSITIVE, weightDecay: NOT_NEGATIVE }],
  [
    "optimizer",
    OPTIMIZERS.rmsprop.optimizer,
    { decay: SHARE, epsilon: POSITIVE, momentum: SHARE, weightDecay: NOT_NEGATIVE },
  ],
  ["optimizer", OPTIMIZERS.adam.optimizer, ADAM],
  ["optimizer", OPTIMIZERS.adamw.optimizer, ADAM],
  ["schedule", constant, { warmUp: SHARE }],
  ["schedule", step, { everyEpochs: "an integer of at least 1", factor: FACTOR, warmUp: SHARE }],
  ["schedule", plateau, { factor: FACTOR, patience: "an integer of at least 0", warmUp: SHARE }],
  ["schedule", cosine, { warmUp: SHARE }],
  [
    "schedule",
    oneCycle,
    { peakAt: "a number greater than 0 and less than 1", startFactor: FACTOR, endFactor: FACTOR },
  ],
  ["normalize", { kind: "whiten", zca: false, keepVariance: 1 }, { zca: BOOLEAN, keepVariance: FACTOR }],
];

describe("trainConfig", () => {
  it("is the defaults where nothing is asked for", () => {
    expect(trainConfig()).toEqual(TRAIN_DEFAULTS);
    expect(trainConfig({ net: NETS["gct634-1d"] }).segmentFrames).toBe(512);
  });

  it("takes every optimizer and schedule there is", () => {
    for (const { optimizer, learningRate } of Object.values(OPTIMIZERS))
      expect(trainConfig({ optimizer, learningRate })).toMatchObject({ optimizer, learningRate });
    for (const schedule of [constant, step, plateau, cosine, oneCycle, { kind: "constant" }])
      expect(configOf({ schedule }).schedule).toEqual(schedule);
    for (const normalize of [{ kind: "none" }, { kind: "standardize", over: "global" }])
      expect(configOf({ normalize }).normalize).toEqual(normalize);
  });

  for (const [setting, settings, rules] of RULES)
    it(`keeps every member of the ${setting} ${settings.kind} to its rule`, () => {
      for (const [name, rule] of Object.entries(rules)) {
        const { taken, refused } = EXAMPLES[rule];
        for (const value of taken) {
          const changed = { ...settings, [name]: value };
          expect(configOf({ [setting]: changed })).toMatchObject({ [setting]: changed });
        }
        for (const value of refused.filter((each) => each !== undefined || !OPTIONAL.has(name)))
          expect(usageMessageOf(() => configOf({ [setting]: { ...settings, [name]: value } }))).toBe(
            `${setting}.${name} must be ${rule}, got ${shown(value)}`,
          );
      }
    });

  it("names the kinds there are, and the one that was meant", () => {
    expect(() => configOf({ optimizer: { ...OPTIMIZERS.adam.optimizer, kind: "adma" } })).toThrow(
      "optimizer.kind must be one of sgd, adagrad, rmsprop, adam, adamw, got adma; did you mean adam?",
    );
    expect(() => configOf({ schedule: { kind: "one-circle" } })).toThrow(
      "schedule.kind must be one of constant, step, plateau, cosine, one-cycle, got one-circle; did you mean one-cycle?",
    );
    expect(() => configOf({ normalize: { kind: "standardise" } })).toThrow("did you mean standardize?");
    expect(() => configOf({ normalize: { kind: "standardize", over: "clip" } })).toThrow(
      "normalize.over must be one of band, global, got clip",
    );
    for (const none of [undefined, null, "adam"])
      expect(() => configOf({ optimizer: none })).toThrow(
        "optimizer.kind must be one of sgd, adagrad, rmsprop, adam, adamw, got undefined",
      );
  });

  it("keeps the other settings to their rules", () => {
    const bad: Record<string, [value: unknown, rule: string]> = {
      segmentFrames: [1, "an integer of at least 2"],
      batchSize: [1, "an integer of at least 2"],
      epochs: [0, "an integer of at least 1"],
      learningRate: [0, POSITIVE],
      clipNorm: [-1, NOT_NEGATIVE],
      patience: [-1, "an integer of at least 0"],
      labelSmoothing: [1, SHARE],
      emaDecay: [1, SHARE],
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
    expect(() => trainConfig({ net: NETS.vgg, segmentFrames: 31 })).toThrow(
      "segmentFrames must be at least 32 for this vgg, got 31; use longer segments, or fewer blocks",
    );
  });
});

describe("settings of unknown names", () => {
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
  ])("%j is refused, not left out of the run in silence", (changes, message) => {
    expect(() => configOf(changes)).toThrow(message);
  });
});
