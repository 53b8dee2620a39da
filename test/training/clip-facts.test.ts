import { describe, expect, it } from "vitest";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import { splitClips } from "../../src/dataset/splits.js";
import { evaluateMajority } from "../../src/evaluation/evaluate.js";
import { frontEnd } from "../../src/features/front-end.js";
import { isOfTrainedGroup, trainClipCount } from "../../src/tagging/model-clips.js";
import { clipFacts } from "../../src/training/clip-facts.js";

const DRAWN = { seed: 1, validFraction: 0, testFraction: 0, hash: "" };

/** Sets of 4 training clips, all "harp" and two "flute" as well, and 1 validation clip. */
function setsOf({ withCopy = false, groups = [] as string[] } = {}) {
  const clips = [0, 1, 2, withCopy ? 2 : 3, 4].map((value, i) => ({
    name: `${i}`,
    labels: i < 2 ? ["harp", "flute"] : ["harp"],
    ...(groups[i] === undefined ? {} : { group: groups[i] }),
    split: i < 4 ? ("train" as const) : ("valid" as const),
    features: { shape: [1, 1], data: Float32Array.of(value) },
  }));
  const data = featuresInMemory(frontEnd({ nMels: 1 }), clips);
  return featureSets(data, splitClips(data.clips, { testFraction: 0 }));
}

const lossOf = (sets: ReturnType<typeof setsOf>, { split, trainClips }: ReturnType<typeof clipFacts>) =>
  evaluateMajority(sets.train, { task: "multi-label" }, { ...split, nClips: trainClipCount({ trainClips }) })
    .scores.loss;

describe("clipFacts", () => {
  const plain = clipFacts(setsOf(), DRAWN, { task: "multi-label" });

  it("counts training clips, and the clips with each label among them", () => {
    expect(plain.split).toEqual({ ...DRAWN, trainCounts: { flute: 2, harp: 4 } });
    expect(trainClipCount(plain)).toBe(4);
    expect(plain.validClips).toMatch(/^[0-9a-f]{10}$/);
  });
  it.each([
    ["copies", setsOf({ withCopy: true }), undefined, 3],
    ["the clips of an earlier run", setsOf(), { trainClips: "0123456789abcdefabcd", validClips: "" }, 6],
  ])(
    "says how many of its own a run had, beside %s: the majority baseline is that of the run",
    (_, sets, from, n) => {
      const facts = clipFacts(sets, DRAWN, { task: "multi-label", from });
      expect(trainClipCount(facts)).toBe(n);
      expect(facts.split.knownCounts).toEqual({ flute: 4, harp: 4 });
      expect(lossOf(sets, facts)).toBe(lossOf(setsOf(), plain));
      expect(clipFacts(sets, DRAWN, { task: "single-label", from }).split.knownCounts).toBeUndefined();
    },
  );

  it("records the named groups of training and validation, with those of the model that it started from", () => {
    const groups = ["a", "a", "b", "c", "d"];
    const grouped = clipFacts(setsOf({ groups }), DRAWN, { task: "multi-label" });
    const known = (facts: typeof plain, names: string[]) =>
      names.map((group) => isOfTrainedGroup(facts)({ audioHash: "0", group }));
    expect(known(grouped, ["a", "b", "c", "d", "e", "0"])).toEqual([true, true, true, true, false, false]);
    expect(plain.trainGroups).toBe("");
    // A copy of the last training clip without a group joins its group under the copy's hash, or under another name.
    const withCopy = clipFacts(setsOf({ groups, withCopy: true }), DRAWN, { task: "multi-label" });
    expect(known(withCopy, ["a", "b", "c", "d", "e"])).toEqual([true, true, true, true, false]);
    const from = { trainClips: "", validClips: "", trainGroups: grouped.trainGroups };
    const tuned = clipFacts(setsOf({ groups: ["e", "e", "e", "e", "f"] }), DRAWN, {
      task: "multi-label",
      from,
    });
    expect(known(tuned, ["a", "d", "e", "f", "g"])).toEqual([true, true, true, true, false]);
    // A model of an older version does not say which groups it knows.
    const old = { trainClips: "", validClips: "" };
    expect(
      clipFacts(setsOf({ groups }), DRAWN, { task: "multi-label", from: old }).trainGroups,
    ).toBeUndefined();
  });
});
