import { encode } from "fast-png";
import { UsageError } from "../core/errors.js";
import { toTensor } from "../core/inputs.js";
import { checkOptions, integer, optional, text } from "../core/setting-checks.js";
import type { Tensor } from "../core/tensor.js";
import { checkIsFrontEnd, type FrontEnd } from "../features/front-end.js";
import { hzToMel } from "../features/mel-scale.js";
import { Canvas, elided, TEXT_HEIGHT, textWidth } from "./canvas.js";
import { magma, type Rgb } from "./magma.js";
import {
  checkSegmentList,
  type DrawnSegment,
  drawTagRows,
  tagRows,
  tagRowsHeight,
  tagRowsWidth,
} from "./tag-rows.js";

// A picture cannot follow a page's dark mode: light ink on a dark margin can be read on any page.
const PAPER: Rgb = [24, 24, 30];
const INK: Rgb = [190, 190, 198];
const GAP = 8;
const TOP = 5;
const LEFT = 56;
const RIGHT = 84;
const TITLE_HEIGHT = TEXT_HEIGHT + 2 * GAP;
/** Top of the title and of the units beside it. */
const HEAD_TOP = GAP;
const BOTTOM = 34;
// Size of the spectrogram [pixels]: a short clip is stretched to the least width; in a long one, frames share columns.
const LEAST_WIDTH = 640;
const MOST_COLUMNS = 1600;
const HEIGHT = 384;
const TICK_LENGTH = 5;
const TICK_DISTANCE = 90;
const SCALE_WIDTH = 12;
const FREQUENCIES_HZ = [100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];
/** Units of the time axis [s]; one is used from this many of it on. */
const TIME_UNITS = [
  { name: "h", sec: 3600, from: 3 },
  { name: "min", sec: 60, from: 5 },
  { name: "s", sec: 1, from: 0 },
];
/** What the values of a front end are, by its compression. */
const VALUE_NAMES = { powerToDb: "dB", log10: "log10", log1p: "ln" } as const;

/** How frames and bands map to pixels. */
interface Layout {
  readonly left: number;
  readonly framesPerColumn: number;
  readonly nColumns: number;
  /** Width of a column [pixels]. */
  readonly columnWidth: number;
  /** Height of a band [pixels]. */
  readonly bandHeight: number;
  readonly width: number;
  readonly height: number;
}

/** What a picture shows besides the spectrogram. */
export interface LogMelPngOptions {
  /** The front end that made the log-mel values. */
  readonly frontEnd: FrontEnd;
  /** A line above the spectrogram, e.g. the file's name; also in the file's metadata. */
  readonly title?: string;
  /** A clip's segments: their tags are rows below the spectrogram; the brighter, the more probable. */
  readonly segments?: readonly DrawnSegment[];
  /** Number of tags: those that are the most probable in some segment. @default 5 */
  readonly top?: number;
}

/**
 * Draws a log-mel spectrogram as a PNG: time to the right, frequency [Hz] upwards on a mel scale, from black (the clip's
 * lowest value) to pale yellow (its highest), with the scale of the values at its right. The margin is dark, so that the
 * picture suits light and dark pages.
 * @param logMel shape [nFrames, nMels]
 * @example
 * import { writeFileSync } from "node:fs";
 * import { frontEnd, logMel, logMelPng } from "timbrel";
 *
 * const front = frontEnd();
 * const samples = Float32Array.from({ length: 22050 }, (_, n) => Math.sin((2 * Math.PI * 440 * n) / 22050));
 * const png = logMelPng(logMel({ samples, sampleRate: 22050 }, front), { frontEnd: front, title: "a tone of 440 Hz" });
 * writeFileSync("tone.png", png);
 * console.log(new TextDecoder().decode(png.subarray(1, 4))); // -> PNG
 */
export function logMelPng(logMel: Tensor, options: LogMelPngOptions): Uint8Array {
  const { frontEnd, title, segments = [], top = TOP } = checked(logMel, options);
  const [nFrames, nMels] = logMel.shape;
  const rows = tagRows(segments, top);
  const layout = layOut(nFrames, nMels, Math.max(LEFT, tagRowsWidth(rows)));
  const rowsTop = TITLE_HEIGHT + layout.height;
  const axisTop = rowsTop + tagRowsHeight(rows);
  const canvas = new Canvas(layout.left + layout.width + RIGHT, axisTop + BOTTOM, PAPER);
  if (title !== undefined) canvas.text(elided(title, layout.width), layout.left, HEAD_TOP, INK);
  drawValues(canvas, logMel, layout, VALUE_NAMES[frontEnd.compression.kind]);
  drawFrequencies(canvas, layout, frontEnd);
  const pixelsPerSec =
    ((layout.columnWidth / layout.framesPerColumn) * frontEnd.sampleRate) / frontEnd.hopLength;
  const { left, width } = layout;
  drawTagRows(canvas, rows, { left, top: rowsTop, width, pixelsPerSec, ink: INK });
  drawTime(canvas, layout, axisTop, pixelsPerSec);
  const text = { Software: "timbrel", ...(title === undefined ? {} : { Title: latin1(title) }) };
  const { height, data } = canvas;
  return encode({ width: canvas.width, height, data, channels: 3, depth: 8, text });
}

function checked(logMel: Tensor, options: LogMelPngOptions): LogMelPngOptions {
  checkOptions<LogMelPngOptions>(options, {
    frontEnd: checkIsFrontEnd,
    title: optional(text),
    segments: optional(checkSegmentList),
    top: optional(integer(1)),
  });
  const { shape } = toTensor("logMel", logMel);
  if (shape.length !== 2 || shape[0] < 1 || shape[1] !== options.frontEnd.nMels)
    throw new UsageError({
      setting: "logMel",
      rule: `have shape [nFrames, ${options.frontEnd.nMels}]`,
      got: `[${shape.join(", ")}]`,
    });
  return options;
}

function layOut(nFrames: number, nMels: number, left: number): Layout {
  const framesPerColumn = Math.ceil(nFrames / MOST_COLUMNS);
  const nColumns = Math.ceil(nFrames / framesPerColumn);
  const columnWidth = Math.ceil(LEAST_WIDTH / nColumns);
  const bandHeight = Math.max(1, Math.round(HEIGHT / nMels));
  return {
    left,
    framesPerColumn,
    nColumns,
    columnWidth,
    bandHeight,
    width: nColumns * columnWidth,
    height: nMels * bandHeight,
  };
}

/** Draws the spectrogram, and the scale of its values. */
function drawValues(canvas: Canvas, { data, shape }: Tensor, layout: Layout, unit: string): void {
  const [nFrames, nMels] = shape;
  const { left, framesPerColumn, nColumns, columnWidth, bandHeight } = layout;
  const least = data.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const range = data.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY) - least;
  for (let column = 0; column < nColumns; column++) {
    const first = column * framesPerColumn;
    const last = Math.min(nFrames, first + framesPerColumn);
    for (let m = 0; m < nMels; m++) {
      let sum = 0;
      for (let t = first; t < last; t++) sum += data[t * nMels + m];
      const fraction = range > 0 ? (sum / (last - first) - least) / range : 0;
      const top = TITLE_HEIGHT + (nMels - 1 - m) * bandHeight;
      canvas.fill(left + column * columnWidth, top, columnWidth, bandHeight, magma(fraction));
    }
  }
  drawScale(canvas, layout, { least, range, unit });
}

function drawScale(
  canvas: Canvas,
  layout: Layout,
  { least, range, unit }: { least: number; range: number; unit: string },
): void {
  const left = layout.left + layout.width + 2 * GAP;
  const textLeft = left + SCALE_WIDTH + TICK_LENGTH + 4;
  const { height } = layout;
  for (let y = 0; y < height; y++)
    canvas.fill(left, TITLE_HEIGHT + y, SCALE_WIDTH, 1, magma(range > 0 ? 1 - y / (height - 1) : 0));
  canvas.text(unit, left, HEAD_TOP, INK);
  const step = range > 0 ? roundStep((60 * range) / height) : 1;
  for (let i = Math.ceil(least / step - 1e-6); i * step <= least + range * (1 + 1e-6); i++) {
    const y = TITLE_HEIGHT + Math.round((height - 1) * (range > 0 ? 1 - (i * step - least) / range : 1));
    canvas.fill(left + SCALE_WIDTH, y, TICK_LENGTH, 1, INK);
    canvas.text(roundText(i, step), textLeft, y - (TEXT_HEIGHT >> 1), INK);
  }
}

/** Draws ticks at round frequencies, leaving out those too close to the last one. */
function drawFrequencies(canvas: Canvas, { left, height }: Layout, frontEnd: FrontEnd): void {
  const { fMin, fMax, melScale } = frontEnd;
  const lowest = hzToMel(fMin, melScale);
  const mels = hzToMel(fMax, melScale) - lowest;
  let free = Number.POSITIVE_INFINITY;
  for (const hz of FREQUENCIES_HZ) {
    if (hz < fMin || hz > fMax) continue;
    const y = TITLE_HEIGHT + Math.round(height * (1 - (hzToMel(hz, melScale) - lowest) / mels));
    if (y > free) continue;
    free = y - 2 * TEXT_HEIGHT;
    const label = hz < 1000 ? `${hz}` : `${hz / 1000}k`;
    canvas.fill(left - TICK_LENGTH, y, TICK_LENGTH, 1, INK);
    canvas.text(label, left - TICK_LENGTH - 4 - textWidth(label), y - (TEXT_HEIGHT >> 1), INK);
  }
  canvas.text("Hz", left - textWidth("Hz") - TICK_LENGTH - 4, HEAD_TOP, INK);
}

/** Draws ticks at round times; the centre of frame `t` is at `t * hopLength / sampleRate` seconds. */
function drawTime(canvas: Canvas, layout: Layout, top: number, pixelsPerSec: number): void {
  const { left, width } = layout;
  const unit = TIME_UNITS.find(({ sec, from }) => width / pixelsPerSec >= from * sec)!;
  const pixelsPerUnit = pixelsPerSec * unit.sec;
  const step = roundStep(TICK_DISTANCE / pixelsPerUnit);
  const labelTop = top + TICK_LENGTH + 5;
  for (let i = 0; ; i++) {
    const x = Math.round(i * step * pixelsPerUnit + layout.columnWidth / layout.framesPerColumn / 2);
    if (x >= width) break;
    const label = roundText(i, step);
    canvas.fill(left + x, top, 1, TICK_LENGTH, INK);
    canvas.text(label, left + x - (textWidth(label) >> 1), labelTop, INK);
  }
  canvas.text(unit.name, left + width + 2 * GAP, labelTop, INK);
}

/** The smallest number of at least `least` that is 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * (1 - 1e-9))!;
}

/** `i * step` with as many decimals as the step has. */
function roundText(i: number, step: number): string {
  return i === 0 ? "0" : (i * step).toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

/** Replaces every character outside Latin-1, the encoding of a PNG's text, by `?`. */
function latin1(text: string): string {
  return text.replace(/[^\x20-\x7e\xa1-\xff]/gu, "?");
}
