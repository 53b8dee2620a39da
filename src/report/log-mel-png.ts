import { encode } from "fast-png";
import { UsageError } from "../core/errors.js";
import { toTensor } from "../core/inputs.js";
import { checkOptions, optional, text } from "../core/setting-checks.js";
import type { Tensor } from "../core/tensor.js";
import { checkIsFrontEnd, type FrontEnd } from "../features/front-end.js";
import { hzToMel } from "../features/mel-scale.js";
import { Canvas, TEXT_HEIGHT, textWidth } from "./canvas.js";
import { magma, type Rgb } from "./magma.js";

const INK: Rgb = [70, 70, 80];
const MARGIN = { left: 52, right: 16, top: 14, bottom: 34 };
// Size of the spectrogram [pixels]: a short clip is stretched to the least width; in a long one, frames share columns.
const LEAST_WIDTH = 640;
const MOST_COLUMNS = 1600;
const HEIGHT = 384;
const TICK_LENGTH = 5;
const FREQUENCIES_HZ = [100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];

/** How frames and bands map to pixels. */
interface Layout {
  readonly framesPerColumn: number;
  readonly nColumns: number;
  /** Width of a column [pixels]. */
  readonly columnWidth: number;
  /** Height of a band [pixels]. */
  readonly bandHeight: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Draws a log-mel spectrogram as a PNG: time [s] to the right, frequency [Hz] upwards on a mel scale, from black (the
 * clip's lowest value) to pale yellow (its highest).
 * @param logMel shape [nFrames, nMels]
 * @param options the front end that made `logMel`; `title` goes into the file's metadata, not into the picture
 * @example
 * import { writeFileSync } from "node:fs";
 * import { frontEnd, logMel, logMelPng } from "timbrel";
 *
 * const front = frontEnd();
 * const samples = Float32Array.from({ length: 22050 }, (_, n) => Math.sin((2 * Math.PI * 440 * n) / 22050));
 * const png = logMelPng(logMel({ samples, sampleRate: 22050 }, front), { frontEnd: front });
 * writeFileSync("tone.png", png);
 * console.log(new TextDecoder().decode(png.subarray(1, 4))); // -> PNG
 */
export function logMelPng(logMel: Tensor, options: { frontEnd: FrontEnd; title?: string }): Uint8Array {
  const { frontEnd, title } = checked(logMel, options);
  const [nFrames, nMels] = logMel.shape;
  const layout = layOut(nFrames, nMels);
  const canvas = new Canvas(
    MARGIN.left + layout.width + MARGIN.right,
    MARGIN.top + layout.height + MARGIN.bottom,
  );
  drawValues(canvas, logMel, layout);
  drawFrequencies(canvas, layout, frontEnd);
  drawSeconds(canvas, layout, frontEnd);
  const { width, height, data } = canvas;
  const text = { Software: "timbrel", ...(title === undefined ? {} : { Title: latin1(title) }) };
  return encode({ width, height, data, channels: 3, depth: 8, text });
}

function checked(logMel: Tensor, options: { frontEnd: FrontEnd; title?: string }): typeof options {
  checkOptions<typeof options>(options, { frontEnd: checkIsFrontEnd, title: optional(text) });
  const { shape } = toTensor("logMel", logMel);
  if (shape.length !== 2 || shape[0] < 1 || shape[1] !== options.frontEnd.nMels)
    throw new UsageError({
      setting: "logMel",
      rule: `have shape [nFrames, ${options.frontEnd.nMels}]`,
      got: `[${shape.join(", ")}]`,
    });
  return options;
}

function layOut(nFrames: number, nMels: number): Layout {
  const framesPerColumn = Math.ceil(nFrames / MOST_COLUMNS);
  const nColumns = Math.ceil(nFrames / framesPerColumn);
  const columnWidth = Math.ceil(LEAST_WIDTH / nColumns);
  const bandHeight = Math.max(1, Math.round(HEIGHT / nMels));
  return {
    framesPerColumn,
    nColumns,
    columnWidth,
    bandHeight,
    width: nColumns * columnWidth,
    height: nMels * bandHeight,
  };
}

function drawValues(canvas: Canvas, { data, shape }: Tensor, layout: Layout): void {
  const [nFrames, nMels] = shape;
  const { framesPerColumn, nColumns, columnWidth, bandHeight } = layout;
  const least = data.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const range = data.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY) - least;
  for (let column = 0; column < nColumns; column++) {
    const first = column * framesPerColumn;
    const last = Math.min(nFrames, first + framesPerColumn);
    for (let m = 0; m < nMels; m++) {
      let sum = 0;
      for (let t = first; t < last; t++) sum += data[t * nMels + m];
      const fraction = range > 0 ? (sum / (last - first) - least) / range : 0;
      const top = MARGIN.top + (nMels - 1 - m) * bandHeight;
      canvas.fill(MARGIN.left + column * columnWidth, top, columnWidth, bandHeight, magma(fraction));
    }
  }
}

/** Draws ticks at round frequencies, leaving out those too close to the last one. */
function drawFrequencies(canvas: Canvas, layout: Layout, frontEnd: FrontEnd): void {
  const { fMin, fMax, melScale } = frontEnd;
  const lowest = hzToMel(fMin, melScale);
  const mels = hzToMel(fMax, melScale) - lowest;
  let free = Number.POSITIVE_INFINITY;
  for (const hz of FREQUENCIES_HZ) {
    if (hz < fMin || hz > fMax) continue;
    const y = MARGIN.top + Math.round(layout.height * (1 - (hzToMel(hz, melScale) - lowest) / mels));
    if (y > free) continue;
    free = y - 2 * TEXT_HEIGHT;
    const label = hz < 1000 ? `${hz}` : `${hz / 1000}k`;
    canvas.fill(MARGIN.left - TICK_LENGTH, y, TICK_LENGTH, 1, INK);
    canvas.text(label, MARGIN.left - TICK_LENGTH - 4 - textWidth(label), y - TEXT_HEIGHT / 2, INK);
  }
  canvas.text("Hz", 4, 4, INK);
}

/** Draws ticks at round times; the centre of frame `t` is at `t * hopLength / sampleRate` seconds. */
function drawSeconds(canvas: Canvas, layout: Layout, frontEnd: FrontEnd): void {
  const pixelsPerSec =
    ((layout.columnWidth / layout.framesPerColumn) * frontEnd.sampleRate) / frontEnd.hopLength;
  const step = roundStep(90 / pixelsPerSec);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const bottom = MARGIN.top + layout.height;
  for (let i = 0; ; i++) {
    const x = Math.round(i * step * pixelsPerSec + layout.columnWidth / layout.framesPerColumn / 2);
    if (x >= layout.width) break;
    const label = (i * step).toFixed(i === 0 ? 0 : decimals);
    const left = MARGIN.left + x - Math.round(textWidth(label) / 2);
    canvas.fill(MARGIN.left + x, bottom, 1, TICK_LENGTH, INK);
    if (left + textWidth(label) < canvas.width - 24) canvas.text(label, left, bottom + TICK_LENGTH + 4, INK);
  }
  canvas.text("s", canvas.width - 14, bottom + TICK_LENGTH + 4, INK);
}

/** The smallest number of at least `least` that is 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * (1 - 1e-9))!;
}

/** Replaces every character outside Latin-1, the encoding of a PNG's text, by `?`. */
function latin1(text: string): string {
  return text.replace(/[^\x20-\x7e\xa1-\xff]/gu, "?");
}
