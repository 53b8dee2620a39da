import { isMeasured, powerOfTen, readable } from "../numbers.js";
import { thinned } from "./thinned.js";

/** Settings of an axis. */
export interface Axis {
  readonly label: string;
  /** @default "linear" */
  readonly scale?: "linear" | "log";
  /** Ends of a linear axis. @default a little more than the range of the values, but nothing below 0 if no value is */
  readonly domain?: readonly [number, number];
  /** Whether the ticks of a linear axis are integers. @default false */
  readonly isWhole?: boolean;
  /** Larger values are drawn here. */
  readonly ceiling?: number;
  /** Names of the values 1, 2, 3, ..., shown in the place of these numbers. */
  readonly names?: readonly string[];
  /** Values of other charts that share this scale. */
  readonly shared?: readonly number[];
}

/** An axis laid out for the values on it. */
export interface PlacedAxis {
  readonly label: string;
  readonly scale: "linear" | "log";
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly names?: readonly string[] | undefined;
  tickLabel(tick: number): string;
  /** A value in words and tables. */
  text(value: number): string;
  /** Position at which a value is drawn; null if it is not finite. */
  place(value: number | null): number | null;
  /** Distance of a placed value from the start of the axis, as a fraction of its length. */
  fraction(placed: number): number;
  /** The inverse of `fraction`. */
  at(fraction: number): number;
  /** Sentences on the values that were moved or left out. */
  readonly notes: readonly string[];
}

/** Largest span of a log axis. Smaller values are drawn on the floor, or they would flatten all others. */
const LARGEST_RANGE = 1e16;
const PADDING = 0.04;
const FLOOR_DISTANCE = 0.09;
const MOST_TICKS = 6;
const MOST_NAMES = 16;

/** Lays out an axis with a place for every finite value; zeros and negatives on a log axis go to a floor. */
export function placeAxis(axis: Axis, values: readonly (number | null)[]): PlacedAxis {
  const { ceiling = Number.POSITIVE_INFINITY, shared = [] } = axis;
  const finite = values.filter(isMeasured);
  const shown = [...finite, ...shared.filter(isMeasured)].map((value) => Math.min(value, ceiling));
  const layout =
    axis.names !== undefined
      ? layOutNames(axis.names)
      : axis.scale === "log"
        ? layOutLog(shown)
        : layOutLinear(shown, axis.domain, axis.isWhole);
  const said = (found: readonly unknown[], what: string) =>
    found.length === 0
      ? []
      : [`${found.length === 1 ? "One value is" : `${found.length} values are`} ${what}.`];
  const low = finite.filter((value) => value < layout.least);
  const [zero, tiny] = [low.filter((value) => value <= 0), low.filter((value) => value > 0)];
  const isNegative = zero.some((value) => value < 0);
  return {
    ...layout,
    label: axis.label,
    names: axis.names,
    text: (value) => axis.names?.[value - 1] ?? readable(value),
    place: (value) => {
      if (!isMeasured(value)) return null;
      return value < layout.least ? layout.floor : Math.min(value, ceiling);
    },
    notes: [
      ...said(zero, `${isNegative ? "0 or less" : "exactly 0"} and drawn at the lowest tick`),
      ...said(tiny, `below ${readable(layout.least)} and drawn at the lowest tick`),
      ...said(
        finite.filter((value) => value > ceiling),
        `above ${readable(ceiling)} and drawn at that value`,
      ),
      ...said(
        values.filter((value) => !isMeasured(value)),
        "not finite and left out",
      ),
    ],
  };
}

interface Layout extends Omit<PlacedAxis, "label" | "names" | "text" | "place" | "notes"> {
  /** Smaller values are drawn on the floor. */
  readonly least: number;
  readonly floor: number;
}

function layOutLinear(
  values: readonly number[],
  domain?: readonly [number, number],
  isWhole = false,
): Layout {
  const [low, high] = domain ?? padded(values);
  const ticks = linearTicks(low, high, isWhole ? 1 : 0);
  const areDistinct = new Set(ticks.map(readable)).size === ticks.length;
  return {
    scale: "linear",
    domain: [low, high],
    least: Number.NEGATIVE_INFINITY,
    floor: Number.NEGATIVE_INFINITY,
    ticks,
    tickLabel: (tick) => (areDistinct ? readable(tick) : String(tick).replace(/^-/, "−")),
    fraction: (value) => (value - low) / (high - low),
    at: (fraction) => low + fraction * (high - low),
  };
}

/** One tick for every name, or for some of them if there are many. */
function layOutNames(names: readonly string[]): Layout {
  const all = names.map((_, i) => i + 1);
  const linear = layOutLinear([], [1, Math.max(2, names.length)]);
  return { ...linear, ticks: thinned(all, MOST_NAMES), tickLabel: (tick) => names[tick - 1] };
}

function padded(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = extent(values);
  const padding = low === high ? Math.abs(low) / 10 || 1 : PADDING * (high - low);
  const start = low >= 0 ? Math.max(0, low - padding) : low - padding;
  return [start, high + padding];
}

function layOutLog(values: readonly number[]): Layout {
  const positive = values.filter((value) => value > 0);
  const [smallest, largest] = positive.length === 0 ? [1, 1] : extent(positive);
  const isTiny = smallest < largest / LARGEST_RANGE;
  const least = isTiny ? 10 ** Math.ceil(Math.log10(largest / LARGEST_RANGE)) : smallest;
  const padding = Math.max(1.05, (largest / least) ** PADDING);
  const high = largest * padding;
  const hasFloor = values.some((value) => value < least);
  const bottom = least / padding;
  const low = hasFloor ? bottom / Math.max(1.2, (high / bottom) ** FLOOR_DISTANCE) : bottom;
  const isNegative = values.some((value) => value < 0);
  const floorLabel = isTiny ? `< ${readable(least)}` : isNegative ? "≤ 0" : "0";
  const ticks = positive.length === 0 ? [] : logTicks(bottom, high);
  const arePowers = ticks.every(isPowerOfTen);
  return {
    scale: "log",
    domain: [low, high],
    least,
    floor: low,
    ticks: hasFloor ? [low, ...ticks] : ticks,
    tickLabel: (tick) => {
      if (hasFloor && tick === low) return floorLabel;
      return arePowers && (tick < 0.01 || tick > 1000)
        ? powerOfTen(Math.round(Math.log10(tick)))
        : readable(tick);
    },
    fraction: (value) => Math.log(value / low) / Math.log(high / low),
    at: (fraction) => low * (high / low) ** fraction,
  };
}

function extent(values: readonly number[]): [number, number] {
  return [
    values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  ];
}

/** Multiples of a step that is 1, 2 or 5 times a power of ten. */
function linearTicks(low: number, high: number, leastStep = 0): number[] {
  const rough = Math.max(leastStep, (high - low) / (MOST_TICKS - 1));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * (1 - 1e-9))!;
  const first = Math.ceil(low / step - 1e-9);
  const n = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: n }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Powers of ten, or other round numbers if there are too few powers of ten. */
function logTicks(low: number, high: number): number[] {
  const within = (ticks: number[]) => ticks.filter((tick) => tick >= low && tick <= high);
  const first = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, i) => first + i);
  const times = (factors: number[]) =>
    within(powers.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`))));
  const decades = times([1]);
  if (decades.length > 2) {
    const stride = Math.ceil(decades.length / MOST_TICKS);
    return decades.filter((_, i) => (decades.length - 1 - i) % stride === 0);
  }
  for (const factors of [
    [1, 3],
    [1, 2, 5],
    [1, 1.5, 2, 3, 4, 5, 6, 8],
  ])
    if (times(factors).length > 2) return times(factors);
  return linearTicks(low, high);
}

const isPowerOfTen = (tick: number) => Number(`1e${Math.round(Math.log10(tick))}`) === tick;
