import { expect, it } from "vitest";
import { choosingClips, choosingSentences } from "../../src/evaluation/chose.js";
import type { Calibration } from "../../src/tagging/calibration.js";

it("says that validation clips chose the penalty of a linear head, not an epoch, and nothing if there are few", () => {
  const sentences = (basis: Calibration["basis"]) => {
    const calibration = { basis, temperature: 1, thresholds: null } as Calibration;
    const info = { trainClips: "0123456789", config: { head: { kind: "linear", l2: 1 } }, calibration };
    return choosingSentences(choosingClips(info, { nValidation: 19, seenIn: "valid" }));
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
