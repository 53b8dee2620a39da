import { expect, it } from "vitest";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { SPLITS } from "../../src/dataset/split-names.js";
import { splitClips } from "../../src/dataset/splits.js";
import { chooseClips, reasonsIn } from "../../src/evaluation/choose-clips.js";
import { frontEnd } from "../../src/features/front-end.js";
import { addClips } from "../../src/tagging/model-clips.js";

/** In each split 10 clips of two labels and one of background. */
const memory = SPLITS.flatMap((split, s) =>
  Array.from({ length: 11 }, (_, i) => ({
    name: `${split} ${i}`,
    labels: i === 10 ? [] : [i % 2 === 0 ? "bass" : "flute"],
    split,
    features: { data: new Float32Array(4).fill(100 * s + i), shape: [4, 1] },
  })),
);
const data = featuresInMemory(frontEnd({ nMels: 1 }), memory);
const splits = splitClips(data.clips);
const hashesOf = (split: "train" | "valid") =>
  addClips(
    "",
    splits[split].map(({ audioHash }) => audioHash),
  );
const info = {
  labels: ["bass", "flute"],
  split: {
    ...{ seed: 0, validFraction: 0.15, testFraction: 0.15, hash: splits.hash },
    trainCounts: { bass: 5, flute: 5 },
  },
  trainClips: hashesOf("train"),
  validClips: hashesOf("valid"),
};

it("counts background apart, so that every clip is either scored or left out for a reason", () => {
  const { clips, background, leftOut, nValidation } = chooseClips(data, info, "all");
  expect(leftOut).toEqual({ trainedOn: 10, choseEpoch: 10, sameGroup: 0, unknownLabels: 0, background: 3 });
  const total = reasonsIn(leftOut!).reduce((sum, [count]) => sum + count, clips.length);
  expect(total).toBe(data.clips.length);
  expect(nValidation).toBe(10);
  expect(background.map(({ name }) => name)).toEqual(["test 10"]);
});

it("chooses the same clips in the same order, however the data are ordered: intervals depend on it", () => {
  const reversed = featuresInMemory(frontEnd({ nMels: 1 }), [...memory].reverse());
  const changed = featuresInMemory(
    frontEnd({ nMels: 1 }),
    [...memory, { ...memory[0], name: "zz" }].reverse(),
  );
  const names = (of: typeof data, part: "test" | "all") =>
    chooseClips(of, info, part).clips.map(({ name }) => name);
  for (const part of ["test", "all"] as const) expect(names(reversed, part)).toEqual(names(data, part));
  expect(names(changed, "test")).toEqual(names(data, "test"));
});

it("leaves nothing out of a test split of which only background is not scored", () => {
  expect(chooseClips(data, info, "test")).toMatchObject({ leftOut: null, nValidation: 10 });
});
