import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Clip } from "../../src/dataset/clip.js";
import { joinGroups } from "../../src/dataset/groups.js";
import { type ClipSplits, splitClips } from "../../src/dataset/splits.js";
import type { StoredClip } from "../../src/store/store.js";
import { messageOf } from "../store/message-of.js";
import { clipOf } from "./stored-clips.js";

const SPLIT_NAMES = ["train", "valid", "test"] as const;
const namesOf = (splits: ClipSplits) => SPLIT_NAMES.map((split) => splits[split].map(({ name }) => name));

/** `n` clips of each label, each a group of its own. */
const clipsOf = (counts: Record<string, number>): StoredClip[] =>
  Object.entries(counts).flatMap(([label, n]) =>
    Array.from({ length: n }, (_, i) => clipOf(`${label}/${i}.wav`, label)),
  );

// 20 to 40 groups of 1 to 4 clips, each clip with one of three labels: some groups have several labels.
const grouped = fc
  .array(fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 }), {
    minLength: 20,
    maxLength: 40,
  })
  .map((groups) =>
    groups.flatMap((labels, g) =>
      labels.map((label, i) => clipOf(`${g}-${i}.wav`, label, { group: `g${g}` })),
    ),
  );

describe("drawing splits", () => {
  it("gives each class its fraction", () => {
    const splits = splitClips(clipsOf({ a: 100, b: 20 }));
    const count = (clips: readonly Clip[], label: string) =>
      clips.filter((clip) => clip.labels[0] === label).length;
    expect(SPLIT_NAMES.map((split) => count(splits[split], "a"))).toEqual([70, 15, 15]);
    expect(SPLIT_NAMES.map((split) => count(splits[split], "b"))).toEqual([14, 3, 3]);
  });
  it("puts the one large group of a class into train", () => {
    const large = Array.from({ length: 50 }, (_, i) => clipOf(`${i}.wav`, "a", { group: "large" }));
    const small = ["x", "y"].map((name) => clipOf(`${name}.wav`, "a", { group: name }));
    const splits = splitClips([...large, ...small]);
    expect(SPLIT_NAMES.map((split) => splits[split].length)).toEqual([50, 1, 1]);
  });
  it("keeps every group in one split, leaves no class out of a split, and loses no clip", () => {
    fc.assert(
      fc.property(grouped, fc.integer({ min: 0, max: 9 }), (clips, seed) => {
        const nGroups = (label: string) =>
          new Set(clips.filter((clip) => clip.labels[0] === label).map((clip) => clip.group)).size;
        fc.pre(["a", "b", "c"].every((label) => nGroups(label) >= 6));
        const splits = splitClips(clips, { seed });
        expect(namesOf(splits).flat().sort()).toEqual(clips.map(({ name }) => name).sort());
        for (const group of new Set(clips.map((clip) => clip.group)))
          expect(
            SPLIT_NAMES.filter((split) => splits[split].some((clip) => clip.group === group)),
          ).toHaveLength(1);
        for (const split of SPLIT_NAMES)
          expect(new Set(splits[split].flatMap((clip) => clip.labels))).toEqual(new Set(["a", "b", "c"]));
      }),
      { numRuns: 60 },
    );
  });
  it("depends on the seed and not on the order of the files", () => {
    const clips = clipsOf({ a: 30, b: 30 });
    fc.assert(
      fc.property(fc.shuffledSubarray(clips, { minLength: clips.length }), (shuffled) => {
        expect(splitClips(shuffled, { seed: 3 })).toEqual(splitClips(clips, { seed: 3 }));
      }),
      { numRuns: 20 },
    );
    expect(splitClips(clips, { seed: 4 }).hash).not.toBe(splitClips(clips, { seed: 3 }).hash);
  });
  it.each([
    [
      "groups of 1, 2, 3 and 4 clips, each clip of two or three labels",
      Array.from({ length: 90 }, (_, i) =>
        clipOf(`${i}.wav`, "", {
          labels: [...new Set(["abc"[i % 3], "abcd"[i % 4], "de"[i % 2]])],
          group: `g${Math.floor(i / 10)}-${[1, 2, 2, 3, 3, 3, 4, 4, 4, 4][i % 10]}`,
        }),
      ),
      { seed: 7, validFraction: 0.2, testFraction: 0.1 },
      [62, 19, 9],
      "935b6d3c1d933019d2600abf719e9f64255c7baf38558589b271a8f8ced7c4fc",
    ],
    [
      "eight classes alike, each of groups of 3, 2 and 1 clips",
      [..."hgfedcba"].flatMap((label) =>
        [3, 2, 1].flatMap((size) =>
          Array.from({ length: size }, (_, i) =>
            clipOf(`${label}${size}-${i}.wav`, label, { group: `${label}${size}` }),
          ),
        ),
      ),
      { validFraction: 0.25, testFraction: 0.25 },
      [24, 12, 12],
      "f666534191015215b31270a2b01c1f9f09adf458f1da27f453e8d7e15097f817",
    ],
    [
      "default fractions",
      clipsOf({ b: 9, a: 9, c: 12 }),
      {},
      [20, 5, 5],
      "55dffe60dc831121cc042dd307a7ef1db9cb0b97ff52ee978585216c4fbf5424",
    ],
  ] as const)(
    "draws as ever, since models on disk have their splits drawn again: %s",
    (_, clips, options, sizes, hash) => {
      const splits = splitClips([...clips], options);
      expect(SPLIT_NAMES.map((split) => splits[split].length)).toEqual(sizes);
      expect(splits.hash).toBe(hash);
    },
  );
  it("has another hash when a clip is labelled anew", () => {
    const clips = clipsOf({ a: 30, b: 30 }).map((clip) => ({ ...clip, split: "train" as const }));
    const [first, ...rest] = clips;
    const options = { validFraction: 0, testFraction: 0 };
    const hashOf = (all: typeof clips) => splitClips(all, options).hash;
    expect(hashOf([{ ...first, labels: ["b"] }, ...rest])).not.toBe(hashOf(clips));
  });
  it("counts a clip with several labels for each of them", () => {
    const clips = Array.from({ length: 40 }, (_, i) =>
      clipOf(`${i}.wav`, "", { labels: ["all", i % 4 === 0 ? "rare" : "common"] }),
    );
    const { valid } = splitClips(clips, { validFraction: 0.2, testFraction: 0.2 });
    expect([valid.length, valid.filter((clip) => clip.labels.includes("rare")).length]).toEqual([8, 2]);
  });
  it("spreads clips without labels over the splits as those of a class", () => {
    const clips = clipsOf({ a: 40 });
    const without = clips.map((clip) => clipOf(`none/${clip.name}`, "", { labels: [] }));
    const splits = splitClips([...clips, ...without], { validFraction: 0.2, testFraction: 0.2 });
    const nWithout = SPLIT_NAMES.map(
      (split) => splits[split].filter(({ labels }) => labels.length === 0).length,
    );
    expect(nWithout).toEqual([24, 8, 8]);
    expect(SPLIT_NAMES.map((split) => splits[split].length)).toEqual([48, 16, 16]);
    const few = splitClips([...clips, without[0]]);
    expect(namesOf(few).flat()).toHaveLength(41);
    expect(few.train.some(({ name }) => name === without[0].name)).toBe(true);
  });
  it("keeps copies of the same audio together, whatever their groups", () => {
    const audioHash = "f".repeat(64);
    const copies = ["x", "y", "z"].map((name) => clipOf(`${name}.wav`, "a", { audioHash, group: name }));
    const splits = splitClips([...clipsOf({ a: 10 }), ...copies]);
    expect(
      SPLIT_NAMES.filter((split) => splits[split].some((clip) => clip.audioHash === audioHash)),
    ).toHaveLength(1);
  });
  it("gives each split one of a class's three groups, though the fractions ask for two in train", () => {
    expect(SPLIT_NAMES.map((split) => splitClips(clipsOf({ a: 3 }))[split].length)).toEqual([1, 1, 1]);
  });
  it("gives the odd clip of each class to the split that has fewer clips so far", () => {
    // Of 6 clips, 1.5 are wanted in validation and 1.5 in test.
    const clips = clipsOf(Object.fromEntries([..."abcdefghij"].map((label) => [label, 6])));
    const splits = splitClips(clips, { validFraction: 0.25, testFraction: 0.25 });
    expect(SPLIT_NAMES.map((split) => splits[split].length)).toEqual([30, 15, 15]);
  });
  it("draws again if a class was left out of a split", () => {
    // The first draw of seed 1 leaves one out.
    const clips = ["bcd", "abd", "abcd", "cd", "abc", "bc"].map((labels, i) =>
      clipOf(`${i}.wav`, "", { labels: [...labels] }),
    );
    const splits = splitClips(clips, { seed: 1 });
    for (const split of SPLIT_NAMES)
      expect(new Set(splits[split].flatMap(({ labels }) => labels))).toEqual(new Set("abcd"));
  });
  it("gives up if no draw puts every class into every split", () => {
    // Each class has two of three clips: the class of the two clips in one split is missing from the other.
    const clips = ["ab", "bc", "ca"].map((labels) => clipOf(`${labels}.wav`, "", { labels: [...labels] }));
    expect(messageOf(() => splitClips(clips, { testFraction: 0 }))).toBe(
      "no split found in 100 draws that puts every class in train and validation; name the splits in a manifest, or leave out rare labels",
    );
  });
  it("draws no split with fraction 0", () => {
    const splits = splitClips(clipsOf({ a: 1, b: 1 }), { validFraction: 0, testFraction: 0 });
    expect(namesOf(splits)).toEqual([["a/0.wav", "b/0.wav"], [], []]);
  });
  it("names the classes that have too few groups, and the remedy", () => {
    expect(messageOf(() => splitClips(clipsOf({ harp: 2, oboe: 1, piano: 9 })))).toBe(
      "every class needs 3 clips to be in train, validation and test, but harp has 2, oboe has 1; add recordings, name the splits in a manifest, or leave rare classes out",
    );
    expect(messageOf(() => splitClips(clipsOf({ a: 9 }), { validFraction: 0.5, testFraction: 0.5 }))).toBe(
      "validFraction must add up to less than 1 with `testFraction`, got 0.5 + 0.5",
    );
  });
  it("advises to do without a test split only if that is enough", () => {
    expect(messageOf(() => splitClips(clipsOf({ harp: 2, piano: 9 })))).toBe(
      "every class needs 3 clips to be in train, validation and test, but harp has 2; add recordings, name the splits in a manifest, leave rare classes out, or set `testFraction` to 0",
    );
    expect(messageOf(() => splitClips(clipsOf({ harp: 1, piano: 9 }), { testFraction: 0 }))).toBe(
      "every class needs 2 clips to be in train and validation, but harp has 1; add recordings, name the splits in a manifest, or leave rare classes out",
    );
  });
  it("says which files tie the clips of such a class together", () => {
    const one = "1".repeat(64);
    const same = (name: string, more: Partial<StoredClip> = {}) =>
      clipOf(name, "harp", { audioHash: one, group: one, ...more });
    const message = (clips: StoredClip[]) =>
      messageOf(() => splitClips([...clipsOf({ piano: 9 }), ...clips]));
    const [start, end] = [
      "every class needs 3 independent clips to be in train, validation and test, but harp has 1 (",
      ": these count as one); add recordings, name the splits in a manifest, or leave rare classes out",
    ];
    expect(message(["e", "d", "c", "b", "a"].map((name) => same(`${name}.wav`)))).toBe(
      `${start}a.wav, b.wav and 3 more have the same audio${end}`,
    );
    expect(message(["a.wav", "b.wav"].map((name) => clipOf(name, "harp", { group: "g" })))).toBe(
      `${start}a.wav and b.wav are in group g${end}`,
    );
    expect(
      message([same("a.wav"), same("b.wav", { group: "g" }), clipOf("c.wav", "harp", { group: "g" })]),
    ).toBe(`${start}a.wav has the same audio as b.wav, which is in group g with c.wav${end}`);
    expect(
      message([
        same("b.wav", { group: "g" }),
        same("c.wav", { group: "h" }),
        clipOf("a.wav", "harp", { group: "g" }),
      ]),
    ).toBe(`${start}c.wav has the same audio as b.wav, which is in group g with a.wav${end}`);
  });
  it("names ten of many such classes", () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`c${i + 10}`, 2]));
    expect(messageOf(() => splitClips(clipsOf(many)))).toMatch(/, c19 has 2, 2 more classes too few; add/);
  });
  it.each([
    [{ validFraction: -0.1 }, "validFraction must be a number of at least 0 and less than 1, got -0.1"],
    [
      { validFraction: 1, testFraction: 0 },
      "validFraction must be a number of at least 0 and less than 1, got 1",
    ],
    [{ testFraction: -0.1 }, "testFraction must be a number of at least 0 and less than 1, got -0.1"],
    [
      { testFraction: 1, validFraction: 0 },
      "testFraction must be a number of at least 0 and less than 1, got 1",
    ],
    [{ seed: 1.5 }, "seed must be an integer, got 1.5"],
  ])("rejects %j", (options, message) => {
    expect(messageOf(() => splitClips(clipsOf({ a: 9 }), options))).toBe(message);
  });
});

describe("named splits", () => {
  const named = (name: string, split: StoredClip["split"], more: Partial<StoredClip> = {}) =>
    clipOf(name, "a", { split, ...more });

  it("are taken as they are", () => {
    const clips = [named("x", "test"), named("y", "train"), named("z", "valid")];
    expect(namesOf(splitClips(clips))).toEqual([["y"], ["z"], ["x"]]);
  });
  it("may hold several clips of a group, and copies", () => {
    const copy = { audioHash: "d".repeat(64), group: "miles" };
    const clips = [
      named("x", "train", copy),
      named("y", "train", copy),
      named("z", "train", { group: "miles" }),
    ];
    const options = { validFraction: 0, testFraction: 0 };
    expect(namesOf(splitClips(clips, options))).toEqual([["x", "y", "z"], [], []]);
  });
  it("leave validation to be drawn from train, and test unchanged", () => {
    const clips = [...Array.from({ length: 20 }, (_, i) => named(`${i}`, "train")), named("x", "test")];
    const splits = splitClips(clips);
    expect(SPLIT_NAMES.map((split) => splits[split].length)).toEqual([17, 3, 1]);
    expect(splits.test[0].name).toBe("x");
  });
  it("may be only test", () => {
    expect(namesOf(splitClips([named("x", "test")]))).toEqual([[], [], ["x"]]);
  });
  it("are rejected if a group or the same audio is in two", () => {
    const group = { group: "miles" };
    expect(messageOf(() => splitClips([named("x", "train", group), named("y", "test", group)]))).toBe(
      "group miles is in two splits, x in train and y in test; move or remove one of them",
    );
    const copy = { audioHash: "e".repeat(64) };
    expect(
      messageOf(() =>
        splitClips([
          named("x", "train", { ...copy, group: "p" }),
          named("y", "valid", { ...copy, group: "q" }),
        ]),
      ),
    ).toBe("the same audio is in two splits, x in train and y in valid; move or remove one of them");
  });
  it("are rejected with the chain of clips that ties two splits together", () => {
    const [one, two] = ["1".repeat(64), "2".repeat(64)];
    const clips = [
      named("a", "train", { audioHash: one }),
      named("b", "train", { audioHash: one, group: "g" }),
      named("c", "train", { audioHash: two, group: "g" }),
      named("d", "test", { audioHash: two }),
      named("e", "valid"),
    ];
    const chain =
      "a in train and d in test must be in one split: a has the same audio as b, which is in group g with c, which has the same audio as d; move or remove one of them";
    expect(messageOf(() => splitClips(clips))).toBe(chain);
    // Stores of earlier versions keep the name of the joined group, here a hash.
    const joined = clips.slice(0, 4).map((clip) => ({ ...clip, group: one }));
    expect(messageOf(() => splitClips(joined.filter(({ name }) => name !== "c")))).toBe(
      "one group is in two splits, a in train and d in test; move or remove one of them",
    );
  });
  it("are rejected with the number of conflicts", () => {
    const copies = (hash: string) =>
      [named(`${hash}1`, "train"), named(`${hash}2`, "test")].map((clip) => ({
        ...clip,
        audioHash: hash.repeat(64),
      }));
    expect(messageOf(() => splitClips([...copies("1"), ...copies("2"), ...copies("3")]))).toBe(
      "the same audio is in two splits, 11 in train and 12 in test; move or remove one of them (and 2 more conflicts like this)",
    );
  });
  it("are rejected if only some clips name one", () => {
    expect(messageOf(() => splitClips([named("x", "train"), named("y", null)]))).toBe(
      "a split is named for 1 of 2 clips, but not for others, e.g. y; name one for every clip or for none",
    );
  });
});

describe("groups", () => {
  it("are joined through any chain of copies", () => {
    const [p, q] = ["1".repeat(64), "2".repeat(64)];
    const clips = [
      clipOf("a", "x", { audioHash: p, group: "g3" }),
      clipOf("b", "x", { audioHash: p, group: "g2" }),
      clipOf("c", "x", { audioHash: q, group: "g2" }),
      clipOf("d", "x", { audioHash: q, group: "g1" }),
      clipOf("e", "x", { group: "g3" }),
      clipOf("f", "x", { group: "g4" }),
    ];
    const joins: string[] = [];
    expect(joinGroups(clips, (a, b) => joins.push(a.name + b.name)).map((clip) => clip.group)).toEqual([
      "g1",
      "g1",
      "g1",
      "g1",
      "g1",
      "g4",
    ]);
    expect(joins).toEqual(["ab", "cd"]);
    expect(joinGroups(joinGroups(clips)).map(({ ownGroup }) => ownGroup)).toEqual(
      ["g3", "g2", "g2", undefined, "g3", undefined], // of g1 and g4, nothing changed
    );
  });
  it("are not joined to themselves through copies within a group", () => {
    const copies = ["a", "b"].map((name) => clipOf(name, "x", { audioHash: "1".repeat(64), group: "g" }));
    const joins: string[] = [];
    expect(joinGroups(copies, (a, b) => joins.push(a.name + b.name))).toEqual(copies);
    expect(joins).toEqual([]);
  });
});
