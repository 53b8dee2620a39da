import { html } from "../html.js";
import type { Section } from "../html-page.js";
import { readable } from "../numbers.js";
import type { Report } from "../report.js";
import { percentText } from "./words.js";

/** The section on sounds of no class; null if the model does not tell them. */
export function unknownSection({ calibration }: Report): Section | null {
  if (calibration === null || calibration.unknown === null) return null;
  const { threshold, falseAlarms } = calibration.unknown;
  return {
    id: "unknown",
    title: "Unknown sounds",
    body: html`<p>A sound is answered as unknown if its novelty, which says how unlike the training sounds it is, is above \
${readable(threshold)}. Of the validation clips, all of which have a class, ${percentText(falseAlarms)} are.</p>`,
  };
}
