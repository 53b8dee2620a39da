import { type Html, html } from "../../report/html.js";
import { listed, withUnits } from "../../report/numbers.js";

/** A section's finding, in sentences. */
export function finding(sentences: readonly string[]): Html {
  return html`<p class="finding">${withUnits(sentences.filter((sentence) => sentence !== "").join(" "))}</p>`;
}

/** How the section's numbers were measured, in small print below the finding. */
export function method(text: string): Html {
  return html`<p class="method">${withUnits(text)}</p>`;
}

/** Figures, side by side where there is room. */
export function figures(all: readonly Html[]): Html {
  return html`<div class="figures">
${all}</div>
`;
}

/** Groups pairs of names by their second names: `tanh and relu with small; sigmoid with small and zeros`. */
export function grouped(pairs: readonly (readonly [first: string, second: string])[]): string {
  const firstsOf = new Map<string, string[]>();
  for (const first of new Set(pairs.map(([first]) => first))) {
    const seconds = listed(pairs.filter(([own]) => own === first).map(([, second]) => second));
    firstsOf.set(seconds, [...(firstsOf.get(seconds) ?? []), first]);
  }
  return [...firstsOf].map(([seconds, firsts]) => `${listed(firsts)} with ${seconds}`).join("; ");
}

/** The text with a capital first letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
