import { type Html, html } from "../html.js";
import { withUnits } from "../numbers.js";
import { cutText } from "../table.js";

/** The cells of a table: the first row is the heading, the first cell of each row names the row. */
export type Cells = readonly (readonly string[])[];

/** A table that scrolls sideways if it is wider than the page. */
export function tableOf([heading, ...rows]: Cells): Html {
  return html`<div class="scroll" tabindex="0"><table><thead><tr>${heading.map(
    (cell) => html`<th scope="col"${titleOf(cell)}>${shown(cell)}</th>`,
  )}</tr></thead><tbody>${rows.map(
    ([name, ...cells]) =>
      html`<tr><th scope="row"${titleOf(name)}>${shown(name)}</th>${cells.map((cell) => html`<td${titleOf(cell)}>${withUnits(shown(cell))}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

/** Longest text in a cell [characters]: a longer name would move the numbers beside it off the screen. */
const LONGEST_CELL = 40;
const shown = (cell: string) => cutText(cell, LONGEST_CELL);
/** The whole text of a cell that is cut. */
const titleOf = (cell: string): Html => (shown(cell) === cell ? html`` : html` title="${cell}"`);

/**
 * A picture with its title, caption, legend and notes, and with its numbers in a table that unfolds.
 * @param parts `wide`: the picture for a wide screen, in a figure as wide as the page; `narrow` is then for other screens
 */
export function figure(parts: {
  title: string;
  caption?: string;
  legend?: Html;
  narrow: Html;
  wide?: Html;
  notes: readonly string[];
  numbers: Cells;
}): Html {
  const { title, caption = "", legend = html``, narrow, wide, notes, numbers } = parts;
  const picture =
    wide === undefined
      ? narrow
      : html`<div class="on-narrow">${narrow}</div><div class="on-wide">${wide}</div>`;
  return html`<figure${wide === undefined ? "" : html` class="wide"`}><figcaption><strong>${title}</strong> ${withUnits(caption)}</figcaption>${legend}${picture}${
    notes.length === 0 ? html`` : html`<p class="note">${withUnits(notes.join(" "))}</p>`
  }<details><summary>Numbers: ${title}</summary>${tableOf(numbers)}</details></figure>
`;
}
