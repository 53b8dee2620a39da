import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { command as evaluate } from "../../src/commands/evaluate.js";
import { command as extract } from "../../src/commands/extract.js";
import { addFrontEndOptions, frontEndOf } from "../../src/commands/front-end-options.js";
import { command as inspect } from "../../src/commands/inspect.js";
import { maxDurationOption } from "../../src/commands/options.js";
import { command as predict } from "../../src/commands/predict.js";
import { command as summary } from "../../src/commands/summary.js";
import { command as train } from "../../src/commands/train.js";
import { addTrainOptions, resumedConfigOf, trainConfigOf } from "../../src/commands/train-settings.js";
import { DataError, UsageError } from "../../src/core/errors.js";
import { frontEnd } from "../../src/features/front-end.js";
import { NET_KINDS, NETS } from "../../src/nn/architectures.js";
import { OPTIMIZERS } from "../../src/nn/optimizers.js";
import { SEGMENT_FRAMES, TRAIN_DEFAULTS, type TrainConfig } from "../../src/training/config.js";
import { makeFolder, write } from "./cli.js";

const COMMANDS = { extract, train, evaluate, predict, inspect, summary };

describe("every flag", () => {
  const flags = Object.entries(COMMANDS).flatMap(([verb, { options }]) =>
    options.map((option) => [`${verb} ${option.long}`, option] as const),
  );
  it.each(flags)("%s has a description and, unless it is required, a default", (_, option) => {
    expect(option.description).not.toBe("");
    const hasDefault = option.defaultValue !== undefined || option.description.includes("(default: ");
    expect(option.mandatory || hasDefault || option.helpGroupHeading?.includes("(default: ")).toBe(true);
  });
  it.each(Object.entries(COMMANDS))("%s: help explains, lists options, gives examples", (verb, command) => {
    let text = "";
    command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
    expect(text).toMatch(new RegExp(`Usage: ${verb} [^]*Options:[^]*Examples:\n {2}timbrel ${verb} `));
  });
});

describe("--max-duration", () => {
  const option = maxDurationOption();
  it("is 12 hours by default, and takes hours, minutes and seconds", () => {
    expect(option.defaultValue).toBe(43_200);
    const parse = (text: string) => option.parseArg!(text, undefined);
    expect(["12h", "90m", "30s", "3600", "0.5 h"].map(parse)).toEqual([43_200, 5400, 30, 3600, 1800]);
  });
  it.each(["", "0", "-1", "12 hours", "1.2.3", "h", "1d"])("rejects %j", (text) => {
    expect(() => option.parseArg!(text, undefined)).toThrow(
      `--max-duration must be a time such as 12h, 90m or 30s, got ${JSON.stringify(text)}`,
    );
  });
});

describe("front-end flags", () => {
  const parse = (flags: readonly string[]) => {
    const command = addFrontEndOptions(new Command().exitOverride());
    return frontEndOf(command.parse(flags, { from: "user" }).opts());
  };
  it.each<[string, Parameters<typeof frontEnd>[0]]>([
    ["", {}],
    [
      "--preset musicnn --n-mels 64 --power 1 --compression log1p --scale 3",
      { preset: "musicnn", nMels: 64, power: 1, compression: { kind: "log1p", scale: 3 } },
    ],
    [
      "--n-fft 2048 --win-length 1200 --hop-length 300 --f-min 30 --f-max 8000 --mel-scale htk --mel-norm none",
      { nFft: 2048, winLength: 1200, hopLength: 300, fMin: 30, fMax: 8000, melScale: "htk", melNorm: "none" },
    ],
    [
      "--preset gct634-2020 --sample-rate 44100 --ref 2 --amin 1e-8 --top-db none",
      {
        preset: "gct634-2020",
        sampleRate: 44100,
        compression: { kind: "powerToDb", ref: 2, amin: 1e-8, topDb: null },
      },
    ],
    ["--compression powerToDb", { compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 80 } }],
  ])("`%s` makes the front end with these settings", (text, settings) => {
    expect(parse(text.split(" ").filter((flag) => flag !== ""))).toEqual(frontEnd(settings));
  });
  it("uses the preset's value for what is not given", () => {
    expect(parse(["--preset", "musicnn", "--sample-rate", "12000"])).toEqual(
      frontEnd({ preset: "musicnn", sampleRate: 12000 }),
    );
  });
});

describe("train flags", () => {
  const dir = makeFolder();
  const file = (name: string, text: string) => {
    write(dir, name, text);
    return join(dir, name);
  };
  const parse = (line: string) =>
    addTrainOptions(new Command().exitOverride()).parse(line.split(" ").filter(Boolean), { from: "user" });
  const config = (line: string) => trainConfigOf(parse(line));

  it("give the defaults if none is typed", () => {
    expect(config("")).toEqual(TRAIN_DEFAULTS);
  });
  it("each change the setting they name", () => {
    const typed = config(
      "--channels 8,16 --global-pool all --dropout 0.1 --activation elu --init orthogonal --bn-momentum 0.2 --bn-epsilon 0.001 --no-bn-warm-up --epochs 3 --batch-size 4 --optimizer nesterov --momentum 0.8 --weight-decay 0 --clip-norm 2 --schedule plateau --warm-up 0.1 --drop-epochs 2 --drop-factor 0.3 --patience 2 --label-smoothing 0 --ema-decay 0 --augment 0.75 --augmentation colourDb=9,noiseMaxDb=-60 --normalize whiten --zca --keep-variance 0.9 --level segment --no-balance --watch --task multi-label --seed 7 --valid-fraction 0.1 --test-fraction 0.2 --segment-frames 32",
    );
    const expected: TrainConfig = {
      net: {
        kind: "vgg",
        channels: [8, 16],
        pools: [
          [2, 2],
          [2, 2],
        ],
        globalPool: "all",
        dropout: 0.1,
        activation: "elu",
        init: "orthogonal",
        batchNorm: { epsilon: 0.001, momentum: 0.2, warmUp: false },
      },
      epochs: 3,
      batchSize: 4,
      optimizer: { kind: "sgd", momentum: 0.8, nesterov: true, weightDecay: 0 },
      learningRate: 0.05,
      clipNorm: 2,
      schedule: { kind: "plateau", factor: 0.3, patience: 2, warmUp: 0.1 },
      patience: 2,
      labelSmoothing: 0,
      emaDecay: 0,
      augment: 0.75,
      augmentation: { colourDb: 9, noiseMaxDb: -60 },
      normalize: { kind: "whiten", zca: true, keepVariance: 0.9, level: "segment" },
      balance: false,
      watch: true,
      task: "multi-label",
      seed: 7,
      validFraction: 0.1,
      testFraction: 0.2,
      segmentFrames: 32,
    };
    expect(typed).toEqual(expected);
    for (const [name, value] of Object.entries(expected))
      expect([name, value]).not.toEqual([name, TRAIN_DEFAULTS[name as keyof TrainConfig]]);
  });
  it.each([
    ["colourDb", '--augmentation must be a list such as colourDb=9,mixup=0.3, got "colourDb"'],
    ["colourDb=9=8", '--augmentation must be a list such as colourDb=9,mixup=0.3, got "colourDb=9=8"'],
    ["colourDb=9,", '--augmentation must be a list such as colourDb=9,mixup=0.3, got "colourDb=9,"'],
    ["colourDb=loud", '--augmentation colourDb must be a number from 0 to 100, got "loud"'],
    ["colourDb=", '--augmentation colourDb must be a number from 0 to 100, got ""'],
    ["colorDb=9", "got colorDb; did you mean `colourDb`?"],
    ["colourDb=1,colourDb=2", "--augmentation must name each setting once, got colourDb twice"],
  ])("--augmentation %s is an error", (list, message) => {
    expect(() => config(`--augmentation ${list}`)).toThrow(message);
  });
  it("apply in any order", () => {
    expect(
      config("--learning-rate 0.01 --dropout 0 --weight-decay 0.1 --optimizer sgd --channels 8 --net mlp"),
    ).toMatchObject({
      learningRate: 0.01,
      net: { kind: "mlp", dropout: 0, units: [8] },
      optimizer: { weightDecay: 0.1 },
    });
  });
  it.each(NET_KINDS)("--net %s brings its own settings and segments", (kind) => {
    expect(config(`--net ${kind}`)).toEqual({
      ...TRAIN_DEFAULTS,
      net: NETS[kind],
      segmentFrames: SEGMENT_FRAMES[kind],
    });
    expect(config(`--net ${kind} --segment-frames 700`).segmentFrames).toBe(700);
  });
  it("--net reads a file, and other flags refine it", () => {
    const path = file("pools.json", '{"kind": "vgg", "channels": [8, 16], "pools": [[4, 2], [2, 4]]}');
    expect(config(`--net ${path}`)).toMatchObject({ net: { channels: [8, 16], dropout: 0.2 } });
    expect(config(`--net ${path} --channels 4,5,6`).net).toMatchObject({
      channels: [4, 5, 6],
      pools: [
        [4, 2],
        [2, 4],
        [2, 2],
      ],
    });
    const mlp = file("mlp.json", '{"kind": "mlp", "units": [9], "activation": "tanh", "batchNorm": null}');
    expect(config(`--net ${mlp}`)).toEqual({
      ...TRAIN_DEFAULTS,
      net: {
        kind: "mlp",
        units: [9],
        dropout: 0.2,
        activation: "tanh",
        init: "glorot-uniform",
        batchNorm: null,
      },
    });
  });
  it.each([
    ["missing.json", null, "does not exist"],
    ["text.json", "vgg", "is not JSON ("],
    ["list.json", "[8]", 'must hold a net\'s settings such as {"kind": "vgg"}, but holds [8]'],
    ["kind.json", "{}", "kind must be one of vgg, gct634-1d, short-chunk, ds-cnn, mlp, got undefined"],
    ["member.json", '{"kind": "vgg", "chanels": [8]}', "got chanels; did you mean channels?"],
    ["other.json", '{"kind": "mlp", "channels": [8]}', "net must have no settings but activation, "],
    [
      "channels.json",
      '{"kind": "vgg", "channels": "8"}',
      "channels must be a list of integers from 1 to 4096",
    ],
    ["activation.json", '{"kind": "vgg", "activation": 3}', "activation must be one of relu, "],
    ["dropout.json", '{"kind": "vgg", "dropout": "0"}', "dropout must be a number of at least 0"],
  ])("--net %s: the error names the file and what is wrong", (name, text, message) => {
    const path = text === null ? join(dir, name) : file(name, text);
    expect(() => config(`--net ${path}`)).toThrow(DataError);
    expect(() => config(`--net ${path}`)).toThrow(`${path}: `);
    expect(() => config(`--net ${path}`)).toThrow(message);
  });
  it("initial weights follow the activation, unless they are set", () => {
    expect(config("--activation tanh").net.init).toBe("glorot-uniform");
    expect(config("--activation tanh --init he-normal").net.init).toBe("he-normal");
    expect(config("--activation sigmoid --init auto").net.init).toBe("glorot-uniform");
    expect(config("--activation elu").net.init).toBe("he-normal");
    const path = file("small.json", '{"kind": "mlp", "init": "small"}');
    expect(config(`--net ${path} --activation tanh`).net.init).toBe("small");
    expect(config(`--net ${path} --activation tanh --init auto`).net.init).toBe("glorot-uniform");
  });
  it.each(Object.entries(OPTIMIZERS))("--optimizer %s brings its own settings and rate", (name, preset) => {
    expect(config(`--optimizer ${name}`)).toEqual({ ...TRAIN_DEFAULTS, ...preset });
  });
  it.each([
    ["--schedule constant --warm-up 0.2", { kind: "constant", warmUp: 0.2 }],
    ["--schedule step --drop-epochs 5", { kind: "step", everyEpochs: 5, factor: 0.1, warmUp: 0 }],
    ["--schedule plateau", { kind: "plateau", factor: 0.5, patience: 3, warmUp: 0 }],
    ["--warm-up 0", { kind: "cosine", warmUp: 0 }],
    ["--schedule one-cycle", { kind: "one-cycle", peakAt: 0.3, startFactor: 0.04, endFactor: 4e-6 }],
  ])("%s makes the schedule", (line, schedule) => {
    expect(config(line).schedule).toEqual(schedule);
  });
  it.each([
    [
      "--standardize global --normalize whiten",
      "--standardize must be used with --normalize standardize, got --normalize whiten",
    ],
    ["--zca", "--zca must be used with --normalize whiten, got --normalize standardize"],
    [
      "--keep-variance 0.9 --normalize none",
      "--keep-variance must be used with --normalize whiten, got --normalize none",
    ],
    ["--global-pool all --net mlp", "--global-pool must be used with --net vgg or ds-cnn, got --net mlp"],
    ["--channels 8 --net gct634-1d", "--channels must have 3 numbers for this gct634-1d, got 1"],
    [
      "--bn-momentum 0.5 --no-batch-norm",
      "--bn-momentum must be used with batch norm, got a net without it; leave out --bn-momentum or",
    ],
    [
      "--no-batch-norm --bn-epsilon 0.1",
      "--bn-epsilon must be used with batch norm, got a net without it; leave out --bn-epsilon or",
    ],
    [
      "--momentum 0.5 --optimizer adam",
      "--momentum must be used with --optimizer sgd, momentum, nesterov or rmsprop, got --optimizer adam",
    ],
    [
      "--warm-up 0.1 --schedule one-cycle",
      "--warm-up must be used with a schedule other than one-cycle, which has its own warm-up, got --schedule one-cycle",
    ],
    [
      "--drop-factor 0.1",
      "--drop-factor must be used with --schedule step or plateau, got --schedule cosine",
    ],
    [
      "--drop-epochs 2 --schedule constant",
      "--drop-epochs must be used with --schedule step or plateau, got --schedule constant",
    ],
    ["--segment-frames 16", "segmentFrames must be at least 32 for this vgg, got 16"],
    [
      "--net vg",
      "--net must be one of vgg, gct634-1d, short-chunk, ds-cnn, mlp or a .json file, got vg; did you mean vgg?",
    ],
  ])("%s is rejected, naming both", (line, message) => {
    expect(() => config(line)).toThrow(UsageError);
    expect(() => config(line)).toThrow(message);
  });
  const resume = (flags: string, saved: TrainConfig, nEpochs = 0) => {
    const epoch = { learningRate: 1, trainLoss: 1, score: 1, valid: { loss: 1 } };
    const history = Array.from({ length: nEpochs }, (_, i) => ({ epoch: i + 1, ...epoch }));
    const state = { history, tensors: new Map(), best: { epoch: 0, weights: new Map() } };
    const checkpoint = { state, config: { ...saved }, splitHash: "", frontEndHash: "" };
    return resumedConfigOf(parse(flags), checkpoint, "run");
  };
  it("may repeat a run's settings, but not change them, except how long it trains", () => {
    const run = config("--optimizer sgd --learning-rate 0.01 --epochs 9");
    expect(resume("--optimizer sgd --epochs 9", run)).toEqual(run);
    expect(resume("--epochs 12 --patience 3", run, 9)).toEqual({ ...run, epochs: 12, patience: 3 });
    expect(() => resume("--optimizer adam --epochs 12", run)).toThrow(
      "--optimizer must match the run in run, got adam; leave it out to resume, or start over with --overwrite",
    );
    expect(() => resume("--epochs 4", run, 5)).toThrow(
      "epochs must be at least 5, the number of epochs that the resumed run has done, got 4",
    );
  });
  it("may repeat the level, but not change it", () => {
    const [run, leveled] = [config(""), config("--level segment")];
    expect(resume("--level none", run)).toEqual(run);
    expect(resume("--level segment", leveled)).toEqual(leveled);
    expect(() => resume("--level none", leveled)).toThrow("--level must match");
    expect(() => resume("--level segment", run)).toThrow("--level must match");
  });
  it("may repeat the name of an optimizer whose settings other flags refined", () => {
    const run = config("--optimizer nesterov --momentum 0.5 --learning-rate 0.01");
    expect(resume("--optimizer nesterov", run)).toEqual(run);
    expect(() => resume("--optimizer momentum", run)).toThrow("got momentum");
  });
  it.each([
    `--net ${file("repeated.json", '{"kind": "mlp", "units": [9]}')} --channels 5 --segment-frames 20`,
    "--net short-chunk --activation tanh --init small --no-batch-norm --optimizer momentum --momentum 0.5",
    "--normalize whiten --zca --keep-variance 0.5 --level segment --schedule step --drop-epochs 3 --warm-up 0",
  ])("a whole command line may be repeated: %s", (line) => {
    const run = config(line);
    expect(resume(line, run)).toEqual(run);
    expect(() => resume(line, TRAIN_DEFAULTS)).toThrow(/^--(net|normalize) must match/);
  });
});
