import { expect, it } from "vitest";
import { labelText } from "../../src/dataset/known-labels.js";
import { dropCopies } from "../../src/store/drop-copies.js";
import { clipOf } from "../dataset/stored-clips.js";

const [ONE, TWO, THREE] = ["1", "2", "3"].map((digit) => digit.repeat(64));

it("keeps the first of copies, none of those with different labels, and a line for each that is dropped", () => {
  const clips = [
    clipOf("a.wav", "harp", { audioHash: ONE }),
    clipOf("b.wav", "harp", { audioHash: TWO }),
    clipOf("c.wav", "harp", { audioHash: ONE }),
    clipOf("d.wav", "oboe", { audioHash: TWO }),
    clipOf("e.wav", "harp", { audioHash: TWO }),
    clipOf("f.wav", "", { audioHash: THREE, labels: ["x", "y"] }),
    clipOf("g.wav", "", { audioHash: THREE, labels: ["y", "x"] }),
    clipOf("h.wav", "harp"),
  ];
  const lines: string[] = [];
  const kept = dropCopies(clips, (line) => lines.push(line));
  expect(kept).toEqual([clips[0], clips[5], clips[7]]);
  expect(lines).toEqual([
    "b.wav: warning: dropped: labelled harp, but d.wav with the same audio is labelled oboe",
    "c.wav: warning: dropped: same audio as a.wav",
    "d.wav: warning: dropped: labelled oboe, but b.wav with the same audio is labelled harp",
    "e.wav: warning: dropped: labelled harp, but d.wav with the same audio is labelled oboe",
    "g.wav: warning: dropped: same audio as f.wav",
  ]);
});

it("keeps with the first of copies what is known about the labels of any, unless they contradict each other", () => {
  const open = (name: string, label: string, audioHash: string) =>
    clipOf(name, label, { audioHash, unknownLabels: ["?"] });
  const clips = [
    open("a.wav", "harp", ONE),
    clipOf("b.wav", "", { audioHash: ONE, labels: [], unknownLabels: ["?"], absentLabels: ["oboe"] }),
    open("c.wav", "flute", TWO),
    clipOf("d.wav", "", { audioHash: TWO, labels: ["flute", "harp"], unknownLabels: ["oboe"] }),
    clipOf("e.wav", "harp", { audioHash: THREE }),
    clipOf("f.wav", "", { audioHash: THREE, labels: [], unknownLabels: ["?"], absentLabels: ["oboe"] }),
    clipOf("g.wav", "flute", { audioHash: THREE }),
  ];
  const lines: string[] = [];
  const kept = dropCopies(clips, (line) => lines.push(line));
  expect(kept.map((clip) => `${clip.name} ${labelText(clip)}`)).toEqual([
    "a.wav harp|? without oboe",
    "c.wav flute|harp|?oboe",
  ]);
  expect(lines).toEqual([
    "b.wav: warning: dropped: same audio as a.wav",
    "d.wav: warning: dropped: same audio as c.wav",
    "e.wav: warning: dropped: labelled harp, but g.wav with the same audio is labelled flute",
    "f.wav: warning: dropped: the labels of e.wav and g.wav, which have the same audio, contradict each other",
    "g.wav: warning: dropped: labelled flute, but e.wav with the same audio is labelled harp",
  ]);
});

it("keeps clips in one group that a dropped copy tied together", () => {
  const clips = [
    clipOf("a.wav", "harp", { audioHash: ONE, group: "g" }),
    clipOf("b.wav", "harp", { audioHash: ONE, group: "h" }),
    clipOf("c.wav", "harp", { group: "h" }),
  ];
  expect(dropCopies(clips, () => {}).map(({ name, group }) => [name, group])).toEqual([
    ["a.wav", "g"],
    ["c.wav", "g"],
  ]);
});
