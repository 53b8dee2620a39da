import { describe, expect, it } from "vitest";
import { splitClips } from "../../src/dataset/splits.js";
import { drawnFromTrain, splitTable } from "../../src/report/split-table.js";
import { clipOf } from "../dataset/stored-clips.js";

describe("the table of splits", () => {
  it("has a line beside it if clips that name train are drawn for another split", () => {
    const named = (split: "train" | "valid", n: number) =>
      Array.from({ length: n }, (_, i) => clipOf(`${split}${i}`, i % 2 ? "a" : "b", { split }));
    const clips = [...named("train", 20), ...named("valid", 4)];
    expect(drawnFromTrain(splitClips(clips, { testFraction: 0.2 }))).toBe(
      "drawn from the clips that name train: 4 for test, which no clip names",
    );
    expect(drawnFromTrain(splitClips(clips, { testFraction: 0 }))).toBeNull();
  });
  it("cuts long labels, so that the numbers stay beside them", () => {
    const long = "a label ".repeat(30).trim();
    const clips = (["train", "valid", "test"] as const).map((split) => clipOf(split, long, { split }));
    const splits = splitClips(clips);
    expect(splitTable(splits).split("\n")[2]).toBe("a label a label a l…      1      1     1    3");
  });
  it("counts each class's clips and the groups in each split", () => {
    const clips = [
      clipOf("x", "violin", { split: "train", group: "g" }),
      clipOf("y", "violin", { split: "train", group: "g" }),
      clipOf("z", "", { labels: ["flute", "violin"], split: "valid" }),
      clipOf("w", "flute", { split: "test" }),
    ];
    const splits = splitClips(clips);
    expect(splitTable(splits).split("\n")).toEqual([
      "class   train  valid  test  all",
      "-------------------------------",
      "flute       0      1     1    2",
      "violin      2      1     0    3",
      "-------------------------------",
      "clips       2      1     1    4",
      "groups      1      1     1    3",
      `split ${splits.hash}`,
    ]);
  });
});
