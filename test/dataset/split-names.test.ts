import { expect, it } from "vitest";
import { type Split, splitMeantBy } from "../../src/dataset/split-names.js";

it.each<[string, Split | undefined]>([
  ["train", "train"],
  ["training", "train"],
  ["valid", "valid"],
  ["validation", "valid"],
  ["validate", "valid"],
  ["val", "valid"],
  ["Dev", "valid"],
  ["development", "valid"],
  ["TEST", "test"],
  ["testing", "test"],
  ["eval", "test"],
  ["evaluation", "test"],
  ["piano", undefined],
  ["constructor", undefined],
  ["__proto__", undefined],
  ["", undefined],
])("%s means %s", (name, split) => {
  expect(splitMeantBy(name)).toBe(split);
});
