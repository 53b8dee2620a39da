import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import {
  contradict,
  hasLabel,
  joinFacts,
  type LabelFacts,
  labelFacts,
  labelText,
} from "../../src/dataset/known-labels.js";
import { recordSplits, splitClips, splitsOfRecord } from "../../src/dataset/splits.js";
import { frontEnd } from "../../src/features/front-end.js";
import { messageOf } from "../store/message-of.js";
import { clipOf, memoryClip } from "./stored-clips.js";

const VOCABULARY = ["drums", "flute", "piano", "violin"];
const knownOf = (facts: LabelFacts) => VOCABULARY.map((label) => hasLabel(facts, label));

/** Any facts about some of the labels; the others are absent or unknown. */
const anyFacts = fc
  .tuple(
    fc.array(fc.constantFrom("has", "lacks", "unknown", "unnamed"), { minLength: 4, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([states, isOpen]): LabelFacts => {
    const named = (state: string) => VOCABULARY.filter((_, i) => states[i] === state);
    return {
      labels: named("has"),
      unknownLabels: [...named("unknown"), ...(isOpen ? ["?"] : [])],
      absentLabels: named("lacks"),
    };
  });

describe("what is known about a clip's labels", () => {
  it("is everything unless lists say otherwise", () => {
    expect(knownOf({ labels: ["flute"] })).toEqual([false, true, false, false]);
    expect(knownOf({ labels: ["flute"], unknownLabels: ["piano"] })).toEqual([false, true, null, false]);
  });
  it("is what is named, beside a ?", () => {
    const facts = { labels: ["flute"], unknownLabels: ["?"], absentLabels: ["piano"] };
    expect(knownOf(facts)).toEqual([null, true, false, null]);
  });
  it("stays the same in the form in which it is kept", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        expect(knownOf(labelFacts(facts))).toEqual(knownOf(facts));
      }),
    );
    expect(labelFacts({ labels: ["b", "a"], unknownLabels: [], absentLabels: ["c"] })).toEqual({
      labels: ["b", "a"],
    });
    expect(labelFacts({ labels: [], unknownLabels: ["c", "?"], absentLabels: ["d"] })).toEqual({
      labels: [],
      unknownLabels: ["?"],
      absentLabels: ["d"],
    });
  });
  it("contradicts what another copy says only where one has a label that the other lacks", () => {
    fc.assert(
      fc.property(anyFacts, anyFacts, (a, b) => {
        const differs = VOCABULARY.find((_, i) => knownOf(a)[i] !== null && knownOf(b)[i] === !knownOf(a)[i]);
        expect(contradict(a, b)).toBe(differs !== undefined);
      }),
    );
  });
  it("is what either of two copies knows, if they are joined", () => {
    fc.assert(
      fc.property(anyFacts, anyFacts, (a, b) => {
        fc.pre(!contradict(a, b));
        const either = VOCABULARY.map((_, i) => knownOf(a)[i] ?? knownOf(b)[i]);
        expect(knownOf(joinFacts(a, b))).toEqual(either);
      }),
    );
  });
  it("is written as in a manifest", () => {
    expect(labelText({ labels: ["flute", "drums"] })).toBe("drums|flute");
    expect(labelText({ labels: ["flute"], unknownLabels: ["violin"] })).toBe("flute|?violin");
    expect(labelText({ labels: [], unknownLabels: ["?"], absentLabels: ["piano"] })).toBe("? without piano");
  });
});

describe("clips of which labels are not known", () => {
  const front = frontEnd({ nMels: 1 });
  const dataOf = (...facts: LabelFacts[]) =>
    featuresInMemory(
      front,
      facts.map((each, i) => memoryClip(`${i}`, [[i]], { ...each, split: "train" })),
    );
  const setOf = (...facts: LabelFacts[]) => {
    const data = dataOf(...facts);
    return featureSets(data, splitClips(data.clips, { validFraction: 0, testFraction: 0 })).train;
  };

  it("have NaN as their targets, and no labels of their own in the vocabulary", () => {
    const train = setOf(
      { labels: ["flute"], unknownLabels: ["piano", "harp"] },
      { labels: ["piano"], unknownLabels: ["?"], absentLabels: ["gong"] },
      { labels: [], unknownLabels: ["?"], absentLabels: ["piano"] },
    );
    expect(train.labels).toEqual(["flute", "piano"]);
    expect(train.clips.map((_, i) => [...train.targets(i)])).toEqual([
      [1, NaN],
      [NaN, 1],
      [NaN, 0],
    ]);
    expect(train.lacksTargets).toBe(true);
  });
  it("lack no target if what is not known is not in the vocabulary", () => {
    expect(setOf({ labels: ["flute"], unknownLabels: ["piano"] }).lacksTargets).toBe(false);
    expect(setOf({ labels: ["flute"] }, { labels: ["piano"] }).lacksTargets).toBe(false);
  });
  it("change the hash of the splits, and are found in a record of splits", () => {
    const clips = [..."abcd"].map((name) => clipOf(name, "x"));
    const open = clips.map((clip) => ({ ...clip, unknownLabels: ["?"] }));
    const without = open.map((clip) => ({ ...clip, absentLabels: ["y"] }));
    const splits = [clips, open, without].map((each) => splitClips(each));
    expect(new Set(splits.map(({ hash }) => hash)).size).toBe(3);
    expect(splitsOfRecord(open, recordSplits(splits[1])).hash).toBe(splits[1].hash);
    expect(splitsOfRecord(without, recordSplits(splits[1])).train).toEqual([]);
  });
  it.each([
    [
      { labels: ["a"], unknownLabels: ["a"] },
      "clips[0].labels must be apart from the labels that are unknown or absent, got a in two lists for 0",
    ],
    [
      { labels: ["a"], unknownLabels: ["b", "?"], absentLabels: ["b"] },
      "clips[0].labels must be apart from the labels that are unknown or absent, got b in two lists for 0",
    ],
    [
      { labels: [], unknownLabels: ["a"] },
      "clips[0].labels must have at least one label beside those that are unknown, got none for 0",
    ],
    [
      { labels: ["a"], unknownLabels: "b" as never },
      'clips[0] must be a clip, whose unknownLabels is a list, got "b" as unknownLabels',
    ],
    [{ labels: ["a"], absentLabels: [1] as never }, "clips[0].absentLabels must be a string, got 1"],
  ])("are checked in memory: %j", (facts, message) => {
    expect(messageOf(() => dataOf(facts))).toBe(message);
  });
});
