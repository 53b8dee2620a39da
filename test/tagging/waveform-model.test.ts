import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { resample } from "../../src/audio/resample.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { type FrontEnd, frontEnd } from "../../src/features/front-end.js";
import { logMel } from "../../src/features/log-mel.js";
import { decodeMetadata } from "../../src/graph/index.js";
import { netConfig } from "../../src/nn/architectures.js";
import { withSession } from "../../src/runtime/engine.js";
import { decodeModel, type TrainedModel } from "../../src/tagging/model-file.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { waveformModel } from "../../src/tagging/waveform-model.js";
import { trainModel } from "../../src/training/train-model.js";
import { ENGINE } from "../engine.js";
import { signal } from "../features/signals.js";
import { usageMessageOf } from "../store/message-of.js";

/** Between 32-bit transforms and sums here and 64-bit ones in the front end. */
const SAME = 1e-5;

const SHIPPED = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");

/** A calibrated model of noise and tones. */
async function trained(made: FrontEnd, task: "single-label" | "multi-label"): Promise<TrainedModel> {
  const clips = Array.from({ length: 60 }, (_, i) => {
    const kind = i % 2 === 0 ? "noise" : "chirp";
    const samples = signal(kind, made.sampleRate + 500 * (i % 7)).map((x) => (x * (1 + (i % 5))) / 8);
    const features = logMel({ samples, sampleRate: made.sampleRate }, made);
    const labels = task === "multi-label" && i % 3 === 0 ? [kind, "third"] : [kind];
    return { name: `${i}`, group: `${i}`, labels, features };
  });
  const net = netConfig({ kind: "vgg", channels: [4, 6], dropout: 0 });
  const data = featuresInMemory(made, clips);
  const { model } = await trainModel(data, { net, task, segmentFrames: 20, epochs: 2 }, { engine: ENGINE });
  return model!;
}

const audio = (nSamples: number): Float32Array =>
  signal("chirp", nSamples).map((x, n) => (n < nSamples / 2 ? x : 0.05 * x));

async function expectLikeTagger(
  model: TrainedModel,
  samples: Float32Array,
  options: { sourceRate?: number } = {},
  same = SAME,
) {
  const { frontEnd: made, labels } = model.info;
  const { sourceRate = made.sampleRate } = options;
  const tagger = await Tagger.of(model, ENGINE);
  const expected = await tagger.tagWaveform({ samples, sampleRate: sourceRate });
  await tagger.close();
  const found = await withSession(ENGINE, waveformModel(model, options), (session) =>
    session.run({ waveform: { data: samples, shape: [1, samples.length] } }),
  );
  const probabilitiesOf = (tags: typeof expected.tags) =>
    labels.map((label) => tags.find((tag) => tag.label === label)!.probability);
  const near = (actual: ArrayLike<number>, wanted: readonly number[], tolerance = same) => {
    expect(actual.length).toBe(wanted.length);
    wanted.forEach((value, i) => {
      expect(Math.abs(actual[i] - value)).toBeLessThanOrEqual(tolerance);
    });
  };
  near(found["probabilities"].data, probabilitiesOf(expected.tags));
  near(
    found["segment_probabilities"].data,
    expected.segments.flatMap(({ tags }) => probabilitiesOf(tags)),
  );
  near(
    found["segment_start"].data,
    expected.segments.map(({ startSec }) => startSec),
  );
  expect(found["segment_probabilities"].shape).toEqual([1, expected.segments.length, labels.length]);
  if (expected.novelty === null) expect(found["novelty"]).toBeUndefined();
  else near(found["novelty"].data, [expected.novelty], Math.max(same, 0.002));
}

describe("waveformModel", () => {
  it.each([600, 22_050, 64 * 512 - 1, 64 * 512, 200_000])(
    "answers as the tagger does, for the shipped model and %i samples",
    (nSamples) => expectLikeTagger(SHIPPED, audio(nSamples)),
  );

  it("differs by no more than 0.01 for what resampling leaves of a tone that is too high", async () => {
    const samples = Float32Array.from({ length: 96_000 }, (_, n) => Math.sin(Math.PI * 0.98 * n));
    await expectLikeTagger(SHIPPED, samples, { sourceRate: 48_000 }, 0.01);
  });

  it.each([192_000, 44_100, 48_000, 16_000, 8000])("resamples from %i Hz as the tagger does", (sourceRate) =>
    expectLikeTagger(SHIPPED, audio(70_001), { sourceRate }),
  );

  const small = { sampleRate: 8000, nFft: 256, hopLength: 100, nMels: 16 } as const;
  it.each([
    ["log10 of magnitudes", frontEnd(small), "single-label"],
    [
      "log1p, a short window and HTK mels",
      frontEnd({ ...small, winLength: 200, melScale: "htk", compression: { kind: "log1p", scale: 7 } }),
      "multi-label",
    ],
    [
      "decibels",
      frontEnd({ ...small, power: 2, compression: { kind: "powerToDb", ref: 1, amin: 1e-6, topDb: null } }),
      "multi-label",
    ],
    [
      "decibels with a limit",
      frontEnd({ ...small, power: 2, compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 40 } }),
      "single-label",
    ],
  ] as const)("answers as the tagger does, for %s", async (_, made, task) => {
    const model = await trained(made, task);
    for (const nSamples of [90, 1999, 16_000]) await expectLikeTagger(model, audio(nSamples));
  });

  it("answers every clip of a batch as it does alone, silence too", async () => {
    const clips = [audio(40_000), signal("noise", 40_000), new Float32Array(40_000)];
    await withSession(ENGINE, waveformModel(SHIPPED), async (session) => {
      const run = (some: readonly Float32Array[]) => {
        const data = new Float32Array(some.length * 40_000);
        for (const [i, samples] of some.entries()) data.set(samples, i * 40_000);
        return session.run({ waveform: { data, shape: [some.length, 40_000] } });
      };
      const together = await run(clips);
      for (const [i, clip] of clips.entries()) {
        const alone = await run([clip]);
        for (const name of ["probabilities", "novelty", "segment_probabilities"]) {
          const { data } = alone[name];
          expect(data.every(Number.isFinite)).toBe(true);
          data.forEach((value, k) => {
            expect(Math.abs(together[name].data[i * data.length + k] - value)).toBeLessThan(SAME);
          });
        }
      }
    });
  });

  it("names its labels, rate and limits", () => {
    const metadata = decodeMetadata(waveformModel(SHIPPED, { sourceRate: 44_100 }), "m");
    expect(JSON.parse(metadata["timbrel.waveform"])).toEqual({
      task: "single-label",
      labels: SHIPPED.info.labels,
      sampleRate: 44_100,
      thresholds: null,
      noveltyLimit: SHIPPED.info.calibration!.unknown!.threshold,
    });
  });

  it("takes about a quarter of the size with 8-bit weights, and hardly changes its answers", async () => {
    const [plain, quantized] = [waveformModel(SHIPPED), waveformModel(SHIPPED, { quantize: "int8" })];
    expect(quantized.length / plain.length).toBeLessThan(0.35);
    const samples = audio(100_000);
    const run = (bytes: Uint8Array) =>
      withSession(ENGINE, bytes, (session) =>
        session.run({ waveform: { data: samples, shape: [1, samples.length] } }),
      );
    const [exact, rounded] = [await run(plain), await run(quantized)];
    const differences = exact["probabilities"].data.map((value, i) =>
      Math.abs(value - rounded["probabilities"].data[i]),
    );
    expect(Math.max(...differences)).toBeLessThan(0.05);
    expect(Math.max(...differences)).toBeGreaterThan(0);
  });

  it("rejects a rate whose ratio to the model's needs millions of weights", () => {
    expect(usageMessageOf(() => waveformModel(SHIPPED, { sourceRate: 44_101 }))).toBe(
      "sourceRate must have a ratio of small numbers to the model's 22050 Hz, got 44101 Hz, 22050 to 44101; " +
        "resample the audio before, and leave it out",
    );
    expect(resample({ samples: audio(100), sampleRate: 44_101 }, 22_050).sampleRate).toBe(22_050);
  });
});
