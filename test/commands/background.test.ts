import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { Random } from "../../src/core/random.js";
import { FRONT_END, makeFolder, timbrel, write, writeTones } from "./cli.js";

let dir: string;

function noiseWav(seed: number, level: number): Uint8Array {
  const random = new Random(`noise ${seed}`);
  const samples = Float32Array.from({ length: 8000 }, () => level * random.normal());
  return encodeWav({ samples, sampleRate: 8000 });
}

const run = (...args: string[]) => timbrel(dir, args);
const jsonOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout) as never;

beforeAll(async () => {
  dir = makeFolder();
  writeTones(join(dir, "tones"), { low: 200, high: 2000 }, 60);
  for (let i = 0; i < 10; i++) write(dir, `noise/deep/${i}.wav`, noiseWav(i, 0.02 * (i + 1)));
  write(dir, "other/noise.wav", noiseWav(100, 0.1));
  write(dir, "other/silence.wav", encodeWav({ samples: new Float32Array(8000), sampleRate: 8000 }));
});

describe("background audio", () => {
  it("is extracted, trained against and reported, and noise is answered as unknown", async () => {
    const extracted = await run(
      ...["extract", "tones", "--background", "noise", "--out", "features", ...FRONT_END],
    );
    expect([extracted.code, extracted.stdout]).toEqual([
      0,
      expect.stringContaining("features: 120 clips of 2 classes and 10 background clips, "),
    ]);
    const trained = await run(
      ...[
        "train",
        "features",
        "--out",
        "run",
        "--channels",
        "8,8",
        "--epochs",
        "4",
        "--segment-frames",
        "16",
      ],
      ...[
        "--valid-fraction",
        "0.25",
        "--batch-size",
        "8",
        "--threads",
        "1",
        "--augment",
        "0",
        "--ema-decay",
        "0",
      ],
    );
    expect([trained.code, trained.stdout]).toEqual([
      0,
      expect.stringMatching(/a sound with a novelty above \d+\.\d\d is unknown/),
    ]);
    const evaluated = await run("evaluate", "run/model.onnx", "features", "--threads", "1");
    expect(evaluated.stdout).toMatch(/\nwhite noise +20 +1\.000 +100\.0 %\n/);
    expect(evaluated.stdout).toMatch(
      /\nbackground +\d+ +1\.000 +100\.0 %\n\* the model is not fitted to call these unknown\n$/,
    );

    const noise = await run("predict", "other/noise.wav", "--model", "run/model.onnx");
    expect(noise.stdout).toMatch(
      /^other\/noise\.wav \(1\.0 s\): unknown: unlike the training sounds \(novelty \d+\.\d, limit \d+\.\d\); nearest is (low|high)\n/,
    );
    const silence = await run("predict", "other/silence.wav", "--model", "run/model.onnx");
    expect(silence.stdout).toMatch(/^other\/silence\.wav \(1\.0 s\): unknown: it is silent\n/);
    const asJson: object = jsonOf(
      await run("predict", "other/noise.wav", "--model", "run/model.onnx", "--json"),
    );
    expect(asJson).toMatchObject({ isUnknown: true, tags: [{ isPresent: false }, { isPresent: false }] });
    const asCsv = await run("predict", "other", "--model", "run/model.onnx", "--format", "csv");
    expect(asCsv.stdout.match(/,unknown,/g)).toHaveLength(2);
    const tone = await run("predict", "tones/low/0.wav", "--model", "run/model.onnx", "--json");
    expect(jsonOf(tone) as object).toMatchObject({ isUnknown: false });
  });

  it("belongs to extract, which train says", async () => {
    const { code, stderr } = await run("train", "features", "--out", "other-run", "--background", "noise");
    expect([code, stderr]).toEqual([
      2,
      "timbrel: --background must be given to extract, which puts background audio into the store, got noise; extract the source again with it, and train on the store\n",
    ]);
  });
});
