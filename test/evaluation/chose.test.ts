import { expect, it } from "vitest";
import type { Clip } from "../../src/dataset/clip.js";
import { choosingClips, choosingSentences, trainedText } from "../../src/evaluation/chose.js";
import type { Calibration } from "../../src/tagging/calibration.js";
import { addGroups } from "../../src/tagging/model-clips.js";

it("says that validation clips chose the penalty of a linear head, not an epoch, and nothing if there are few", () => {
  const sentences = (basis: Calibration["basis"]) => {
    const calibration = { basis, temperature: 1, thresholds: null } as Calibration;
    const info = { trainClips: "0123456789", config: { head: { kind: "linear", l2: 1 } }, calibration };
    return choosingSentences(choosingClips(info, { clips: [], nValidation: 19, seenIn: "valid" }));
  };
  expect(sentences("fitted")).toEqual([
    "19 validation clips chose the L2 penalty and the temperature",
    "these clips chose the L2 penalty and the temperature: the scores are too good, and this is not a test",
  ]);
  expect(sentences("few clips")).toEqual([
    "19 validation clips chose nothing",
    "the model was not trained on these clips, and they chose nothing",
  ]);
});

it("says that the clips of the model it started from are counted, which may have chosen that model's epoch", () => {
  const start = { model: "0", labels: ["a"] };
  const of = (info: Partial<Parameters<typeof choosingClips>[0]>) =>
    choosingClips(
      { trainClips: "0123456789", start, ...info },
      { clips: [], nValidation: 19, seenIn: "valid" },
    );
  expect(trainedText(of({}))).toBe("1 clip with those of the model it started from");
  expect(choosingSentences(of({}))[0]).toBe(
    "19 validation clips with those of the model it started from chose the epoch",
  );
  expect(trainedText(of({ start: undefined }))).toBe("1 clip");
  const head = of({ config: { head: { kind: "linear", l2: 1 } } });
  expect(choosingSentences(head)[1]).toBe(
    "these clips chose nothing, but may have chosen the epoch of the model it started from: this may be no test",
  );
});

it("warns of clips whose groups have the names of groups of the training, but not of clips without a group", () => {
  const clip = (audioHash: string, group: string) => ({ audioHash, group }) as Clip;
  const trained = [clip("a1", "MSBasic-004"), clip("a2", "solo"), clip("a3", "a3")];
  const info = { trainClips: "0123456789", trainGroups: addGroups("", trained) };
  const clips = [clip("b1", "MSBasic-004"), clip("b2", "MSBasic-004"), clip("a3", "a3"), clip("b3", "other")];
  const sentence = (of: typeof info, seenIn: "train" | null = null) =>
    choosingSentences(choosingClips(of, { clips, nValidation: 19, seenIn }))[1];
  expect(sentence(info)).toBe(
    "the model was not trained on these clips, and they chose nothing; but groups of its training have the names of the groups of 2 clips: unless other sounds are called the same, this is not a test",
  );
  expect(sentence(info, "train")).toBe("the model was trained on these clips: this is not a test");
  expect(sentence({ ...info, trainGroups: "" })).toMatch(/, and they chose nothing$/);
});
