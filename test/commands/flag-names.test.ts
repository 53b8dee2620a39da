import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { command as calibrate } from "../../src/commands/calibrate.js";
import { command as embed } from "../../src/commands/embed.js";
import { command as evaluate } from "../../src/commands/evaluate.js";
import { command as extract } from "../../src/commands/extract.js";
import { errorText, flagFor, lineWithFlags, withFlags } from "../../src/commands/flag-names.js";
import { addFrontEndOptions, frontEndOf } from "../../src/commands/front-end-options.js";
import { command as inspect } from "../../src/commands/inspect.js";
import { command as lab, repeatedBy } from "../../src/commands/lab.js";
import { command as predict } from "../../src/commands/predict.js";
import { command as similar } from "../../src/commands/similar.js";
import { command as summary } from "../../src/commands/summary.js";
import { command as train } from "../../src/commands/train.js";
import { addTrainOptions, trainConfigOf } from "../../src/commands/train-settings.js";
import { DataError, UsageError } from "../../src/core/errors.js";
import { type Compression, describeDifference, frontEnd } from "../../src/features/front-end.js";
import { START_DEFAULTS } from "../../src/training/config.js";
import { madeUpResult } from "../lab/page/lab-result.js";

const VERBS = { extract, train, evaluate, calibrate, predict, embed, similar, inspect, summary, lab };

/** The values of a record with their dotted names; a list counts as one value. */
function leaves(record: object, prefix = ""): [string, unknown][] {
  return Object.entries(record).flatMap(([name, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? leaves(value, `${prefix}${name}.`)
      : [[prefix + name, value] as [string, unknown]],
  );
}

const leaf = (record: object, name: string) => new Map(leaves(record)).get(name);

describe("flagFor", () => {
  const options = Object.entries(VERBS).flatMap(([verb, command]) =>
    command.options.map((option) => ({ name: `${verb} ${option.long}`, command, option })),
  );
  it.each(options)("$name is the flag for the setting of its name, unless it says the opposite", (each) => {
    const { command, option } = each;
    expect(flagFor(option.attributeName(), command)).toBe(option.negate ? undefined : option.long);
  });

  it.each([
    ["nWorkers", extract, "--workers"],
    ["outDir", train, "--out"],
    ["outDir", lab, "--out"],
    ["net.kind", summary, "--net"],
    ["compression.kind", extract, "--compression"],
  ])("%s has a flag with a different name", (setting, command, flag) => {
    expect(flagFor(setting, command)).toBe(flag);
  });
  it.each(Object.values(VERBS))("names no flag that the command does not have: $_name", (command) => {
    const settings = ["net.channels", "optimizer.momentum", "schedule.factor", "nWorkers", "outDir", "fMax"];
    const flags = new Set(command.options.map(({ long }) => long));
    for (const setting of settings) expect([undefined, ...flags]).toContain(flagFor(setting, command));
    expect(flagFor("colour", command)).toBeUndefined();
    expect(flagFor("net.batchNorm.colour", command)).toBeUndefined();
    expect(flagFor("other.channels", command)).toBeUndefined();
  });

  /** Values for every flag of train that sets something; at least one differs from the run's own. */
  const VALUES: Readonly<Record<string, readonly string[]>> = {
    "--task": ["single-label"],
    "--seed": ["9"],
    "--valid-fraction": ["0.3"],
    "--test-fraction": ["0.3"],
    "--normalize": ["none", "whiten"],
    "--standardize": ["global"],
    "--zca": [""],
    "--keep-variance": ["0.5"],
    "--level": ["segment"],
    "--augment": ["2"],
    "--augmentation": ["mixup=0.5", "colourDb=9"],
    "--net": ["short-chunk", "mlp"],
    "--segment-frames": ["700"],
    "--channels": ["8,16,32"],
    "--global-pool": ["all"],
    "--dropout": ["0.3"],
    "--activation": ["elu"],
    "--init": ["small"],
    "--bn-momentum": ["0.3"],
    "--bn-epsilon": ["0.3"],
    "--optimizer": ["sgd", "adagrad"],
    "--momentum": ["0.3"],
    "--weight-decay": ["0.3"],
    "--learning-rate": ["0.3"],
    "--clip-norm": ["3"],
    "--schedule": ["constant", "step"],
    "--warm-up": ["0.3"],
    "--drop-epochs": ["7"],
    "--drop-factor": ["0.3"],
    "--epochs": ["7"],
    "--batch-size": ["7"],
    "--patience": ["7"],
    "--label-smoothing": ["0.3"],
    "--ema-decay": ["0.3"],
    "--watch": [""],
  };
  const configOf = (line: string) =>
    trainConfigOf(
      addTrainOptions(new Command().exitOverride()).parse(line.split(" ").filter(Boolean), { from: "user" }),
    );
  const runs = [
    "--net vgg --schedule plateau --normalize whiten",
    "--net gct634-1d --optimizer nesterov --schedule step --normalize standardize",
    "--net short-chunk --optimizer adagrad --schedule constant --normalize none",
    "--net mlp --optimizer rmsprop --schedule cosine",
    "--optimizer adam --schedule one-cycle",
  ];

  it.each(runs)("the flag for each setting of a run changes that setting: train %s", (line) => {
    const run = configOf(line);
    for (const [setting] of leaves(run)) {
      const flag = flagFor(setting, train);
      if (flag === undefined) continue;
      const changed = VALUES[flag].map((value) => leaf(configOf(`${line} ${flag} ${value}`), setting));
      expect([setting, flag, changed]).not.toEqual([
        setting,
        flag,
        VALUES[flag].map(() => leaf(run, setting)),
      ]);
    }
  });
  it("the settings of a start from a model have flags, too", () => {
    expect(Object.keys(START_DEFAULTS).map((name) => flagFor(`start.${name}`, train))).toEqual([
      "--freeze",
      "--statistics",
      "--bn-statistics",
      "--last-layer",
    ]);
  });
  it("every setting of a run has a flag, except these", () => {
    const settings = new Set(runs.flatMap((line) => leaves(configOf(line)).map(([setting]) => setting)));
    expect([...settings].filter((setting) => flagFor(setting, train) === undefined).sort()).toEqual([
      "balance", // --no-balance
      "net.batchNorm.warmUp", // --no-bn-warm-up
      "net.kernelSizes",
      "net.pools",
      "optimizer.beta1",
      "optimizer.beta2",
      "optimizer.decay",
      "optimizer.epsilon",
      "optimizer.nesterov",
      "schedule.endFactor",
      "schedule.peakAt",
      "schedule.startFactor",
    ]);
  });

  it.each(["", "--compression powerToDb"])("the same holds for a front end: extract %s", (line) => {
    const make = (flags: string) => {
      const command = addFrontEndOptions(new Command().exitOverride());
      return frontEndOf(command.parse(flags.split(" ").filter(Boolean), { from: "user" }).opts());
    };
    const values: Readonly<Record<string, string>> = {
      "--n-fft": "4096",
      "--sample-rate": "44100",
      "--power": "2",
      "--mel-scale": "htk",
      "--mel-norm": "none",
      "--compression": line === "" ? "log1p" : "log10",
      "--top-db": "none",
    };
    const made = make(line);
    const kept = leaves(made).filter(([member, value]) => {
      const flag = flagFor(member, extract);
      if (flag === undefined) return true;
      expect([member, leaf(make(`${line} ${flag} ${values[flag] ?? "50"}`), member)]).not.toEqual([
        member,
        value,
      ]);
      return false;
    });
    expect(kept.map(([member]) => member).sort()).toEqual([
      "center",
      "downmix",
      "padMode",
      "resampler",
      "window",
    ]);
  });
});

describe("errorText", () => {
  it("names the flags of the command that ran", () => {
    const error = new UsageError({
      setting: "fMax",
      rule: "be at most 11025 Hz (half of `sampleRate`)",
      got: "`16000` Hz",
      remedy: "lower it, or raise `sampleRate` or `colour`",
    });
    expect(errorText(error, extract)).toBe(
      "--f-max must be at most 11025 Hz (half of --sample-rate), got `16000` Hz; lower it, or raise --sample-rate or colour",
    );
    expect(errorText(error, predict)).toBe(
      "fMax must be at most 11025 Hz (half of sampleRate), got `16000` Hz; lower it, or raise sampleRate or colour",
    );
  });
  it("leaves paths, flags and other errors as they are", () => {
    expect(errorText(new DataError("`seed`", "holds a run; use `overwrite`"), train)).toBe(
      "`seed`: holds a run; use --overwrite",
    );
    expect(errorText(new UsageError({ setting: "--mels", rule: "be 2", got: 1 }), summary)).toBe(
      "--mels must be 2, got 1",
    );
    expect(errorText(new Error("ENOSPC: no space,\nwrite '`seed`'"), train)).toBe(
      "ENOSPC: no space, write '`seed`'",
    );
  });
  it("keeps the library's names before a command runs", () => {
    const error = new UsageError({ setting: "seed", rule: "be `a`", got: 1 });
    expect(errorText(error)).toBe("seed must be a, got 1");
  });
  it("words the difference of two front ends as a user types it", () => {
    const dB = { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 80 } as const;
    const wording = (...compressions: [Compression, Compression]) => {
      const [there, here] = compressions.map((compression) => frontEnd({ compression }));
      return withFlags(describeDifference(there, here), extract);
    };
    expect(wording(dB, { ...dB, topDb: null })).toBe("--top-db 80 there, none here");
    expect(wording({ kind: "log1p", scale: 2 }, { kind: "log1p", scale: 10 })).toBe(
      "--scale 2 there, 10 here",
    );
    expect(wording(dB, { kind: "log1p", scale: 10 })).toBe("--compression powerToDb there, log1p here");
  });
  it("replaces settings by flags in any text", () => {
    expect(withFlags("a smaller `learningRate`, `net.init` small, `net.pools`", train)).toBe(
      "a smaller --learning-rate, --init small, net.pools",
    );
  });
});

describe("lineWithFlags", () => {
  it("replaces settings by flags in the reason, and leaves the path as it is", () => {
    expect(lineWithFlags("`out`/a.wav: lasts more than 1 s; raise `maxDurationSec`", extract)).toBe(
      "`out`/a.wav: lasts more than 1 s; raise --max-duration",
    );
    expect(lineWithFlags("raise `maxDurationSec`", extract)).toBe("raise --max-duration");
  });
});

describe("repeatedBy", () => {
  it("is the command line of a lab, without the defaults", () => {
    const result = madeUpResult();
    expect(repeatedBy(result)).toBe("timbrel lab features --quick --seed 7");
    expect(repeatedBy({ ...result, validFraction: 0.3, testFraction: 0 })).toBe(
      "timbrel lab features --quick --seed 7 --valid-fraction 0.3 --test-fraction 0",
    );
    expect(repeatedBy({ ...result, store: "my data's", isQuick: false })).toBe(
      `timbrel lab 'my data'\\''s' --seed 7`,
    );
  });
});
