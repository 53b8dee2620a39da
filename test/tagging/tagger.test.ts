import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { DataError } from "../../src/core/errors.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import { splitClips } from "../../src/dataset/splits.js";
import { frontEnd } from "../../src/features/front-end.js";
import { netConfig } from "../../src/nn/architectures.js";
import { clipAnswers } from "../../src/tagging/aggregate.js";
import { Tagger, type Tagging } from "../../src/tagging/tagger.js";
import { buildWav, float32, int16 } from "../audio/build-wav.js";
import { ENGINE } from "../engine.js";
import { rejectionOf } from "../store/message-of.js";
import { makeSound, makeTinyStore, SOUNDS, TINY_FRONT_END } from "../training/tiny-store.js";
import { edited, node, withRecord } from "./edit-model.js";
import { SEGMENT_FRAMES, tinyModel } from "./tiny-model.js";

const DECIBELS = { power: 2, compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 80 } } as const;

const tagger = await Tagger.open(tinyModel(), "m.onnx", ENGINE);

const byLabel = ({ tags }: Pick<Tagging, "tags">) =>
  Object.fromEntries(tags.map(({ label, probability }) => [label, probability]));

/** Expects two answers to differ by less than `tolerance` in every label. */
function expectSame(a: Pick<Tagging, "tags">, b: Pick<Tagging, "tags">, tolerance: number): void {
  for (const label of SOUNDS) expect(Math.abs(byLabel(a)[label] - byLabel(b)[label])).toBeLessThan(tolerance);
}

describe("a tagger", () => {
  it("gives every label, the most probable first, and a distribution", async () => {
    const { tags, durationSec } = await tagger.tagWaveform(makeSound("tone", "a"));
    expect(tags.map(({ label }) => label).sort()).toEqual([...SOUNDS]);
    const values = tags.map(({ probability }) => probability);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(values.reduce((sum, value) => sum + value)).toBeCloseTo(1, 6);
    expect(durationSec).toBe(0.45);
    expect(tagger.labels).toEqual([...SOUNDS]);
  });

  it("assigns probabilities to the labels in the order of the model's output", async () => {
    const waveform = makeSound("hum", "a", { durationSec: 0.25 }); // 16 frames: one segment
    const { tags } = await tagger.tagWaveform(waveform);
    const others = { labels: ["a", "b", "c"] };
    const other = await Tagger.open(withRecord(tinyModel(), others), "m.onnx", ENGINE);
    const renamed = byLabel(await other.tagWaveform(waveform));
    await other.close();
    SOUNDS.forEach((label, i) => {
      expect(renamed[others.labels[i]]).toBe(byLabel({ tags })[label]);
    });
  });

  it.each([
    [{ segmentFrames: 1e9 }, "segmentFrames"],
    [
      { segmentFrames: 65_536, net: netConfig({ kind: "vgg", channels: [4, 4096] }) },
      "asks for 1073741824 values in one layer for one example, more than 67108864",
    ],
    [
      { net: { kind: "vgg", channels: new Array(8000).fill(1) } },
      "net.channels must have at most 64 numbers",
    ],
  ])("does not open a small file that asks for much memory or time: %#", async (changes, reason) => {
    const opening = Tagger.open(withRecord(tinyModel(), changes), "m.onnx", ENGINE);
    await expect(opening).rejects.toThrow(reason);
    await expect(opening).rejects.toBeInstanceOf(DataError);
  });

  it.each([[["tone", "hum", "hiss"]], [["hiss", "hum", "hum"]]])(
    "does not open a model whose labels are not in the order of the vocabulary: %j",
    async (labels) => {
      const opening = Tagger.open(withRecord(tinyModel(), { labels }), "m.onnx", ENGINE);
      await expect(opening).rejects.toThrow(/^m\.onnx: .*must be sorted, each label once/);
    },
  );

  it.each([
    ["log10 of magnitudes", TINY_FRONT_END],
    ["powerToDb", frontEnd({ ...TINY_FRONT_END, ...DECIBELS })],
  ])("gives the same answers from audio as evaluation from stored features: %s", async (_name, made) => {
    const store = await makeTinyStore(undefined, made);
    const bytes = tinyModel({ made });
    const own = await Tagger.open(bytes, "m.onnx", ENGINE);
    const session = await ENGINE.open(bytes);
    const { test } = featureSets(store, splitClips(store.clips));
    const answers = await clipAnswers(session, test, { segmentFrames: SEGMENT_FRAMES });
    const rows = answers.map(({ probabilities }) => probabilities);
    expect(rows.length).toBe(6);
    for (const [i, { name }] of test.clips.entries()) {
      const place = store.clips.findIndex((clip) => clip.name === name);
      const wav = readFileSync(join(store.dir, "..", "audio", `${place}.wav`));
      const tags = byLabel(await own.tagAudio(wav, name));
      SOUNDS.forEach((label, k) => {
        // The same numbers, in batches of different sizes.
        expect(Math.abs(tags[label] - rows[i][k]), name).toBeLessThan(1e-5);
      });
    }
    await Promise.all([own.close(), session.close()]);
  });

  it("resamples: a tone recorded at another rate gets the same tags", async () => {
    const at = (sampleRate: number) => ({
      sampleRate,
      samples: Float32Array.from(
        { length: sampleRate / 2 },
        (_, n) => 0.3 * Math.sin((2 * Math.PI * 440 * n) / sampleRate),
      ),
    });
    const own = await tagger.tagWaveform(at(8000));
    // The tone is 80 dB above the resampler's noise, but the abrupt ends of the clip differ.
    for (const rate of [44100, 48000, 16000]) expectSame(await tagger.tagWaveform(at(rate)), own, 0.01);
    expectSame(
      await tagger.tagWaveform({ ...at(8000), samples: at(8000).samples.map((x) => x / 100) }),
      own,
      1,
    );
  });

  it("averages the channels of a stereo file", async () => {
    const { samples } = makeSound("hum", "b");
    const whole = samples.map((value) => Math.round(value * 32000));
    const mono = encodeWav({ samples: whole.map((value) => value / 32768), sampleRate: 8000 });
    // Left and right are equally far above and below the mono sample.
    const pairs = [...whole].flatMap((value, n) => [value + (n % 9), value - (n % 9)]);
    const stereo = buildWav({ channels: 2, data: int16(...pairs) });
    const [a, b] = [await tagger.tagAudio(mono, "mono.wav"), await tagger.tagAudio(stereo, "stereo.wav")];
    expectSame(b, a, 1e-6);
    expect(b.durationSec).toBe(a.durationSec);
  });

  it("tags a clip of one sample, and one of a minute", async () => {
    const short = await tagger.tagWaveform({ samples: Float32Array.of(0.5), sampleRate: 8000 });
    const long = await tagger.tagWaveform({ samples: new Float32Array(480000), sampleRate: 8000 });
    for (const { tags } of [short, long]) {
      expect(tags.every(({ probability }) => probability > 0 && probability < 1)).toBe(true);
      expect(tags.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    }
    expect(long.durationSec).toBe(60);
  });

  it("gives each label of a multi-label model its own probability", async () => {
    const several = await Tagger.open(tinyModel({ task: "multi-label" }), "m.onnx", ENGINE);
    const { tags } = await several.tagWaveform(makeSound("tone", "a"));
    await several.close();
    expect(tags.every(({ probability }) => probability > 0 && probability < 1)).toBe(true);
    expect(tags.reduce((sum, { probability }) => sum + probability, 0)).not.toBeCloseTo(1, 2);
  });

  it("passes on the warnings about a file", async () => {
    const cut = buildWav({ data: int16(...Array(800).fill(1000)), dataBytes: 3200 });
    const { warnings } = await tagger.tagAudio(cut, "cut.wav");
    expect(warnings).toHaveLength(1);
  });

  it("rejects audio without samples or with non-finite ones", async () => {
    const rule = "audio must hold finite samples, at least 1 at 8000 Hz";
    const none = { samples: new Float32Array(0), sampleRate: 8000 };
    const tooShort = { samples: Float32Array.of(0.5), sampleRate: 44100 };
    for (const waveform of [none, tooShort])
      expect(await rejectionOf(tagger.tagWaveform(waveform))).toBe(`${rule}, got none`);
    const samples = Float32Array.of(0, Number.NaN);
    expect(await rejectionOf(tagger.tagWaveform({ samples, sampleRate: 8000 }))).toBe(
      `${rule}, got some that are not finite`,
    );
    const wav = buildWav({ tag: 3, bits: 32, data: float32(0, Number.NaN) });
    await expect(tagger.tagAudio(wav, "nan.wav")).rejects.toThrow(
      new DataError("nan.wav", "sample 1 of channel 0 (at 0.000 s) is NaN, not a finite number"),
    );
    await expect(tagger.tagAudio(new Uint8Array(0), "empty.wav")).rejects.toThrow(/^empty\.wav: /);
  });

  it("rejects a model with fewer labels than outputs", async () => {
    const bytes = withRecord(tinyModel(), { labels: ["hiss", "hum"] });
    await expect(Tagger.open(bytes, "m.onnx", ENGINE)).rejects.toThrow(
      new DataError("m.onnx", "tensor output.weight is [3, 24], not [2, 24]"),
    );
  });

  it.each([
    [
      "softmax runs over the batch",
      edited(tinyModel(), ({ graph }) => {
        graph!.node!.find(({ opType }) => opType === "Softmax")!.attribute![0].i = 0;
      }),
    ],
    [
      "the logits are negated",
      edited(tinyModel(), ({ graph }) => {
        const softmax = graph!.node!.find(({ opType }) => opType === "Softmax")!;
        graph!.node!.splice(graph!.node!.indexOf(softmax), 0, node("Neg", softmax.input![0], "negated"));
        softmax.input![0] = "negated";
      }),
    ],
    [
      "no engine knows a node",
      edited(tinyModel(), ({ graph }) => {
        graph!.node!.find(({ opType }) => opType === "Softmax")!.opType = "Sortmax";
      }),
    ],
  ])("never runs a file's own graph: one where %s gives the right answers", async (_name, bytes) => {
    const other = await Tagger.open(bytes, "m.onnx", ENGINE);
    const waveform = makeSound("tone", "a");
    expect(await other.tagWaveform(waveform)).toEqual(await tagger.tagWaveform(waveform));
    await other.close();
  });
});
