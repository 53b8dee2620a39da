import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { compressor } from "../../src/features/compress.js";
import { compressionRate, type FrontEnd, frontEnd, silenceValue } from "../../src/features/front-end.js";
import { encodeGraph, Graph } from "../../src/graph/index.js";
import { emitLevel, levelOf, type SegmentLevel, toLevel } from "../../src/nn/segment-level.js";
import { nodeEngine } from "../../src/runtime/node.js";

const [SEGMENTS, FRAMES, MELS] = [3, 10, 8];
const SIZE = FRAMES * MELS;

const KINDS: readonly (readonly [string, FrontEnd])[] = (
  [
    ["log10 of magnitudes", { compression: { kind: "log10", scale: 1000 } }],
    ["log1p of powers", { power: 2, compression: { kind: "log1p", scale: 1e4 } }],
    [
      "decibels of powers",
      { power: 2, compression: { kind: "powerToDb", ref: 4, amin: 1e-10, topDb: null } },
    ],
    ["decibels of magnitudes", { compression: { kind: "powerToDb", ref: 1, amin: 1e-5, topDb: 80 } }],
  ] as const
).map(([name, changes]) => [name, frontEnd({ nMels: MELS, ...changes })]);
/** Compressed values in 32 bits: roundings of exp and log, in units of the values' range. */
const ROUNDING = 5e-6;

async function leveled(data: Float32Array, level: SegmentLevel, threads = 1): Promise<Float32Array> {
  const graph = new Graph({ batch: "free" });
  graph.output("y", emitLevel(graph.input("x", [1, FRAMES, MELS]), level));
  const session = await nodeEngine({ threads }).open(encodeGraph(graph));
  const { y } = await session.run({ x: { data, shape: [data.length / SIZE, FRAMES, MELS] } });
  await session.close();
  return y.data;
}

describe.each(KINDS)("segments at one level, %s", (_name, made) => {
  const random = new Random("mel values");
  const scale = { silence: silenceValue(made), rate: compressionRate(made) };
  const compressed = (mel: Float64Array) => {
    const features = new Float32Array(mel.length);
    compressor(made.compression)(mel, features, 0);
    return features;
  };
  const range = compressed(Float64Array.of(10))[0] - scale.silence;
  const mel = Float64Array.from({ length: SIZE }, () => 0.02 + random.uniform() ** 2);
  /** The same sound at three levels: 0, -30 and -70 dB. */
  const gains = [0, -30, -70].map((db) => 10 ** ((db * made.power) / 20));
  const segments = compressed(Float64Array.from(gains.flatMap((gain) => [...mel.map((x) => gain * x)])));
  const loud = levelOf(segments.slice(0, SIZE), MELS, scale);
  const level = { ...scale, target: loud / 2, least: loud * gains[1] * 0.9 };
  const segment = (all: Float32Array, i: number) => all.slice(i * SIZE, (i + 1) * SIZE);
  const farthest = (a: Float32Array, b: Float32Array) =>
    Math.max(...a.map((x, i) => Math.abs(x - b[i]))) / range;

  it("have the target in their loudest frame, as mel values times a gain", async () => {
    // The floor of decibels is the least value; the other compressions add it.
    const { compression } = made;
    const floor = compression.kind === "powerToDb" ? compression.amin : 1 / compression.scale;
    const frames = Array.from({ length: FRAMES }, (_, t) => [...mel.slice(t * MELS, (t + 1) * MELS)]);
    const offset = compression.kind === "powerToDb" ? floor : 0;
    const sums = frames.map((frame) => frame.reduce((sum, x) => sum + (x - offset) / floor, 0));
    expect(Math.abs(loud / Math.max(...sums) - 1)).toBeLessThan(1e-4);
    const gain = level.target / Math.max(...sums);
    const expected = compressed(mel.map((x) => (x - offset) * gain + offset));
    const found = segment(await leveled(segments, level), 0);
    expect(farthest(found, expected)).toBeLessThan(ROUNDING);
    expect(Math.abs(levelOf(found, MELS, scale) / level.target - 1)).toBeLessThan(1e-4);
  });

  it("are the same however loud they were, down to the least level, below which the gain stays the same", async () => {
    const found = await leveled(segments, level);
    // Decibels have the floor in place of what is below it: at most a sixtieth of the least mel value here, 0.15 of 120 dB.
    expect(farthest(segment(found, 0), segment(found, 1))).toBeLessThan(2e-3);
    const quietest = levelOf(segment(found, 2), MELS, scale) / level.target;
    const expected = levelOf(segment(segments, 2), MELS, scale) / level.least;
    expect(Math.abs(quietest / expected - 1)).toBeLessThan(1e-2);
    expect(quietest).toBeLessThan(0.1);
  });

  it("leave silence as it is, and a sound as loud with silence around it", async () => {
    const padded = segments.slice();
    padded.fill(scale.silence, SIZE + SIZE / 2);
    const found = await leveled(padded, level);
    expect(segment(found, 2)).toEqual(new Float32Array(SIZE).fill(scale.silence));
    expect([...segment(found, 1).slice(SIZE / 2)]).toEqual(Array(SIZE / 2).fill(Math.fround(scale.silence)));
    const half = Math.max(...segment(found, 1)) - Math.max(...segment(found, 0));
    expect(Math.abs(half) / range).toBeLessThan(0.05);
  });

  it("are what `toLevel` makes, and the same bits for any number of threads", async () => {
    const found = await leveled(segments, level);
    for (let i = 0; i < SEGMENTS; i++) {
      const own = segment(segments, i);
      toLevel(own, MELS, level);
      expect(farthest(own, segment(found, i))).toBeLessThan(ROUNDING);
    }
    const many = Float32Array.from({ length: 100 * SIZE }, (_, i) => segments[i % segments.length]);
    const one = await leveled(many, level);
    for (const threads of [2, 3, 5]) expect(await leveled(many, level, threads)).toEqual(one);
  });
});
