import { expect, it } from "vitest";
import type { FileAnswer } from "../../src/studio/tagging-work.js";
import { tagRows, timeText } from "../../src/studio/timeline-picture.js";

/** An answer of two segments, of which the second begins before the first ends. */
function answer(isUnknown: readonly boolean[]): FileAnswer {
  const segments = isUnknown.map((each, i) => ({
    startSec: i,
    endSec: i + 1.5,
    isUnknown: each,
    tags: ["bass", "flute"].map((label, j) => ({ label, probability: i === j ? 0.9 : 0.1 })),
  }));
  const tagging = { segments, durationSec: 2.5, tags: segments[0].tags } as unknown as FileAnswer["tagging"];
  return { tagging, logMel: { data: new Float32Array(), shape: [0, 1] }, peaks: new Float32Array() };
}

it("each tag has a row, in which a segment ends where the next begins", () => {
  expect(tagRows(answer([false, false]))).toEqual([
    {
      label: "bass",
      spans: [
        { startSec: 0, endSec: 1, strength: 0.9 },
        { startSec: 1, endSec: 2.5, strength: 0.1 },
      ],
    },
    {
      label: "flute",
      spans: [
        { startSec: 0, endSec: 1, strength: 0.1 },
        { startSec: 1, endSec: 2.5, strength: 0.9 },
      ],
    },
  ]);
});

it("what is unknown has a row that spares what is known", () => {
  expect(tagRows(answer([true, false])).at(-1)).toEqual({
    label: "unknown",
    spans: [
      { startSec: 0, endSec: 1, strength: 1 },
      { startSec: 1, endSec: 2.5, strength: 0 },
    ],
  });
});

it.each([
  [0.5, 0.1, "0.5 s"],
  [12, 2, "12 s"],
  [65, 5, "1:05"],
  [7205, 600, "2:00:05"],
])("a time of %d s is written as people do", (sec, step, text) => {
  expect(timeText(sec, step)).toBe(text);
});
