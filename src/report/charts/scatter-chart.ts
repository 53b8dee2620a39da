import * as Plot from "@observablehq/plot";
import type { Html } from "../html.js";
import { readable } from "../numbers.js";
import { placeAxis } from "./axis.js";
import { AXIS_MARGIN, axisMarks } from "./axis-marks.js";
import { drawPlot } from "./draw.js";
import { type Cells, figure } from "./figure.js";
import { legend } from "./legend.js";
import { seriesStyle } from "./style.js";

export interface ScatterGroup {
  readonly name: string;
  /** x, y and the name of the point. */
  readonly points: readonly (readonly [x: number, y: number, what: string])[];
}

/** Points of y against x, both on the same log scale, and the line y = x. */
export interface ScatterChart {
  readonly title: string;
  readonly caption?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly groups: readonly ScatterGroup[];
}

const HEIGHT = 380;

/** Draws measured against expected values: points on the line are as expected. */
export function scatterChart({ title, caption, xLabel, yLabel, groups }: ScatterChart): Html {
  const values = groups.flatMap(({ points }) =>
    points.flatMap((point) => point.slice(0, 2) as [number, number]),
  );
  const y = placeAxis({ label: yLabel, scale: "log" }, values);
  const x = { ...y, label: xLabel };
  const options: Plot.PlotOptions = {
    ...AXIS_MARGIN,
    marginRight: 24,
    height: HEIGHT,
    x: { type: "log", domain: x.domain },
    y: { type: "log", domain: y.domain },
    marks: [
      ...axisMarks(x, y),
      Plot.line(
        y.domain.map((end) => [end, end]),
        { stroke: "currentColor", strokeOpacity: 0.6 },
      ),
      ...groups.map(({ points }, i) => {
        const placed = points.map(([at, value]) => [x.place(at), y.place(value)]);
        const { color, symbol } = seriesStyle(i);
        return Plot.dot(placed, { stroke: color, strokeWidth: 1.6, r: 5, symbol });
      }),
    ],
  };
  const parts = groups.map(({ name, points }) => {
    const shown = points.map(
      ([at, value, what]) => `${what}: ${readable(value)} where ${readable(at)} is expected`,
    );
    return `${name}: ${shown.join("; ")}.`;
  });
  const description = [
    `${title}. ${yLabel} against ${xLabel}; the line is y = x.`,
    ...parts,
    ...y.notes,
  ].join(" ");
  const rows = groups.flatMap(({ name, points }) =>
    points.map(([at, value, what]) => [name, what, readable(at), readable(value)]),
  );
  const numbers: Cells = [["", "", xLabel, yLabel], ...rows];
  const names = groups.map(({ name }) => name);
  return figure({
    title,
    caption,
    legend: legend(names, "points"),
    narrow: drawPlot(options, description),
    notes: y.notes,
    numbers,
  });
}
