import * as Plot from "@observablehq/plot";
import type { Html } from "../html.js";
import { isMeasured, readable } from "../numbers.js";
import { placeAxis } from "./axis.js";
import { AXIS_MARGIN, axisMarks } from "./axis-marks.js";
import { drawPlot } from "./draw.js";
import { type Cells, figure } from "./figure.js";
import { legend } from "./legend.js";
import { seriesStyle } from "./style.js";
import { thinned } from "./thinned.js";

type Ends = readonly [low: number, high: number];

export interface ContourPath {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number, value: number])[];
}

/** A function of x and y, drawn as lines of equal value, with paths across it. */
export interface ContourChart {
  readonly title: string;
  readonly caption?: string;
  readonly domain: { readonly x: Ends; readonly y: Ends };
  readonly at: (x: number, y: number) => number;
  /** Points to mark with a cross. */
  readonly minima: readonly (readonly [x: number, y: number])[];
  readonly paths: readonly ContourPath[];
}

const HEIGHT = 330;
const N_LEVELS = 14;
const GRID = 60;
const MOST_POINTS = 240;
const MOST_MARKERS = 7;

/** Draws contours with paths. Points outside the picture are left out, and a note says how many. */
export function contourChart(chart: ContourChart): Html {
  const { title, caption, domain, at, minima, paths } = chart;
  const x = placeAxis({ label: "x", domain: domain.x }, []);
  const y = placeAxis({ label: "y", domain: domain.y }, []);
  const isInside = (value: number, [low, high]: Ends) => value >= low && value <= high;
  const shown = paths.map(({ points }) =>
    points.map(([px, py]) =>
      isInside(px, domain.x) && isInside(py, domain.y) ? [px, py] : [Number.NaN, Number.NaN],
    ),
  );
  const options: Plot.PlotOptions = {
    ...AXIS_MARGIN,
    marginRight: 16,
    height: HEIGHT,
    x: { domain: domain.x },
    y: { domain: domain.y },
    marks: [
      Plot.contour({
        ...{ x1: domain.x[0], x2: domain.x[1], y1: domain.y[0], y2: domain.y[1] },
        value: at,
        thresholds: levels(chart),
        pixelSize: 6,
        fill: "currentColor",
        fillOpacity: 0.016,
        stroke: "currentColor",
        strokeOpacity: 0.25,
      }),
      ...axisMarks(x, y),
      ...shown.flatMap((points, i) => pathMarks(points, i)),
      Plot.dot(minima, { symbol: "plus", stroke: "currentColor", strokeWidth: 2, r: 7 }),
      Plot.dot(
        shown.slice(0, 1).map(([start]) => start),
        { stroke: "currentColor", strokeWidth: 2, r: 7 },
      ),
    ],
  };
  const nOutside = shown.map((points) => points.filter(([px]) => Number.isNaN(px)).length);
  const notes = paths.flatMap(({ name }, i) =>
    nOutside[i] === 0 ? [] : [`${name}: ${nOutside[i]} of ${shown[i].length} points are out of view.`],
  );
  const description = [`${title}.`, ...minima.map(minimumText(at)), ...paths.map(pathText), ...notes].join(
    " ",
  );
  const names = paths.map(({ name }) => name);
  return figure({
    title,
    caption,
    legend: legend(names, "lines"),
    narrow: drawPlot(options, description),
    notes,
    numbers: numbersOf(paths),
  });
}

function pathMarks(points: readonly number[][], i: number): Plot.Markish[] {
  const { color, dash, symbol } = seriesStyle(i);
  const inside = points.filter(([px]) => !Number.isNaN(px));
  const dots = [...thinned(inside, MOST_MARKERS).slice(1)];
  return [
    Plot.line(thinned(points, MOST_POINTS), { stroke: color, strokeWidth: 2, strokeDasharray: dash }),
    Plot.dot(dots, { fill: color, stroke: color, r: 3.2, symbol }),
  ];
}

/** Values whose contours divide the picture into areas of equal size. */
function levels({ at, domain }: ContourChart): number[] {
  const steps = Array.from({ length: GRID }, (_, i) => (i + 0.5) / GRID);
  const along = ([low, high]: Ends, fraction: number) => low + fraction * (high - low);
  const values = steps.flatMap((u) => steps.map((v) => at(along(domain.x, u), along(domain.y, v))));
  values.sort((a, b) => a - b);
  return Array.from(
    { length: N_LEVELS },
    (_, i) => values[Math.floor(((i + 0.5) / N_LEVELS) * values.length)],
  );
}

const minimumText =
  (at: ContourChart["at"]) =>
  ([x, y]: readonly [number, number]) =>
    `Minimum at (${readable(x)}, ${readable(y)}): ${readable(at(x, y))}.`;

function pathText({ name, points }: ContourPath): string {
  const measured = points.filter((point) => point.every(isMeasured));
  const [first, last] = [measured[0], measured.at(-1)];
  if (first === undefined || last === undefined) return `${name}: no finite point.`;
  const place = ([x, y, value]: ContourPath["points"][number]) =>
    `(${readable(x)}, ${readable(y)}), value ${readable(value)},`;
  return `${name}: from ${place(first)} to ${place(last)} in ${measured.length - 1} steps.`;
}

function numbersOf(paths: readonly ContourPath[]): Cells {
  const rows = paths.map(({ name, points }) => {
    const values = points.map(([, , value]) => value).filter(isMeasured);
    const last = points.at(-1) ?? [];
    const least = values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
    const half = points[Math.floor(points.length / 2)]?.[2];
    return [
      name,
      String(Math.max(0, points.length - 1)),
      ...[values[0], half, last[2], least, last[0], last[1]].map(readable),
    ];
  });
  return [
    ["", "steps", "loss at the start", "halfway", "at the end", "lowest", "x at the end", "y at the end"],
    ...rows,
  ];
}
