import { counted } from "../core/counted.js";

/** A label as it is kept: in Unicode's composed form, without blanks around it, and with single blanks inside. */
export function labelOf(text: string): string {
  return text.normalize("NFC").trim().replace(/\s+/gu, " ");
}

/** Longest label that is read [characters]. */
export const MAX_LABEL_CHARS = 1000;

/** Counts the spellings of labels as the source has them, before `labelOf`. */
export class LabelSpellings {
  readonly #counts = new Map<string, Map<string, number>>();

  /** Counts a clip whose label is spelled like this, and returns the label. */
  add(spelling: string): string {
    const label = labelOf(spelling);
    const counts = this.#counts.get(label) ?? new Map<string, number>();
    this.#counts.set(label, counts.set(spelling, (counts.get(spelling) ?? 0) + 1));
    return label;
  }

  /** A line for every label that has several spellings. */
  notices(): string[] {
    return [...this.#counts]
      .filter(([label, counts]) => label !== "" && counts.size > 1)
      .map(([label, counts]) => {
        const spellings = [...counts].map(([text, n]) => `${JSON.stringify(text)} (${counted(n, "clip")})`);
        return `label ${label} has ${counts.size} spellings that differ in blanks or Unicode form: ${spellings.join(", ")}; they are read as one label`;
      });
  }
}
