import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { type Html, html, trusted } from "../html.js";

/** Narrow enough that the text stays legible when a phone shows the chart 330 pixels wide. */
export const CHART_WIDTH = 440;
/** Size of a chart as wide as the page, for screens that are wide, too [pixels]. */
export const WIDE_CHART = { width: 1100, height: 420 };
export const FONT_SIZE = 14;

/** Average width of a character, in a wide font [pixels]. */
export const CHARACTER_WIDTH = 8.2;

const GEOMETRY = /^(d|transform|c?[xy][12]?|r)$/;
const LONG_NUMBER = /-?\d+\.\d{2,}/g;

/**
 * Draws a plot as a self-contained SVG: no styles, no identifiers, coordinates with one decimal.
 * @param description text for readers who cannot see the plot; null if it only decorates the text next to it
 */
export function drawPlot(options: Plot.PlotOptions, description: string | null): Html {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const { width = CHART_WIDTH, height = 300 } = options;
  const svg = Plot.plot({ ...options, width, height, document });
  svg.querySelector("style")?.remove();
  for (const element of svg.querySelectorAll("*")) simplify(element);
  const role = description === null ? html`aria-hidden="true"` : html`role="img" aria-label="${description}"`;
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ${role}
    fill="currentColor" font-size="${FONT_SIZE}" text-anchor="middle">${trusted(svg.innerHTML)}</svg>`;
}

/** Rounds coordinates, and removes the labels of parts, since screen readers read the image as a whole. */
function simplify(element: Element): void {
  for (const { name, value } of [...element.attributes])
    if (name.startsWith("aria-")) element.removeAttribute(name);
    else if (GEOMETRY.test(name)) element.setAttribute(name, value.replace(LONG_NUMBER, oneDecimal));
}

const oneDecimal = (number: string) => String(Number(Number(number).toFixed(1)));
