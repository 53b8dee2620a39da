import { tensor } from "../core/tensor.js";
import { add, div, exp, maximum, mul, relu, sub, sum, type Value } from "../graph/index.js";
import { steadyLog } from "./steady-log.js";

/** What the mel values of a front end are, as multiples m of its compression's floor: m = exp(rate * (y - silence)) - 1. */
export interface MelScale {
  /** The compressed value of silence. */
  readonly silence: number;
  readonly rate: number;
}

/**
 * How every segment y [nFrames, nMels] is brought to one level, which is that of its loudest frame. Silence around a sound does
 * not change that, nor does a tail.
 *
 *     m     = exp(rate * (y - silence)) - 1
 *     level = max over frames of the sum over bands of m
 *     out   = silence + ln(1 + m * target / max(level, least)) / rate
 *
 * So all segments have the level `target`, except those below `least`: they all become louder by the same gain, and silence
 * stays silence.
 */
export interface SegmentLevel extends MelScale {
  /** Greater than 0. */
  readonly target: number;
  /** Greater than 0, at most `target`. */
  readonly least: number;
}

/**
 * Emits the change of level; no gradient passes through it. Its numbers are stored in the graph as `normalization.level`, and
 * the same for any number of threads.
 * @param x [N, nFrames, nMels]
 */
export function emitLevel(x: Value, { silence, rate, target, least }: SegmentLevel): Value {
  const { graph } = x;
  const [batch] = x.shape;
  const stored = graph.weight("normalization.level", tensor(Float32Array.of(target, least), [2]));
  const part = (i: number) => graph.emit("Gather", [stored, graph.integers([i])], { shape: [1] });
  const mel = relu(sub(exp(mul(sub(x, silence), rate)), 1)); // augmentation may leave less than silence
  const axes = graph.integers([1]);
  const level = graph.emit("ReduceMax", [sum(mel, [2], true), axes], { shape: [batch, 1, 1] });
  const gain = div(part(0), maximum(level, part(1)));
  return add(mul(steadyLog(add(mul(mel, gain), 1)), 1 / rate), silence);
}

/** m, see `SegmentLevel`. */
const melOf = (value: number, { silence, rate }: MelScale) =>
  Math.max(0, Math.expm1(rate * (value - silence)));

/**
 * The level of a segment, in the computer's own numbers.
 * @param frames time-major [nFrames, nMels]
 */
export function levelOf(frames: Float32Array, nMels: number, scale: MelScale): number {
  let level = 0;
  for (let first = 0; first < frames.length; first += nMels) {
    let ofFrame = 0;
    for (let i = first; i < first + nMels; i++) ofFrame += melOf(frames[i], scale);
    level = Math.max(level, ofFrame);
  }
  return level;
}

/** Brings a segment to the level in place, as `emitLevel` does, for what is fitted without an engine. */
export function toLevel(frames: Float32Array, nMels: number, to: SegmentLevel): void {
  const { silence, rate, target, least } = to;
  const gain = target / Math.max(levelOf(frames, nMels, to), least);
  for (let i = 0; i < frames.length; i++)
    frames[i] = silence + Math.log1p(gain * melOf(frames[i], to)) / rate;
}
