import { type Html, html } from "../../report/html.js";
import { listed } from "../../report/numbers.js";

/** What is seen, in sentences. */
export function finding(sentences: readonly string[]): Html {
  return html`<p class="finding">${sentences.join(" ")}</p>`;
}

/** How something was measured, in small print below the finding. */
export function method(text: string): Html {
  return html`<p class="method">${text}</p>`;
}

/** Figures side by side as far as there is room. */
export function figures(all: readonly Html[]): Html {
  return html`<div class="figures">
${all}</div>
`;
}

/** `tanh and relu with small; sigmoid with small and zeros` of pairs of a first and a second name. */
export function grouped(pairs: readonly (readonly [first: string, second: string])[]): string {
  const firstsOf = new Map<string, string[]>();
  for (const first of new Set(pairs.map(([first]) => first))) {
    const seconds = listed(pairs.filter(([own]) => own === first).map(([, second]) => second));
    firstsOf.set(seconds, [...(firstsOf.get(seconds) ?? []), first]);
  }
  return [...firstsOf].map(([seconds, firsts]) => `${listed(firsts)} with ${seconds}`).join("; ");
}

/** A text that begins with a capital. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
