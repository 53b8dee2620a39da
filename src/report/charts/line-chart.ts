import * as Plot from "@observablehq/plot";
import type { Html } from "../html.js";
import { isMeasured, readable } from "../numbers.js";
import { type Axis, type PlacedAxis, placeAxis } from "./axis.js";
import { AXIS_MARGIN, axisMarks, nameHeight } from "./axis-marks.js";
import { CHARACTER_WIDTH, CHART_WIDTH, drawPlot, FONT_SIZE, WIDE_CHART } from "./draw.js";
import { type Cells, figure } from "./figure.js";
import { type SeriesStyle, seriesStyle } from "./style.js";
import { thinned } from "./thinned.js";

/** x and y; a y that is not finite leaves a gap. */
export type LinePoint = readonly [x: number, y: number | null];

export interface LineSeries {
  /** Shown at the end of the line; empty for none. */
  readonly name: string;
  readonly points: readonly LinePoint[];
  /** A band around the line: x and the ends of the band there. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[];
  /** Index in the palette. @default index among the series */
  readonly style?: number;
  /** Whether a line joins the points. @default true */
  readonly isJoined?: boolean;
}

/** A horizontal line to compare the series with. */
export interface ReferenceLine {
  readonly name: string;
  readonly y: number;
  /** Index in the palette of the series that the line belongs to. */
  readonly style?: number;
}

/** A value of x that a vertical line marks. */
export interface MarkedX {
  readonly name: string;
  readonly x: number;
}

export interface LineChart {
  readonly title: string;
  readonly caption?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly LineSeries[];
  readonly references?: readonly ReferenceLine[];
  readonly marked?: readonly MarkedX[];
  /** Whether the figure is as wide as the page. @default false */
  readonly isWide?: boolean;
}

const HEIGHT = 300;
/** Gap between the end of a line and its name [pixels]. */
const LABEL_GAP = 16;
const LINE_HEIGHT = FONT_SIZE + 2;
/** Most points drawn of a line; more would not be visible. */
const MOST_POINTS = 200;
const MOST_MARKERS = 9;
const MOST_ROWS = 41;

/** Draws lines of y against x, each named at its end, as a figure with a table of the numbers. */
export function lineChart(chart: LineChart): Html {
  const { title, caption, series, references = [], marked = [], isWide = false } = chart;
  const xs = [
    ...series.flatMap(({ points }) => points.map(([x]) => x)),
    ...marked.map(({ x }) => x).filter(isMeasured),
  ];
  const x = placeAxis({ domain: ends(xs), ...chart.x }, xs);
  const y = placeAxis(chart.y, [
    ...series.flatMap(({ points, band = [] }) => [
      ...points.map(([, y]) => y),
      ...band.flatMap(([, low, high]) => [low, high]),
    ]),
    ...references.map(({ y }) => y),
  ]);
  const notes = [...x.notes, ...y.notes];
  const description = describe(chart, x, notes);
  const draw = (size: { width: number; height: number }) =>
    drawPlot(plotOf(chart, { x, y }, size), description);
  const narrow = draw({ width: CHART_WIDTH, height: HEIGHT });
  const pictures = isWide ? { narrow, wide: draw(WIDE_CHART) } : { narrow };
  return figure({ title, caption, ...pictures, notes, numbers: numbersOf(chart, x) });
}

function plotOf(
  { series, references = [], marked = [] }: LineChart,
  { x, y }: { x: PlacedAxis; y: PlacedAxis },
  { width, height }: { width: number; height: number },
): Plot.PlotOptions {
  const names = [...series, ...references].map(({ name }) => name.length);
  const marginRight = LABEL_GAP + 16 + CHARACTER_WIDTH * Math.max(0, ...names);
  const frame = {
    width: width - AXIS_MARGIN.marginLeft - marginRight,
    height: height - AXIS_MARGIN.marginTop - AXIS_MARGIN.marginBottom,
  };
  const lines = series.map((one, i) => placeLine(one, seriesStyle(one.style ?? i), x, y));
  const rules = references.map((one) => placeRule(one, x, y));
  return {
    ...AXIS_MARGIN,
    marginBottom: AXIS_MARGIN.marginBottom + nameHeight(x),
    marginRight,
    width,
    marginTop: AXIS_MARGIN.marginTop + marked.length * LINE_HEIGHT,
    height: height + nameHeight(x) + marked.length * LINE_HEIGHT,
    x: { type: x.scale, domain: x.domain },
    y: { type: y.scale, domain: y.domain },
    marks: [
      ...axisMarks(x, y),
      ...[...rules, ...lines].flatMap(({ marks }) => marks),
      ...labelMarks([...lines, ...rules], x, y, frame),
      ...markedXMarks(marked, x),
    ],
  };
}

/** Vertical lines with their names above the frame, each in a row of its own. */
function markedXMarks(marked: readonly MarkedX[], x: PlacedAxis): Plot.Markish[] {
  const lines = marked.flatMap(({ name, x: value }) => {
    const placed = x.place(value);
    return placed === null ? [] : [{ name, placed, fromMiddle: Math.abs(x.fraction(placed) - 0.5) }];
  });
  lines.sort((a, b) => b.fromMiddle - a.fromMiddle);
  return lines.flatMap(({ name, placed }, i) => {
    const rise = (marked.length - i) * LINE_HEIGHT;
    const isLeft = x.fraction(placed) > 0.5;
    return [
      Plot.ruleX([placed], {
        stroke: "currentColor",
        strokeDasharray: "4 3",
        strokeWidth: 1.2,
        insetTop: 6 - rise,
      }),
      Plot.text([name], {
        x: placed,
        frameAnchor: "top",
        textAnchor: isLeft ? "end" : "start",
        dx: isLeft ? -5 : 5,
        dy: 2 - rise,
        fontSize: FONT_SIZE,
        fill: "currentColor",
        stroke: "var(--paper)", // where a longer line is behind the name, the line is interrupted
        strokeWidth: 5,
      }),
    ];
  });
}

/** The range of x without padding, since the lines' names follow at their right ends. */
function ends(xs: readonly number[]): [number, number] | undefined {
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  return high > low ? [low, high] : undefined;
}

/** The marks of a series, and the point that its name belongs to. */
interface Placed {
  readonly name: string;
  readonly color: string;
  readonly marks: readonly Plot.Markish[];
  /** null if nothing of the series can be drawn. */
  readonly end: readonly [x: number, y: number] | null;
}

function placeLine(
  { name, points, band = [], isJoined = true }: LineSeries,
  style: SeriesStyle,
  x: PlacedAxis,
  y: PlacedAxis,
): Placed {
  const { color, dash, symbol } = style;
  const placed = points.map(([at, value]) => [x.place(at), y.place(value)] as const);
  const drawn = placed.filter((point): point is readonly [number, number] => !point.includes(null));
  const shape = { fill: color, stroke: color, r: isJoined ? 3.2 : 5, symbol };
  const marks = [
    Plot.areaY(thinned(band, MOST_POINTS), {
      x: ([at]) => at,
      y1: ([, low]) => y.place(low),
      y2: ([, , high]) => y.place(high),
      fill: color,
      fillOpacity: 0.2,
    }),
    Plot.line(isJoined ? thinnedLine(placed) : [], { stroke: color, strokeWidth: 2, strokeDasharray: dash }),
    Plot.dot(thinned(drawn, isJoined ? MOST_MARKERS : MOST_POINTS), shape),
  ];
  return { name, color, marks, end: drawn.at(-1) ?? null };
}

function placeRule({ name, y: value, style }: ReferenceLine, x: PlacedAxis, y: PlacedAxis): Placed {
  const placed = y.place(value);
  const color = style === undefined ? "currentColor" : seriesStyle(style).color;
  if (placed === null) return { name, color, marks: [], end: null };
  const marks = [Plot.ruleY([placed], { stroke: color, strokeDasharray: "1 3", strokeWidth: 1.5 })];
  return { name, color, marks, end: [x.domain[1], placed] };
}

/** Names next to the lines' ends, moved apart if they would overlap; a thin line leads from the end to the name. */
function labelMarks(
  lines: readonly Placed[],
  x: PlacedAxis,
  y: PlacedAxis,
  frame: { width: number; height: number },
): Plot.Markish[] {
  const named = lines.flatMap(({ name, color, end }) =>
    end === null || name === "" ? [] : [{ name, color, end }],
  );
  const sorted = named.sort((a, b) => b.end[1] - a.end[1]);
  const heights = apart(
    sorted.map(({ end }) => (1 - y.fraction(end[1])) * frame.height),
    frame.height,
  );
  const labels = sorted.map((label, i) => ({ ...label, y: y.at(1 - heights[i] / frame.height) }));
  const labelX = x.at(1 + LABEL_GAP / frame.width);
  return [
    Plot.link(labels, {
      x1: ({ end }) => end[0],
      y1: ({ end }) => end[1],
      x2: labelX,
      y2: "y",
      stroke: "color",
      strokeOpacity: 0.6,
    }),
    Plot.text(labels, { x: labelX, y: "y", text: "name", textAnchor: "start", dx: 3, fontSize: FONT_SIZE }),
  ];
}

/** Heights from the top, ascending, moved until neighbours are a line apart and none is below the frame. */
function apart(heights: readonly number[], lowest: number): number[] {
  const moved = [...heights];
  for (let i = 1; i < moved.length; i++) moved[i] = Math.max(moved[i], moved[i - 1] + LINE_HEIGHT);
  for (let i = moved.length - 1; i >= 0; i--)
    moved[i] = Math.min(moved[i], i === moved.length - 1 ? lowest : moved[i + 1] - LINE_HEIGHT);
  return moved;
}

/** Keeps the lowest and the highest point of every stretch, so that no peak is lost. */
function thinnedLine<T extends readonly [unknown, number | null]>(points: readonly T[]): readonly T[] {
  if (points.length <= MOST_POINTS) return points;
  const stretch = Math.ceil((2 * points.length) / MOST_POINTS);
  const kept: T[] = [];
  for (let first = 0; first < points.length; first += stretch) {
    const part = points.slice(first, first + stretch);
    const values = part.map(([, y]) => y ?? Number.NaN);
    const least = values.indexOf(Math.min(...values));
    const most = values.indexOf(Math.max(...values));
    const places = new Set([0, least, most].filter((i) => i >= 0));
    kept.push(...[...places].sort((a, b) => a - b).map((i) => part[i]));
  }
  return [...kept, points.at(-1)!];
}

function describe(chart: LineChart, placed: PlacedAxis, notes: readonly string[]): string {
  const { title, x, y, series, references = [], marked = [] } = chart;
  const lines = series.map(({ name, points }) => {
    const drawn = points.filter((point): point is readonly [number, number] => isMeasured(point[1]));
    if (drawn.length === 0) return `${name}: no finite value.`;
    const [first, last] = [drawn[0], drawn[drawn.length - 1]];
    const values = drawn.map(([, value]) => value);
    const range = `minimum ${readable(Math.min(...values))}, maximum ${readable(Math.max(...values))}`;
    return `${name}: ${readable(first[1])} at ${placed.text(first[0])}, ${readable(last[1])} at ${placed.text(last[0])}; ${range}.`;
  });
  const rules = references.map(({ name, y }) => `${name}: ${readable(y)}.`);
  const marks = marked.map(({ name, x }) => `${name}: at ${placed.text(x)}.`);
  return [`${title}. ${y.label} against ${x.label}.`, ...lines, ...rules, ...marks, ...notes].join(" ");
}

function numbersOf({ x, series, references = [] }: LineChart, placed: PlacedAxis): Cells {
  const xs = new Set(series.flatMap(({ points }) => points.map(([at]) => at)));
  const rows = thinned(
    [...xs].sort((a, b) => a - b),
    MOST_ROWS,
  );
  const columns = series.map(({ points }) => new Map(points));
  const lines = rows.map((at) => [
    placed.text(at),
    ...columns.map((column) => (column.has(at) ? readable(column.get(at)) : "")),
    ...references.map(({ y }) => readable(y)),
  ]);
  return [[x.label, ...[...series, ...references].map(({ name }) => name)], ...lines];
}
