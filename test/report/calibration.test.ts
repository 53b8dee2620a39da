import { describe, expect, it } from "vitest";
import { calibrationLines } from "../../src/report/calibration.js";
import { tinyCalibration } from "../tagging/tiny-model.js";

describe("a calibration as text", () => {
  const single = tinyCalibration("single-label");
  const change = "log loss 0.900 -> 0.800, calibration error 20.0 % -> 10.0 % on these clips";

  it("says what it did on how many clips", () => {
    expect(calibrationLines(single)).toEqual(["calibrated on 40 validation clips: temperature 1.5", change]);
  });

  it.each([
    [0, "all segments of a file weigh the same"],
    [0.5, "a segment that is 20 dB quieter weighs 31.6 % as much in a file's answer"],
    [1, "a segment that is 20 dB quieter weighs 10.0 % as much in a file's answer"],
  ])("says how segments weigh: exponent %d", (levelExponent, line) => {
    expect(calibrationLines({ ...single, levelExponent })).toEqual([
      "calibrated on 40 validation clips: temperature 1.5",
      line,
      change,
    ]);
  });

  it("lists thresholds, and which tags share one", () => {
    const multi = tinyCalibration("multi-label");
    const lines = calibrationLines(multi);
    expect(lines.slice(2)).toEqual([
      "thresholds of 2 tags with the highest F1, 25.0 % to 75.0 %",
      "50.0 % for 1 tag that fewer than 5 validation clips have, or all: hum",
    ]);
    const labels = Array.from({ length: 20 }, (_, i) => `label\n${i}`);
    const thresholds = Object.fromEntries(labels.map((label) => [label, 0.25]));
    expect(calibrationLines({ ...multi, thresholds, sharedThreshold: labels }).slice(2)).toEqual([
      `threshold 25.0 % for 20 tags that fewer than 5 validation clips have, or all: ${[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `label\\n${i}`).join(", ")} and 12 more`,
    ]);
  });

  it.each([
    [
      { basis: "all right", temperature: 0.3456 } as const,
      "calibrated on 40 validation clips: all answers are right, so that they set no temperature; with one more, answered by chance, it is 0.346",
    ],
    [
      { basis: "limit", temperature: 20 } as const,
      "calibrated on 40 validation clips: temperature 20, the highest allowed: the answers are hardly better than chance",
    ],
    [
      { basis: "limit", temperature: 0.05 } as const,
      "calibrated on 40 validation clips: temperature 0.05, the lowest allowed: the net is much less sure than it could be",
    ],
  ])("says how sure it is: %j", (changes, line) => {
    expect(calibrationLines({ ...single, ...changes })[0]).toBe(line);
  });

  it("says that there are too few clips", () => {
    const validation = { ...single.validation, nClips: 1 };
    expect(calibrationLines({ ...single, basis: "few clips", temperature: 1, validation })).toEqual([
      "not calibrated: 1 validation clip cannot say how sure the answers are, 20 could",
    ]);
    const thresholds = { hiss: 0.5, hum: 0.5, tone: 0.5 };
    const multi = { ...tinyCalibration("multi-label"), thresholds, sharedThreshold: ["hiss", "hum", "tone"] };
    expect(calibrationLines({ ...multi, basis: "few clips" })[1]).toBe("threshold of every tag: 50.0 %");
  });

  it("says above which novelty a sound is unknown, and which clips say so", () => {
    const unknown = { threshold: 1.234, falseAlarms: 0.05 };
    expect(calibrationLines({ ...single, unknown }).at(-1)).toBe(
      "a sound with a novelty above 1.23 is unknown: 5.0 % of the 40 validation clips are",
    );
    const few = { ...single, basis: "few clips", unknown: { ...unknown, basis: "training clips" } } as const;
    expect(calibrationLines(few).at(-1)).toBe(
      "a sound with a novelty above 1.23 is unknown: a limit from training clips, too, since there are few validation clips",
    );
  });
});
