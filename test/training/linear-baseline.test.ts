import { describe, expect, it } from "vitest";
import { featureSets } from "../../src/dataset/feature-set.js";
import { splitClips } from "../../src/dataset/splits.js";
import { Session } from "../../src/runtime/session.js";
import { evaluateLinear, evaluateMajority, mainScore } from "../../src/training/evaluate.js";
import { trainLinearBaseline } from "../../src/training/linear-baseline.js";
import { makeTinyStore } from "./tiny-store.js";

const store = await makeTinyStore();
const sets = featureSets(store, splitClips(store.clips));

describe("the linear baseline", () => {
  it("tells hiss, hum and tone apart by their descriptors, on clips it was not trained on", async () => {
    const model = await trainLinearBaseline(sets, { task: "single-label", seed: 1 });
    const session = await Session.open(model!, { threads: 1 });
    const scores = await evaluateLinear(session, sets.test, "single-label");
    await session.close();
    expect(mainScore(scores)).toBe(1);
    expect(scores.nClips).toBe(6);
  });

  it("repeats with its seed, and differs with another", async () => {
    const [once, again, other] = await Promise.all(
      [1, 1, 2].map((seed) => trainLinearBaseline(sets, { task: "single-label", seed })),
    );
    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });

  it("gives nothing when it is stopped", async () => {
    const signal = AbortSignal.abort();
    expect(await trainLinearBaseline(sets, { task: "single-label", seed: 1, signal })).toBeNull();
  });
});

describe("evaluateMajority", () => {
  it("answers the most frequent label of training: balanced accuracy of one in all", () => {
    const scores = evaluateMajority(sets.test, "single-label", { hiss: 5, hum: 3, tone: 2 });
    expect(mainScore(scores)).toBeCloseTo(1 / 3, 12);
    expect(scores.loss).toBeCloseTo(-(Math.log(0.5) + Math.log(0.3) + Math.log(0.2)) / 3, 6);
    expect(scores.task === "single-label" && scores.recall).toEqual({ hiss: 1, hum: 0, tone: 0 });
  });
});
