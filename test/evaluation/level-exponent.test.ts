import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import {
  DEFAULT_LEVEL_EXPONENT,
  fitLevelExponent,
  LEVEL_EXPONENTS,
  tailSegments,
} from "../../src/evaluation/level-exponent.js";
import { frontEnd } from "../../src/features/front-end.js";
import type { Task } from "../../src/nn/training-step.js";

const random = new Random("segments");
const FRONT_END = frontEnd({ nMels: 8 });
const N_TAILS = tailSegments({ frontEnd: FRONT_END, segmentFrames: 4 }).clips.length;

/** Clips of three segments, of which the loud ones know the truth, and the others know it less the quieter they are. */
function clipsOf(task: Task, nClips: number, knowledge: (level: number) => number) {
  const clips = Array.from({ length: nClips }, (_, clip) => {
    const levels = Float32Array.from({ length: 3 }, () => 10 ** random.uniform(-3, 0));
    const target = Float32Array.from([0, 1], (label) => Number(clip % 2 === label));
    const logits = [...levels].flatMap((level) =>
      [...target].map((truth) => (truth - 0.5) * 6 * knowledge(level) + 2 * random.normal()),
    );
    return { levels, target, logits: Float32Array.from(logits) };
  });
  return {
    task,
    targets: clips.map(({ target }) => target),
    logits: clips.map(({ logits }) => logits),
    levels: clips.map(({ levels }) => levels),
  };
}

/** Tails that all get these logits, each quieter than all clips. */
const tailsOf = (...logits: number[]) => ({
  logits: Array.from({ length: N_TAILS }, () => Float32Array.from(logits)),
  levels: Array.from({ length: N_TAILS }, (_, i) => Float32Array.of(1e-6 * (i % 8))),
});

describe.each(["single-label", "multi-label"] as const)("the exponent of the level, %s", (task) => {
  it("has the least log loss over clips as they are and with tails, of all that are tried", () => {
    const answers = clipsOf(task, 60, (level) => level ** 0.05);
    const logits = [1.5, -1.5];
    const tails = {
      ...tailsOf(...logits),
      levels: Array.from({ length: N_TAILS }, () => Float32Array.of(0)),
    };
    const lossOf = (exponent: number): number => {
      let sum = 0;
      for (const hasTail of [false, true])
        for (const [clip, levels] of answers.levels.entries()) {
          const rows = [...levels].map((level, i) => ({
            weight: level ** exponent,
            logits: [...answers.logits[clip].subarray(2 * i, 2 * i + 2)],
          }));
          if (hasTail) for (const _ of levels) rows.push({ weight: 0 ** exponent, logits });
          const total = rows.reduce((sum, { weight }) => sum + weight, 0);
          const p = [0, 1].map((label) =>
            rows.reduce((sum, { weight, logits }) => {
              const [own, other] = [Math.exp(logits[label]), Math.exp(logits[1 - label])];
              return (
                sum + (weight / total) * (task === "single-label" ? own / (own + other) : own / (own + 1))
              );
            }, 0),
          );
          const truth = answers.targets[clip].indexOf(1);
          sum -=
            task === "single-label"
              ? Math.log(p[truth])
              : (Math.log(p[truth]) + Math.log(1 - p[1 - truth])) / 2;
        }
      return sum;
    };
    const losses = LEVEL_EXPONENTS.map(lossOf);
    const best = LEVEL_EXPONENTS[losses.indexOf(Math.min(...losses))];
    expect(best).toBeGreaterThan(0);
    expect(best).toBeLessThan(1);
    expect(fitLevelExponent(answers, tails)).toBe(best);
  });

  it("is great where quiet segments are wrong, and 0 where quiet segments know most", () => {
    const wrong = clipsOf(task, 60, (level) => (level > 0.1 ? 1 : -0.5));
    expect(fitLevelExponent(wrong, tailsOf(0, 0))).toBeGreaterThanOrEqual(0.75);
    const right = clipsOf(task, 60, (level) => (level > 0.1 ? -0.5 : 1));
    const helpful = tailsOf(0, 0);
    expect(
      fitLevelExponent(right, { ...helpful, levels: helpful.levels.map(() => Float32Array.of(1)) }),
    ).toBe(0);
  });

  it("is above 0 where a tail would decide the answer, though clips end before theirs", () => {
    const short = clipsOf(task, 60, () => 1);
    const one = {
      ...short,
      logits: short.logits.map((logits) => logits.subarray(0, 2)),
      levels: short.levels.map((levels) => levels.subarray(0, 1)),
    };
    expect(fitLevelExponent(one, tailsOf(4, -4))).toBeGreaterThan(0);
  });

  it("is the default with fewer than 20 clips", () => {
    const few = clipsOf(task, 19, (level) => (level > 0.1 ? -0.5 : 1));
    expect(fitLevelExponent(few, tailsOf(0, 0))).toBe(DEFAULT_LEVEL_EXPONENT);
  });
});

describe("the tails", () => {
  it("are segments of silence and of noise at many levels, the same whenever they are read", async () => {
    const source = tailSegments({ frontEnd: FRONT_END, segmentFrames: 4 });
    const read = async (tail: number) => {
      const out = new Float32Array(32);
      await source.readFrames(tail, 0, 4, out, 0);
      return out;
    };
    const sums = [];
    for (let tail = 0; tail < N_TAILS; tail++) {
      expect(await read(tail)).toEqual(await read(tail));
      sums.push((await read(tail)).reduce((sum, x) => sum + x, 0));
    }
    expect(N_TAILS).toBe(25);
    expect(sums[0]).toBeLessThan(sums[1]);
    for (const first of [1, 9, 17])
      for (let i = first; i < first + 7; i++) expect(sums[i]).toBeLessThan(sums[i + 1]);
  });
});
