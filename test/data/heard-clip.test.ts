import { expect, it } from "vitest";
import { heardClip } from "../../scripts/channels/heard-clip.js";
import type { Clip } from "../../src/dataset/clip.js";
import { addClips, addGroups } from "../../src/tagging/model-clips.js";

const clip = (name: string, group: string) =>
  ({ name, audioHash: `${name}-0123456789`, group }) as Clip & { name: string };
const [trained, validated] = [clip("t", "violin 1"), clip("v", "violin 2")];
const info = {
  trainClips: addClips("", [trained.audioHash]),
  validClips: addClips("", [validated.audioHash]),
  trainGroups: addGroups("", [trained, validated]),
};
const heard = (others: Clip[], ...scored: Clip[]) =>
  heardClip([trained, validated, ...others, ...scored], scored, info)?.name;

it("finds the groups that a model was trained on, and those of their name, but not those that chose it", () => {
  const [more, note, stranger] = [clip("m", "violin 2"), clip("n", "violin 1"), clip("s", "harp")];
  expect(heard([], validated)).toBeUndefined();
  expect(heard([], validated, more, stranger)).toBeUndefined();
  expect(heard([], stranger, note)).toBe("t");
  expect(heardClip([note], [note], info)?.name).toBe("n");
  // Where none of the group's clips chose the model, its name is all that is known.
  expect(heardClip([more], [more], info)?.name).toBe("m");
});
