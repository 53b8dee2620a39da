import { describe, expect, it } from "vitest";
import { byClassFolder, ofOneClass } from "../../src/studio/class-folders.js";

const file = new File([], "a.wav");
const given = (...paths: string[]) => paths.map((path) => ({ file, path }));
const sorted = (...paths: string[]) => {
  const { classed, loose } = byClassFolder(given(...paths));
  return { classes: classed.map(({ className, split, path }) => [className, split, path]), loose };
};

describe("folders of classes", () => {
  it.each([
    [
      "folders that are dropped together",
      ["violin/A4.wav", "flute/low/A5.wav"],
      [
        ["violin", null, "A4.wav"],
        ["flute", null, "low/A5.wav"],
      ],
      [],
    ],
    [
      "one folder that holds the others, and a file beside them",
      ["my-sounds/violin/A4.wav", "my-sounds/flute/A5.wav", "my-sounds/loose.wav"],
      [
        ["violin", null, "A4.wav"],
        ["flute", null, "A5.wav"],
      ],
      ["my-sounds/loose.wav"],
    ],
    [
      "one class, with more files than its folder of further ones",
      ["violin/A4.wav", "violin/B4.wav", "violin/old/C4.wav"],
      [
        ["violin", null, "A4.wav"],
        ["violin", null, "B4.wav"],
        ["violin", null, "old/C4.wav"],
      ],
      [],
    ],
    [
      "folders of splits",
      ["my-sounds/train/violin/A4.wav", "my-sounds/val/flute/A5.wav", "my-sounds/test/flute/B5.wav"],
      [
        ["violin", "train", "A4.wav"],
        ["flute", "valid", "A5.wav"],
        ["flute", "test", "B5.wav"],
      ],
      [],
    ],
    ["files alone", ["A4.wav"], [], ["A4.wav"]],
    ["nothing", [], [], []],
  ])("%s", (_, paths, classes, loose) => {
    expect(sorted(...paths)).toEqual({ classes, loose });
  });

  it("leaves the folder of one class out of its files' paths", () => {
    const paths = (...names: string[]) => ofOneClass(given(...names)).map(({ path }) => path);
    expect(paths("violin/A4.wav", "violin/take 1/B4.wav")).toEqual(["A4.wav", "take 1/B4.wav"]);
    expect(paths("A4.wav", "take 1/B4.wav")).toEqual(["A4.wav", "take 1/B4.wav"]);
  });
});
