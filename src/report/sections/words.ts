import { counted } from "../../core/counted.js";
import type { PartName } from "../../evaluation/choose-clips.js";
import type { Measure } from "../../evaluation/measures.js";
import type { Interval } from "../../evaluation/scores.js";
import { withUnits } from "../numbers.js";
import type { Report } from "../report.js";
import { percent } from "../table.js";

/** A fraction as a percentage that stays on one line; a dash if it is not defined. */
export function percentText(fraction: number): string {
  return Number.isNaN(fraction) ? "–" : withUnits(percent(fraction));
}

/** A measure's value: the loss as a number, everything else as a percentage. */
export function measureText({ name }: Measure, value: number): string {
  if (Number.isNaN(value)) return "–";
  return name === "loss" ? value.toFixed(3) : percentText(value);
}

/** `84.2 % to 91.3 %` */
export function intervalText(measure: Measure, [low, high]: Interval): string {
  return `${measureText(measure, low)} to ${measureText(measure, high)}`;
}

/** A difference of fractions in points, `+12.3`, or of losses. */
export function differenceText({ name }: Measure, difference: number): string {
  if (Number.isNaN(difference)) return "–";
  const text = name === "loss" ? Math.abs(difference).toFixed(3) : Math.abs(100 * difference).toFixed(1);
  return `${Number(text) === 0 ? "±" : difference < 0 ? "−" : "+"}${text}`;
}

/** Why scores before and after calibration may differ although it changes no order of probabilities. */
export const BEFORE_MEAN =
  "Calibration acts on each segment, before the mean over the segments of a clip, so that it may change the answer to a clip.";

/** A part of the data in sentences: "the test split". */
export function partTitle(split: PartName): string {
  const titles = { train: "the training split", valid: "the validation split", test: "the test split" };
  return split === "all" ? "all clips" : titles[split];
}

/** The text with a capital first letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A duration in its greatest fitting unit: `8.2 s`, `12 min`, `3.4 h`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return withUnits(`${seconds.toFixed(1)} s`);
  return withUnits(seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`);
}

/** What a model's training started from, in a sentence; null if its initial weights were drawn. */
export function startSentence({ training: { start } }: Report): string | null {
  if (!start) return null;
  return `Training started from a model of ${counted(start.labels.length, "label")} (${start.labels.join(", ")}); the clips that trained that model are counted among these.`;
}
