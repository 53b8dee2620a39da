import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import {
  fitTemperature,
  lossAt,
  probabilitiesAt,
  type SegmentLogits,
} from "../../src/evaluation/temperature.js";
import type { Task } from "../../src/nn/training-step.js";
import { TEMPERATURES } from "../../src/tagging/calibration.js";
import fixture from "./fixtures/calibration.json" with { type: "json" };
import { logitsOf } from "./logits-of-case.js";

/** scipy finds the minimum within 1e-10, and the loss is flat around it. */
const TEMPERATURE_TOLERANCE = 1e-4;
/** The same float32 logits, summed in float64 in another order. */
const LOSS_TOLERANCE = 1e-9;

/** Clips of one segment, whose logits draw the truth when divided by `temperature`. */
function drawn(task: Task, nClips: number, temperature: number): SegmentLogits {
  const random = new Random(`${task} ${temperature}`);
  const clips = Array.from({ length: nClips }, () => {
    const logits = Float32Array.from({ length: 3 }, () => temperature * random.normal());
    const p = probabilitiesAt(task, logits, 3, temperature);
    const isDrawn = [...p].map((probability) => random.uniform() < probability);
    const place = random.uniform();
    const single = [place < p[0], place >= p[0] && place < p[0] + p[1], place >= p[0] + p[1]];
    return { logits, target: Float32Array.from(task === "single-label" ? single : isDrawn, Number) };
  });
  return {
    task,
    targets: clips.map(({ target }) => target),
    logits: clips.map(({ logits }) => logits),
  };
}

/** Clips of one segment whose answers are all right, with this logit for each label that a clip has. */
function right(task: Task, nClips: number, logit: number): SegmentLogits {
  const clips = Array.from({ length: nClips }, (_, clip) =>
    Float32Array.from([0, 1, 2], (i) => (i === clip % 3 ? 1 : 0)),
  );
  return { task, targets: clips, logits: clips.map((target) => target.map((t) => (t - 0.5) * 2 * logit)) };
}

describe.each(fixture.cases)("the temperature of a net that is $name", (each) => {
  const answers = logitsOf(each);

  it("is the one that scipy finds", () => {
    const { temperature, basis } = fitTemperature(answers);
    expect(basis).toBe("fitted");
    expect(Math.abs(temperature / each.temperature - 1)).toBeLessThan(TEMPERATURE_TOLERANCE);
  });

  it("gives scikit-learn's log loss, before and after", () => {
    [1, each.temperature].forEach((temperature, i) => {
      expect(Math.abs(lossAt(answers, temperature) - each.loss[i])).toBeLessThan(LOSS_TOLERANCE);
    });
  });
});

describe.each(["single-label", "multi-label"] as const)("fitTemperature, %s", (task) => {
  it("finds the temperature that the truth was drawn by", () => {
    for (const temperature of [0.5, 1, 3]) {
      const answers = drawn(task, 2000, temperature);
      // The fit of 2000 clips varies by a few percent.
      expect(Math.abs(Math.log(fitTemperature(answers).temperature / temperature))).toBeLessThan(0.15);
    }
  });

  it("leaves out clips and labels of which nothing is known", () => {
    const answers = drawn(task, 100, 2);
    const unknown = new Float32Array(3).fill(task === "single-label" ? 0 : Number.NaN);
    const more = {
      task,
      targets: [...answers.targets, unknown],
      logits: [...answers.logits, Float32Array.of(50, 0, -50)],
    };
    expect(fitTemperature(more)).toEqual(fitTemperature(answers));
  });

  it("stays near 1 clip in doubt where every clip is answered right", () => {
    for (const logit of [0.5, 30]) {
      const answers = right(task, 60, logit);
      const { temperature, basis } = fitTemperature(answers);
      expect(basis).toBe("all right");
      const sure = Math.max(...probabilitiesAt(task, answers.logits[0], 3, temperature));
      // 60 clips are right, and one more would be answered by chance.
      expect(sure).toBeCloseTo(task === "single-label" ? (60 + 1 / 3) / 61 : (60 + 1 / 2) / 61, 3);
    }
  });

  it("is at its limit where the answers are worse than chance, or too small to tell", () => {
    const { targets, logits } = right(task, 60, 10);
    const wrong = { task, targets, logits: logits.map((row) => row.map((value) => -value)) };
    expect(fitTemperature(wrong)).toEqual({ temperature: TEMPERATURES.max, basis: "limit" });
    expect(fitTemperature(right(task, 60, 1e-6))).toEqual({ temperature: TEMPERATURES.min, basis: "limit" });
  });

  it("is 1 for fewer than 20 clips", () => {
    expect(fitTemperature(drawn(task, 19, 3))).toEqual({ temperature: 1, basis: "few clips" });
    expect(fitTemperature(drawn(task, 20, 3)).basis).not.toBe("few clips");
  });
});

describe("probabilitiesAt", () => {
  it("is the mean over segments, and does not overflow", () => {
    const two = Float32Array.of(1000, 0, -1000, 1000);
    expect([...probabilitiesAt("single-label", two, 2, 1)]).toEqual([0.5, 0.5]);
    expect([...probabilitiesAt("multi-label", two, 2, 1)]).toEqual([0.5, 0.75]);
  });
});
