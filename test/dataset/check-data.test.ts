import { describe, expect, it } from "vitest";
import { checkData, type DataFinding } from "../../src/dataset/check-data.js";
import type { Clip } from "../../src/dataset/clip.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { frontEnd } from "../../src/features/front-end.js";
import { trainConfig } from "../../src/training/config.js";
import { runData } from "../../src/training/run-data.js";
import { messageOf } from "../store/message-of.js";
import { clipOf } from "./stored-clips.js";

const EMPTY = featuresInMemory(frontEnd({ nMels: 1 }), []);

const dataOf = (clips: readonly Clip[]) => ({ ...EMPTY, name: "features", clips });

/** `n` clips of each label, each a group of its own. */
const clipsOf = (counts: Record<string, number>): Clip[] =>
  Object.entries(counts).flatMap(([label, n]) =>
    Array.from({ length: n }, (_, i) => clipOf(`${label}/${i}.wav`, label)),
  );

const PLENTY = clipsOf({ bass: 70, flute: 70 });

/** Code and message of what was found, the blocking ones marked. */
const found = (clips: readonly Clip[]): string[] =>
  checkData(dataOf(clips)).map(({ code, message, blocks }) => `${blocks ? "! " : ""}${code}: ${message}`);

const codes = (findings: readonly DataFinding[]) => findings.map(({ code }) => code);

describe("a check of data", () => {
  it("warns of labels that are words for what is of no class", () => {
    expect(found([...PLENTY, ...clipsOf({ Unknown: 70, background: 70 })])).toEqual([
      'reserved-labels: labels "Unknown" (70 clips), "background" (70 clips): answers call sounds of no class unknown, and tables call clips of no class background; rename them, or give such audio as `background`',
    ]);
  });

  it("finds nothing in good data", () => {
    expect(found(PLENTY)).toEqual([]);
    expect(found(PLENTY.map((clip, i) => ({ ...clip, split: i % 2 === 0 ? "train" : "valid" })))).toEqual([]);
  });

  const hash = "1".repeat(64);
  const named = (split: Clip["split"], clips: readonly Clip[]) => clips.map((clip) => ({ ...clip, split }));
  const blocked: [string, readonly Clip[], string][] = [
    ["a class with too few clips", [...PLENTY, ...clipsOf({ harp: 2 })], "too-few-clips"],
    [
      "a class of copies",
      [...PLENTY, ...clipsOf({ harp: 5 }).map((clip) => ({ ...clip, audioHash: hash, group: hash }))],
      "too-few-clips",
    ],
    [
      "one training clip",
      [
        clipOf("first.wav", "bass", { split: "train" }),
        clipOf("last.wav", "bass", { split: "test" }),
        ...named("valid", PLENTY),
      ],
      "too-few-clips",
    ],
    ["one class", clipsOf({ bass: 90 }), "one-class"],
    ["splits for some clips only", [...named("train", PLENTY), ...clipsOf({ harp: 9 })], "split-conflict"],
    [
      "the same audio in two splits",
      [
        ...named("train", PLENTY),
        clipOf("a.wav", "bass", { split: "train", audioHash: hash }),
        clipOf("b.wav", "bass", { split: "test", audioHash: hash }),
      ],
      "split-conflict",
    ],
    [
      "a label in test alone",
      [...named("train", PLENTY), ...named("test", clipsOf({ harp: 2 }))],
      "untrained-labels",
    ],
  ];
  it.each(blocked)("says what a run says, in the same words: %s", (_, clips, code) => {
    const data = dataOf(clips);
    const [first] = checkData(data);
    expect(first).toMatchObject({ code, blocks: true });
    const said = messageOf(() => runData(data, trainConfig()));
    expect(said.replace(/^features: /, "")).toBe(first.message);
  });

  it("says all that stops a run at once", () => {
    expect(codes(checkData(dataOf(clipsOf({ bass: 1 }))))).toEqual(["too-few-clips", "one-class"]);
  });

  it("names every conflict between splits", () => {
    const copies = ["1", "2"].flatMap((digit) =>
      (["train", "test"] as const).map((split) =>
        clipOf(`${digit}-${split}.wav`, "bass", { split, audioHash: digit.repeat(64) }),
      ),
    );
    expect(found([...named("train", PLENTY), ...copies]).slice(0, 2)).toEqual([
      "! split-conflict: the same audio is in two splits, 1-test.wav in test and 1-train.wav in train; move or remove one of them",
      "! split-conflict: the same audio is in two splits, 2-test.wav in test and 2-train.wav in train; move or remove one of them",
    ]);
  });

  it("says that clips which all name test are only for evaluation", () => {
    expect(found(named("test", PLENTY))).toEqual([
      "! only-test: every clip names the test split; a model can be evaluated on them",
    ]);
  });

  it("names labels that look alike, with their counts", () => {
    const labels = { Bass: 8, "Hip Hop": 9, "hip-hop": 8, "007": 8, "7": 8, "7.5": 8 };
    expect(found([...PLENTY, ...clipsOf(labels)])).toEqual([
      'similar-labels: labels "007" (8 clips) and "7" (8 clips) look like one class in 2 spellings; if they are one, spell it in one way',
      'similar-labels: labels "Bass" (8 clips) and "bass" (70 clips) look like one class in 2 spellings; if they are one, spell it in one way',
      'similar-labels: labels "Hip Hop" (9 clips) and "hip-hop" (8 clips) look like one class in 2 spellings; if they are one, spell it in one way',
    ]);
  });

  it("names labels with separators in them", () => {
    expect(found([...PLENTY, ...clipsOf({ "rock, jazz": 8 })])).toEqual([
      'separator-in-label: label "rock, jazz" (8 clips) has a comma or semicolon; to give a clip several labels, separate them with |',
    ]);
    expect(found([...PLENTY, ...clipsOf({ "a,b": 8, "c;d": 8 })])).toEqual([
      'separator-in-label: labels "a,b" (8 clips), "c;d" (8 clips) have a comma or semicolon; to give a clip several labels, separate them with |',
    ]);
  });

  it("names copies, copies whose labels differ, and groups that copies join", () => {
    const copies = [
      clipOf("a.wav", "bass", { audioHash: hash, group: "g" }),
      clipOf("b.wav", "flute", { audioHash: hash, group: "h" }),
      clipOf("c.wav", "bass", { audioHash: hash }),
    ];
    expect(found([...PLENTY, ...copies])).toEqual([
      "contradicting-copies: a.wav labelled bass and b.wav labelled flute have the same audio; correct a label, or leave both out with `dropCopies`",
      "joined-groups: groups g and h are treated as one, because a.wav and b.wav have the same audio",
      "copies: 2 files are copies of others, e.g. b.wav of a.wav: copies stay in one split, and count several times; leave them out with `dropCopies`",
    ]);
  });

  it("names copies whose labels contradict each other, not those of which more or less is known", () => {
    const open = { audioHash: hash, unknownLabels: ["?"] };
    const copies = [clipOf("a.wav", "bass", open), clipOf("b.wav", "flute", open)];
    expect(found([...PLENTY, ...copies]).filter((line) => line.startsWith("contradicting"))).toEqual([]);
    const other = clipOf("c.wav", "flute", { audioHash: hash, unknownLabels: ["harp"] });
    expect(found([...PLENTY, ...copies, other])).toContain(
      "contradicting-copies: a.wav labelled bass|? and c.wav labelled flute|?harp have the same audio; correct a label, or leave both out with `dropCopies`",
    );
  });

  it("names labels that no clip is known to have, and those that no training clip is known to lack", () => {
    const open = PLENTY.map((clip) => ({ ...clip, unknownLabels: ["?"] }));
    expect(found(open)).toEqual([
      "never-absent: no training clip is known to lack bass or flute: the net can only learn to answer yes; name clips that lack them in the column absent",
    ]);
    const clips = open.map((clip) =>
      clip.labels[0] === "bass" ? { ...clip, absentLabels: ["flute", "vioiln"] } : clip,
    );
    expect(found(clips)).toEqual([
      "never-absent: no training clip is known to lack bass: the net can only learn to answer yes; name clips that lack it in the column absent",
      'never-present: label "vioiln" (70 clips): no clip is known to have it, so that no model learns it; check the spelling',
    ]);
    const named = clips.map((clip) => ({ ...clip, absentLabels: ["Flute"] }));
    expect(found(named).map((line) => line.split(":")[0])).toEqual([
      "never-absent",
      "similar-labels",
      "never-present",
    ]);
  });

  it("does not call clips one class of which some labels are not known", () => {
    const clips = clipsOf({ bass: 140 }).map((clip) => ({ ...clip, unknownLabels: ["harp"] }));
    expect(found(clips).map((line) => line.split(":")[0])).toEqual(["never-absent", "never-present"]);
  });

  it("does not speak of groups that nobody named", () => {
    const copies = [
      clipOf("a.wav", "bass", { audioHash: hash }),
      clipOf("b.wav", "bass", { audioHash: hash, group: "g" }),
    ];
    expect(codes(checkData(dataOf([...PLENTY, ...copies])))).toEqual(["copies"]);
  });

  it("names classes that are drawn unevenly, and few validation clips", () => {
    const large = Array.from({ length: 50 }, (_, i) => clipOf(`${i}.wav`, "harp", { group: "large" }));
    expect(found([...PLENTY, ...large, ...clipsOf({ harp: 2, oboe: 3 })])).toEqual([
      "uneven-splits: the splits are uneven: harp has 1 of 52 clips in validation, harp has 1 of 52 clips in test, oboe has 1 of 3 clips in train; add recordings of such classes",
    ]);
    expect(found(clipsOf({ bass: 4, flute: 4 }))).toEqual([
      "few-validation-clips: validation has 2 clips: a single one moves the score by 50 points, so that it says little; add recordings",
    ]);
  });

  it("names classes that a named split lacks", () => {
    const clips = [
      ...named("train", [...PLENTY, ...clipsOf({ harp: 5, oboe: 5 })]),
      ...named(
        "valid",
        clipsOf({ bass: 20, flute: 20, harp: 1 }).map((clip) => ({
          ...clip,
          audioHash: `f${clip.audioHash}`,
          group: `v${clip.name}`,
        })),
      ),
    ];
    expect(found(clips)).toEqual([
      "missing-class: no validation clip is labelled oboe: scores on this split say nothing about this class",
    ]);
  });

  it("takes labels named as members of every object as any other", () => {
    expect(
      codes(
        checkData(
          dataOf(["__proto__", "constructor", "toString"].flatMap((label) => clipsOf({ [label]: 70 }))),
        ),
      ),
    ).toEqual([]);
  });
});
