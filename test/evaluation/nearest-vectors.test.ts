import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import type { Clip } from "../../src/dataset/clip.js";
import { doubtfulClips } from "../../src/evaluation/doubtful-clips.js";
import { labelVotes } from "../../src/evaluation/label-votes.js";
import { nearestVectors, vectorsInMemory } from "../../src/evaluation/nearest-vectors.js";
import { ENGINE } from "../engine.js";

const SIZE = 7;
function drawn(seed: string, count: number): Float32Array[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length: SIZE }, () => random.normal()));
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  const norms = Math.sqrt(dot(a, a) * dot(b, b));
  return norms === 0 ? 0 : dot(a, b) / norms;
}

/** All similarities, sorted. */
const bruteForce = (
  query: Float32Array,
  table: readonly Float32Array[],
  mayBeNear: (row: number) => boolean,
) =>
  table
    .map((vector, row) => ({ row, similarity: cosine(query, vector) }))
    .filter(({ row }) => mayBeNear(row))
    .sort((a, b) => b.similarity - a.similarity);

/** Products of 32-bit floats. */
const ROUNDING = 1e-6;

describe("nearestVectors", () => {
  it("finds what brute force finds, also in tables of several blocks", async () => {
    const [queries, table] = [drawn("queries", 4100), drawn("table", 4200)];
    table[4150] = queries[4099].map((value) => 3 * value);
    table[7] = new Float32Array(SIZE);
    const mayBeNear = (query: number, row: number) => (query + row) % 3 !== 0;
    const seen: number[] = [];
    const found = await nearestVectors(vectorsInMemory(queries), vectorsInMemory(table), {
      engine: ENGINE,
      top: 4,
      mayBeNear,
      onProgress: (done) => seen.push(done),
    });
    expect([found.length, seen]).toEqual([4100, [4096, 4100]]);
    for (const query of [0, 1, 2, 4095, 4096, 4099]) {
      const all = bruteForce(queries[query], table, (row) => mayBeNear(query, row));
      expect(found[query].map(({ row }) => row)).toEqual(all.slice(0, 4).map(({ row }) => row));
      found[query].forEach(({ similarity }, i) => {
        expect(Math.abs(similarity - all[i].similarity)).toBeLessThan(ROUNDING);
      });
    }
    expect(found[4099][0].row).toBe(4150);
  });

  it("takes the first of equals, fewer than asked for if there are no more, and 0 for vectors of zeros", async () => {
    const zeros = new Float32Array(SIZE);
    const one = drawn("one", 1)[0];
    const found = await nearestVectors(
      vectorsInMemory([one, zeros]),
      vectorsInMemory([zeros, one, one, one]),
      {
        engine: ENGINE,
        top: 9,
        mayBeNear: (_, row) => row !== 2,
      },
    );
    expect(found.map((list) => list.map(({ row }) => row))).toEqual([
      [1, 3, 0],
      [0, 1, 3],
    ]);
    expect(found[1].map(({ similarity }) => similarity)).toEqual([0, 0, 0]);
    expect(found[0][0].similarity).toBeCloseTo(1, 6);
  });

  it("stops at an abort", async () => {
    const table = vectorsInMemory(drawn("a", 3));
    const signal = AbortSignal.abort();
    await expect(nearestVectors(table, table, { engine: ENGINE, top: 1, signal })).rejects.toBe(
      signal.reason,
    );
  });
});

const clip = (i: number, labels: string[], changes: Partial<Clip> = {}): Clip => ({
  ...{ name: `${i}`, audioHash: `${i}`, labels, group: `${i}`, split: null, durationSec: 1, nFrames: 40 },
  ...changes,
});

describe("labelVotes", () => {
  it("counts labels among those of which they are known, and lets the more similar decide between equals", () => {
    const near = (labels: string[], similarity: number, unknownLabels?: string[]) => ({
      clip: { labels, ...(unknownLabels && { unknownLabels }) },
      similarity,
    });
    const votes = labelVotes([
      near(["a"], 0.9),
      near(["b"], 0.8),
      near(["b", "c"], 0.3),
      near(["a"], 0.5, ["c"]),
    ]);
    expect(votes).toEqual([
      { label: "a", votes: 2, known: 4 },
      { label: "b", votes: 2, known: 4 },
      { label: "c", votes: 1, known: 3 },
    ]);
  });
});

describe("doubtfulClips", () => {
  /** Two kinds of sound, far apart, with 15 groups of 2 clips each. */
  const vectorOf = (kind: number, i: number) =>
    Float32Array.from({ length: SIZE }, (_, k) => (k === kind ? 10 : 0) + drawn(`${kind} ${i}`, 1)[0][k]);
  const clips = Array.from({ length: 60 }, (_, i) =>
    clip(i, [i < 30 ? "a" : "b"], { group: `${Math.floor(i / 2)}` }),
  );
  const vectors = {
    ...vectorsInMemory(clips.map((_, i) => vectorOf(i < 30 ? 0 : 1, i))),
    rowOf: (audioHash: string) => Number(audioHash),
  };
  const check = (some: readonly Clip[]) => doubtfulClips(some, vectors, { engine: ENGINE });
  const changed = (changes: Record<number, Partial<Clip>>) =>
    clips.map((each, i) => ({ ...each, ...changes[i] }));
  const find = async (changes: Record<number, Partial<Clip>>) => (await check(changed(changes))).doubtful;

  it("finds clips with the wrong label, though the others of their group have it, too", async () => {
    expect(await find({})).toEqual([]);
    const found = await find({ 4: { labels: ["b"] }, 5: { labels: ["b"] }, 40: { labels: ["a"] } });
    expect(found.map(({ clip: { name } }) => name).sort()).toEqual(["4", "40", "5"]);
    for (const { clip, vote, hasLabel, doubt, neighbours } of found) {
      expect([hasLabel, vote.label]).toEqual([false, clip.labels[0] === "a" ? "b" : "a"]);
      expect(doubt).toBe(vote.votes / 10);
      const row = Number(clip.name);
      const expected = bruteForce(
        vectorOf(row < 30 ? 0 : 1, row),
        clips.map((_, i) => vectorOf(i < 30 ? 0 : 1, i)),
        (other) => Math.floor(other / 2) !== Math.floor(row / 2),
      );
      expect(neighbours.map((near) => near.clip.name)).toEqual(
        expected.slice(0, 10).map((each) => `${each.row}`),
      );
    }
    const doubts = found.map(({ doubt }) => doubt);
    expect(doubts).toEqual([...doubts].sort((a, b) => b - a));
  });

  it("doubts the one label of a clip that its neighbours lack, and one of several unless it is rare, whatever labels others have", async () => {
    // Around clip 0 no label has a majority. Four clips far away share its label, which is rare.
    const near = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [i, { labels: ["acdf"[Math.floor(i / 2) % 4]] }]),
    );
    const far = Object.fromEntries([30, 32, 34, 36].map((i) => [i, { labels: ["e"] }]));
    const labels = { ...near, ...far, 0: { labels: ["e"] } };
    const isDoubted = (doubtful: readonly { clip: Clip; vote: { label: string } }[]) =>
      doubtful.some(({ clip: { name }, vote }) => name === "0" && vote.label === "e");
    expect(isDoubted(await find(labels))).toBe(true);
    expect(isDoubted(await find({ ...labels, 59: { labels: [] } }))).toBe(true);
    expect(isDoubted(await find({ ...labels, 59: { labels: ["b", "g"] } }))).toBe(true);
    expect(isDoubted(await find({ ...labels, 0: { labels: ["e", "a"] } }))).toBe(false);
  });

  it("finds a label that is missing or superfluous among several, and none of which nobody knows", async () => {
    const several = (i: number) => ({ labels: [i < 30 ? "a" : "b", "c"] });
    const all = Object.fromEntries(clips.map((_, i) => [i, several(i)]));
    const [found, ...more] = await find({ ...all, 3: { labels: ["a"] } });
    expect([found.clip.name, found.vote, found.hasLabel, more]).toEqual([
      "3",
      { label: "c", votes: 10, known: 10 },
      false,
      [],
    ]);
    expect(await find({ ...all, 3: { labels: ["a"], unknownLabels: ["c"] } })).toEqual([]);
    // Half of the clips have a second label "d"; two of them are among those of which no other has it.
    const half = (i: number) => ({ labels: i < 30 ? ["a", "d"] : ["b"] });
    const halves = Object.fromEntries(clips.map((_, i) => [i, half(i)]));
    const [extra, ...rest] = await find({ ...halves, 50: { labels: ["b", "d"] } });
    expect([extra.clip.name, extra.vote, extra.hasLabel, extra.doubt, rest]).toEqual([
      "50",
      { label: "d", votes: 0, known: 10 },
      true,
      1,
      [],
    ]);
  });

  it("does not doubt a label of several that is too rare for ten neighbours to say anything", async () => {
    // Four clips of groups far apart have "rare": chance alone gives most of their neighbours none.
    const rare = Object.fromEntries([0, 8, 16, 24].map((i) => [i, { labels: ["a", "rare"] }]));
    expect(await find(rare)).toEqual([]);
  });

  it("asks no more neighbours than have a clip's label, so that small classes do not doubt themselves", async () => {
    const few = (count: number) => clips.filter((_, i) => (i < 30 ? i : i - 30) < count);
    // Four groups of two: six clips of other groups have the label, and four of ten would contradict.
    for (const count of [4, 6, 8]) expect(await check(few(count))).toEqual({ doubtful: [], nUnchecked: 0 });
    const [found, ...more] = (
      await check(few(8).map((each) => (each.name === "3" ? { ...each, labels: ["b"] } : each)))
    ).doubtful;
    expect([found.clip.name, found.neighbours.length, more]).toEqual(["3", 8, []]);
  });

  it("counts, and does not doubt, clips whose labels no clip of another group has", async () => {
    const alone = { labels: ["x"] };
    expect(await check(changed({ 4: alone, 5: alone }))).toEqual({ doubtful: [], nUnchecked: 2 });
    // A second label can be checked.
    const { doubtful, nUnchecked } = await check(changed({ 4: { labels: ["x", "b"] } }));
    expect([doubtful.map(({ clip }) => clip.name), nUnchecked]).toEqual([["4"], 0]);
  });
});
