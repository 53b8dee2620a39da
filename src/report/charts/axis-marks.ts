import * as Plot from "@observablehq/plot";
import type { PlacedAxis } from "./axis.js";
import { FONT_SIZE } from "./draw.js";

/** Room for ticks and axis labels [pixels]. */
export const AXIS_MARGIN = { marginLeft: 64, marginTop: 34, marginBottom: 46 };

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
      labelOffset: AXIS_MARGIN.marginBottom - 6,
      tickSize: 4,
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
