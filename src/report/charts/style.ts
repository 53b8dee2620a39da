/** How a series is drawn: no two of the eight styles share a dash pattern or a marker, so colour is never alone. */
export interface SeriesStyle {
  /** A colour that the page defines for light and dark mode. */
  readonly color: string;
  /** SVG's stroke-dasharray; undefined for a solid line. */
  readonly dash: string | undefined;
  readonly symbol: Symbol;
}

type Symbol = "circle" | "square" | "triangle" | "diamond" | "cross" | "times" | "star" | "hexagon";

const DASHES = [undefined, "7 4", "2 3", "9 3 2 3", "5 2", "12 4", "1 4", "9 3 2 3 2 3"];
const SYMBOLS: readonly Symbol[] = [
  "circle",
  "square",
  "triangle",
  "diamond",
  "times",
  "cross",
  "star",
  "hexagon",
];

/**
 * Colours of the series on a light and on a dark page. Each has a contrast of at least 3:1 with its page, and any two
 * are distinct even to readers who cannot tell red from green; test/report/palette.test.ts
 */
export const PALETTE: readonly { readonly light: string; readonly dark: string }[] = [
  { light: "#007fc4", dark: "#3b90cc" },
  { light: "#db2e00", dark: "#ff8548" },
  { light: "#222222", dark: "#ffffff" },
  { light: "#87357d", dark: "#ceaeca" },
  { light: "#168a54", dark: "#4deb9d" },
  { light: "#908d3e", dark: "#f1f438" },
  { light: "#6850d5", dark: "#8b82ff" },
  { light: "#6e6a6f", dark: "#aa9380" },
];

/** Background of the page and the charts. */
export const PAPER = { light: "#fdfdfb", dark: "#16181b" };

/** The colours of the series as the CSS variables that `seriesStyle` names. */
export function seriesColours(mode: "light" | "dark"): string {
  return PALETTE.map((colour, i) => `--series-${i}: ${colour[mode]};`).join(" ");
}

/** The style of series `i`; the eight styles repeat. */
export function seriesStyle(i: number): SeriesStyle {
  const place = i % PALETTE.length;
  return { color: `var(--series-${place})`, dash: DASHES[place], symbol: SYMBOLS[place] };
}
