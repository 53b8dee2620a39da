import { hzToMel } from "../features/mel-scale.js";
import { magma } from "../report/magma.js";
import type { FileAnswer, ModelFacts } from "./tagging-work.js";

// Sizes of the picture's parts [CSS pixels].
const LEAST_LEFT = 76;
/** Most of the width that labels take. */
const MOST_LEFT = 1 / 3;
const RIGHT = 4;
const WAVEFORM = 56;
const LOG_MEL = 150;
const ROW = 20;
const GAP = 8;
const AXIS = 22;
const FONT = "13px system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";
const FREQUENCIES_HZ = [100, 500, 2000, 8000];
/** Number of tags that have a row. */
const TOP = 5;
const UNKNOWN = "unknown";

/** The colours of the page that the picture uses. */
interface Colours {
  readonly ink: string;
  readonly quiet: string;
  readonly line: string;
  readonly tag: string;
}

/** A tag's row: how probable it is in each segment. */
export interface TagRow {
  readonly label: string;
  readonly spans: readonly {
    readonly startSec: number;
    readonly endSec: number;
    readonly strength: number;
  }[];
}

/** The rows of the tags that are the most probable in some segment, and where the sound is unknown. */
export function tagRows({ tagging: { segments, durationSec, tags } }: FileAnswer): TagRow[] {
  const parts =
    segments.length > 0 ? segments : [{ startSec: 0, endSec: durationSec, tags, isUnknown: false }];
  const strongest = new Map<string, number>();
  for (const { tags } of parts)
    for (const { label, probability } of tags)
      strongest.set(label, Math.max(probability, strongest.get(label) ?? 0));
  const labels = [...strongest].sort(([, a], [, b]) => b - a).slice(0, TOP);
  // Segments may overlap.
  const ends = parts.map(({ startSec, endSec }, i) => ({
    startSec,
    endSec: Math.min(endSec, parts[i + 1]?.startSec ?? endSec),
  }));
  const rows = labels.map(([label]) => ({
    label,
    spans: ends.map((span, i) => ({
      ...span,
      strength: parts[i].tags.find((tag) => tag.label === label)!.probability,
    })),
  }));
  if (!parts.some(({ isUnknown }) => isUnknown)) return rows;
  const spans = ends.map((span, i) => ({ ...span, strength: parts[i].isUnknown ? 1 : 0 }));
  return [...rows, { label: UNKNOWN, spans }];
}

/** Where time is in the picture. */
export interface TimeScale {
  readonly left: number;
  readonly width: number;
  readonly durationSec: number;
}

/**
 * Draws the waveform, the log-mel spectrogram and the tags of a file above one another, over one axis of time.
 * @param canvas as wide as it is shown; gets its height
 * @param startSec time at the left end [s]
 */
export function drawTimeline(
  canvas: HTMLCanvasElement,
  answer: FileAnswer,
  facts: ModelFacts,
  startSec: number,
): TimeScale {
  const width = canvas.clientWidth;
  const rows = tagRows(answer);
  const height = WAVEFORM + GAP + LOG_MEL + GAP + rows.length * ROW + AXIS;
  const ratio = devicePixelRatio;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  context.font = FONT;
  context.textBaseline = "middle";
  const colours = coloursOf(canvas);
  const widest = Math.max(...rows.map(({ label }) => context.measureText(label).width));
  const left = Math.max(LEAST_LEFT, Math.min(MOST_LEFT * width, widest + 12));
  const scale = {
    left,
    width: Math.max(1, width - left - RIGHT),
    durationSec: answer.tagging.durationSec,
  };
  drawWaveform(context, answer.peaks, scale, colours);
  drawLogMel(context, answer, facts, scale, colours);
  drawRows(context, rows, scale, colours);
  drawTimes(context, scale, { top: height - AXIS, startSec, colours });
  return scale;
}

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const variable = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: variable("--ink"),
    quiet: variable("--quiet"),
    line: variable("--line"),
    tag: variable("--series-0"),
  };
}

function drawWaveform(
  context: CanvasRenderingContext2D,
  peaks: Float32Array,
  { left, width }: TimeScale,
  { quiet, tag }: Colours,
): void {
  const nStretches = peaks.length / 2;
  const middle = WAVEFORM / 2;
  context.fillStyle = tag;
  for (let x = 0; x < width; x++) {
    const first = Math.floor((x / width) * nStretches);
    const last = Math.max(first + 1, Math.floor(((x + 1) / width) * nStretches));
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = first; i < Math.min(last, nStretches); i++) {
      low = Math.min(low, peaks[2 * i]);
      high = Math.max(high, peaks[2 * i + 1]);
    }
    const [top, bottom] = [middle - Math.min(1, high) * middle, middle - Math.max(-1, low) * middle];
    context.fillRect(left + x, top, 1, Math.max(1, bottom - top));
  }
  context.fillStyle = quiet;
  context.textAlign = "right";
  context.fillText("waveform", left - 8, middle);
}

function drawLogMel(
  context: CanvasRenderingContext2D,
  { logMel: { data, shape } }: FileAnswer,
  { frontEnd: { fMin, fMax, melScale } }: ModelFacts,
  { left, width }: TimeScale,
  { quiet }: Colours,
): void {
  const [nRows, nMels] = shape;
  const nColumns = Math.min(nRows, Math.ceil(width));
  const image = new ImageData(nColumns, nMels);
  const least = data.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const range = data.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY) - least;
  for (let column = 0; column < nColumns; column++) {
    const first = Math.floor((column / nColumns) * nRows);
    const last = Math.max(first + 1, Math.floor(((column + 1) / nColumns) * nRows));
    for (let m = 0; m < nMels; m++) {
      let sum = 0;
      for (let row = first; row < last; row++) sum += data[row * nMels + m];
      const [red, green, blue] = magma(range > 0 ? (sum / (last - first) - least) / range : 0);
      image.data.set([red, green, blue, 255], 4 * ((nMels - 1 - m) * nColumns + column));
    }
  }
  const picture = new OffscreenCanvas(nColumns, nMels);
  picture.getContext("2d")!.putImageData(image, 0, 0);
  const top = WAVEFORM + GAP;
  context.drawImage(picture, left, top, width, LOG_MEL);
  context.fillStyle = quiet;
  context.textAlign = "right";
  const lowest = hzToMel(fMin, melScale);
  const mels = hzToMel(fMax, melScale) - lowest;
  for (const hz of FREQUENCIES_HZ.filter((hz) => hz > fMin && hz < fMax)) {
    const y = top + LOG_MEL * (1 - (hzToMel(hz, melScale) - lowest) / mels);
    context.fillText(hz < 1000 ? `${hz} Hz` : `${hz / 1000} kHz`, left - 8, Math.min(y, top + LOG_MEL - 8));
  }
}

function drawRows(
  context: CanvasRenderingContext2D,
  rows: readonly TagRow[],
  { left, width, durationSec }: TimeScale,
  { ink, line, tag }: Colours,
): void {
  const top = WAVEFORM + GAP + LOG_MEL + GAP;
  for (const [i, { label, spans }] of rows.entries()) {
    const y = top + i * ROW;
    for (const { startSec, endSec, strength } of spans) {
      context.fillStyle = label === UNKNOWN ? ink : tag;
      context.globalAlpha = strength;
      const from = left + (startSec / durationSec) * width;
      context.fillRect(from, y + 3, ((endSec - startSec) / durationSec) * width, ROW - 6);
    }
    context.globalAlpha = 1;
    context.fillStyle = line;
    context.fillRect(left, y + ROW - 1, width, 1);
    context.fillStyle = ink;
    context.textAlign = "right";
    context.fillText(fitted(context, label, left - 12), left - 8, y + ROW / 2);
  }
}

/** A text cut to a width. */
function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let characters = [...text];
  while (characters.length > 1 && context.measureText(`${characters.join("")}…`).width > width)
    characters = characters.slice(0, -1);
  return `${characters.join("")}…`;
}

function drawTimes(
  context: CanvasRenderingContext2D,
  { left, width, durationSec }: TimeScale,
  { top, startSec, colours: { quiet } }: { top: number; startSec: number; colours: Colours },
): void {
  const most = Math.max(2, Math.floor(width / 70));
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  const step = steps.find((each) => durationSec / each <= most) ?? 14_400;
  context.fillStyle = quiet;
  context.textAlign = "center";
  for (let i = Math.ceil(startSec / step); i * step <= startSec + durationSec; i++) {
    const x = left + ((i * step - startSec) / durationSec) * width;
    context.fillRect(x, top, 1, 4);
    const text = timeText(i * step, step);
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(x, left + width - half), top + 13);
  }
}

/** A time such as `12 s`, `1:05` or `2:00:00`. @param step distance of the times that are shown [s] */
export function timeText(sec: number, step: number): string {
  if (sec < 60) return `${step < 1 ? sec.toFixed(1) : Math.round(sec)} s`;
  const [hours, minutes, seconds] = [Math.floor(sec / 3600), Math.floor(sec / 60) % 60, Math.round(sec % 60)];
  const two = (number: number) => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}
