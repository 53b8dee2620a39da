import { describe, expect, it } from "vitest";
import { splitClips } from "../../src/dataset/splits.js";
import { splitTable } from "../../src/report/split-table.js";
import { clipOf } from "../dataset/stored-clips.js";

describe("the table of splits", () => {
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
