import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { command as evaluate } from "../../src/commands/evaluate.js";
import { command as extract } from "../../src/commands/extract.js";
import { addFrontEndOptions, frontEndFlags, frontEndOf } from "../../src/commands/front-end-options.js";
import { command as inspect } from "../../src/commands/inspect.js";
import { command as predict } from "../../src/commands/predict.js";
import { command as train } from "../../src/commands/train.js";
import { addTrainOptions, refuseChanges, trainConfigOf } from "../../src/commands/train-settings.js";
import { UsageError } from "../../src/core/errors.js";
import { FRONT_END_PRESETS, frontEnd } from "../../src/features/front-end.js";
import { TRAIN_DEFAULTS } from "../../src/training/config.js";

const COMMANDS = { extract, train, evaluate, predict, inspect };

describe("every flag", () => {
  const flags = Object.entries(COMMANDS).flatMap(([verb, { options }]) =>
    options.map((option) => [`${verb} ${option.long}`, option] as const),
  );
  it.each(flags)("%s is explained, and its default named or its absence clear", (_, option) => {
    expect(option.description).not.toBe("");
    const hasDefault = option.defaultValue !== undefined || option.description.includes("(default: ");
    expect(option.mandatory || hasDefault || option.helpGroupHeading?.includes("(default: ")).toBe(true);
  });
  it.each(Object.entries(COMMANDS))("%s: help says what, how and gives examples", (verb, command) => {
    let text = "";
    command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
    expect(text).toMatch(new RegExp(`Usage: ${verb} [^]*Options:[^]*Examples:\n {2}timbrel ${verb} `));
  });
});

describe("front-end flags", () => {
  const parse = (flags: readonly string[]) => {
    const command = addFrontEndOptions(new Command().exitOverride());
    return frontEndOf(command.parse(flags, { from: "user" }).opts());
  };
  const cases = [
    ...Object.values(FRONT_END_PRESETS),
    frontEnd({
      nFft: 2048,
      winLength: 1200,
      hopLength: 300,
      fMin: 30,
      fMax: 8000,
      melScale: "htk",
      melNorm: "none",
    }),
    frontEnd({ preset: "musicnn", nMels: 64, power: 1, compression: { kind: "log1p", scale: 3 } }),
    frontEnd({
      preset: "gct634-2020",
      sampleRate: 44100,
      compression: { kind: "powerToDb", ref: 2, amin: 1e-8, topDb: null },
    }),
    frontEnd({ preset: "musicnn", nFft: 1024 }),
    frontEnd({ compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 80 } }),
  ];
  it.each(cases.map((made) => [frontEndFlags(made).join(" "), made] as const))(
    "`%s` makes the front end they stand for",
    (text, made) => {
      expect(parse(text.split(" ").filter((flag) => flag !== ""))).toEqual(made);
    },
  );
  it("takes the preset's value for what is not said", () => {
    expect(parse(["--preset", "musicnn", "--sample-rate", "12000"])).toEqual(
      frontEnd({ preset: "musicnn", sampleRate: 12000 }),
    );
  });
});

describe("train flags", () => {
  const parse = (line: string) =>
    addTrainOptions(new Command().exitOverride()).parse(line.split(" ").filter(Boolean), { from: "user" });
  it("are the defaults where none is typed", () => {
    expect(trainConfigOf(parse(""))).toEqual(TRAIN_DEFAULTS);
  });
  it("change each the setting they name", () => {
    const config = trainConfigOf(
      parse(
        "--channels 8,16 --global-pool all --dropout 0.1 --epochs 3 --batch-size 4 --optimizer sgd --momentum 0.8 --weight-decay 0 --schedule plateau --patience 2 --label-smoothing 0 --average-decay 0 --augment 0.5 --standardize global --no-balance --task multi-label --seed 7 --valid-share 0.1 --test-share 0.2 --segment-frames 32",
      ),
    );
    expect(config).toEqual({
      ...TRAIN_DEFAULTS,
      net: {
        kind: "vgg",
        channels: [8, 16],
        pools: [
          [2, 2],
          [2, 2],
        ],
        globalPool: "all",
        dropout: 0.1,
      },
      epochs: 3,
      batchSize: 4,
      optimizer: { kind: "sgd", momentum: 0.8, nesterov: true, weightDecay: 0 },
      learningRate: 0.05,
      schedule: { kind: "plateau", factor: 0.5, patience: 3 },
      patience: 2,
      labelSmoothing: 0,
      averageDecay: 0,
      augment: 0.5,
      standardize: "global",
      balance: false,
      task: "multi-label",
      seed: 7,
      validShare: 0.1,
      testShare: 0.2,
      segmentFrames: 32,
    });
  });
  it("apply in any order", () => {
    const config = trainConfigOf(
      parse("--learning-rate 0.01 --dropout 0 --weight-decay 0.1 --optimizer sgd --channels 8"),
    );
    expect(config).toMatchObject({
      learningRate: 0.01,
      net: { dropout: 0, channels: [8] },
      optimizer: { weightDecay: 0.1 },
    });
  });
  it("may repeat a run's settings, but not change them", () => {
    const run = trainConfigOf(parse("--optimizer sgd --learning-rate 0.01 --epochs 9"));
    expect(() => refuseChanges(parse("--optimizer sgd --epochs 9"), run, "run")).not.toThrow();
    expect(() => refuseChanges(parse("--epochs 10"), run, "run")).toThrow(UsageError);
    expect(() => refuseChanges(parse("--optimizer adam"), run, "run")).toThrow(
      "--optimizer must be as in the run that run holds, got adam",
    );
  });
});
