import * as Plot from "@observablehq/plot";
import type { PlacedAxis } from "./axis.js";
import { CHARACTER_WIDTH, FONT_SIZE } from "./draw.js";

/** Room for ticks and axis labels [pixels]. */
export const AXIS_MARGIN = { marginLeft: 64, marginTop: 34, marginBottom: 46 };
/** Angle of names below the axis [degrees]. */
const NAME_ANGLE = -45;

/** The height that slanted names take below the axis, more than ticks do; 0 for an axis of numbers [pixels]. */
export function nameHeight({ names = [] }: PlacedAxis): number {
  const longest = Math.max(0, ...names.map(({ length }) => length));
  return Math.round(longest * CHARACTER_WIDTH * Math.SQRT1_2);
}

/** Grid lines, ticks and labels of both axes: the label of x is below it, the label of y above its upper end. */
export function axisMarks(x: PlacedAxis, y: PlacedAxis): Plot.Markish[] {
  const grid = { strokeOpacity: 0.12 };
  return [
    Plot.gridX(x.ticks, grid),
    Plot.gridY(y.ticks, grid),
    Plot.axisX(x.ticks, {
      text: (tick: number) => x.tickLabel(tick),
      fontSize: FONT_SIZE,
      label: x.label,
      labelAnchor: "center",
      labelArrow: "none",
      labelOffset: AXIS_MARGIN.marginBottom + nameHeight(x) - 6,
      tickSize: 4,
      ...(x.names === undefined ? {} : { tickRotate: NAME_ANGLE }),
    }),
    Plot.axisY(y.ticks, {
      text: (tick: number) => y.tickLabel(tick),
      fontSize: FONT_SIZE,
      label: y.label,
      labelAnchor: "top",
      labelArrow: "none",
      labelOffset: AXIS_MARGIN.marginLeft - 4,
      tickSize: 4,
    }),
  ];
}
