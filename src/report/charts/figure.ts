import { type Html, html } from "../html.js";

/** The cells of a table: the first row is the heading, the first cell of each row names the row. */
export type Cells = readonly (readonly string[])[];

/** A table that scrolls sideways if it is wider than the page. */
export function tableOf([heading, ...rows]: Cells): Html {
  return html`<div class="scroll" tabindex="0"><table><thead><tr>${heading.map(
    (cell) => html`<th scope="col">${cell}</th>`,
  )}</tr></thead><tbody>${rows.map(
    ([name, ...cells]) =>
      html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

/** A picture with its title, caption, legend and notes, and with its numbers in a table that unfolds. */
export function figure(parts: {
  title: string;
  caption?: string;
  legend?: Html;
  picture: Html;
  notes: readonly string[];
  numbers: Cells;
}): Html {
  const { title, caption = "", legend = html``, picture, notes, numbers } = parts;
  return html`<figure><figcaption><strong>${title}</strong> ${caption}</figcaption>${legend}${picture}${
    notes.length === 0 ? html`` : html`<p class="note">${notes.join(" ")}</p>`
  }<details><summary>Numbers: ${title}</summary>${tableOf(numbers)}</details></figure>
`;
}

/** At most `most` of the items, evenly spaced, always including the first and the last. */
export function thinned<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  const stride = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => items[Math.round(i * stride)]);
}
