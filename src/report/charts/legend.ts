import * as Plot from "@observablehq/plot";
import { type Html, html } from "../html.js";
import { drawPlot } from "./draw.js";
import { type SeriesStyle, seriesStyle } from "./style.js";

const SIZE = { width: 36, height: 14, margin: 0 };

/** The names of the series, each with a sample, for pictures without room for names. Points are hollow, those on lines filled. */
export function legend(names: readonly string[], kind: "lines" | "points"): Html {
  const items = names.map((name, i) => html`<li>${sample(seriesStyle(i), kind)} ${name}</li>`);
  return html`<ul class="legend">${items}</ul>`;
}

function sample({ color, dash, symbol }: SeriesStyle, kind: "lines" | "points"): Html {
  const shape = kind === "lines" ? { fill: color, r: 3.5 } : { strokeWidth: 1.6, r: 4.5 };
  const middle = Plot.dot([[0.5, 0.5]], { ...shape, stroke: color, symbol });
  const across = [
    [0, 0.5],
    [1, 0.5],
  ];
  const line = Plot.line(across, { stroke: color, strokeWidth: 2, strokeDasharray: dash });
  const marks = kind === "lines" ? [line, middle] : [middle];
  const scale = { domain: [0, 1], axis: null };
  return drawPlot({ ...SIZE, x: scale, y: scale, marks }, null);
}
