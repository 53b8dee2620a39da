import { tensor } from "../core/tensor.js";
import { add, div, exp, maximum, mul, relu, sub, type Value } from "../graph/index.js";
import { steadyLog } from "./steady-log.js";

/** Undoes a front end's compression: mel values are m = exp(rate * (y - silence)) - 1, in multiples of its floor. */
export interface MelScale {
  /** The compressed value of silence. */
  readonly silence: number;
  readonly rate: number;
}

/**
 * How every segment y [nFrames, nMels] is brought to one level, which is its greatest mel value. Silence around a sound does not
 * change that, nor does a tail.
 *
 *     m     = exp(rate * (y - silence)) - 1
 *     level = max over frames and bands of m
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
 * Emits the change of level; no gradient passes through it. `target` and `least` are stored in the graph as
 * `normalization.level`. The result has the same bits for any number of threads.
 * @param x [N, nFrames, nMels]
 */
export function emitLevel(x: Value, { silence, rate, target, least }: SegmentLevel): Value {
  const { graph } = x;
  const [batch] = x.shape;
  const stored = graph.weight("normalization.level", tensor(Float32Array.of(target, least), [2]));
  const part = (i: number) => graph.emit("Gather", [stored, graph.integers([i])], { shape: [1] });
  const mel = relu(sub(exp(mul(sub(x, silence), rate)), 1)); // augmentation may leave less than silence
  const level = graph.emit("ReduceMax", [mel, graph.integers([1, 2])], { shape: [batch, 1, 1] });
  const gain = div(part(0), maximum(level, part(1)));
  return add(mul(steadyLog(add(mul(mel, gain), 1)), 1 / rate), silence);
}

/** m, see `SegmentLevel`. */
const melOf = (value: number, { silence, rate }: MelScale) =>
  Math.max(0, Math.expm1(rate * (value - silence)));

/** The level of a segment, for what is fitted without an engine. */
export function levelOf(frames: Float32Array, scale: MelScale): number {
  return frames.reduce((level, value) => Math.max(level, melOf(value, scale)), 0);
}

/** Brings a segment to the level in place, as `emitLevel` does. */
export function toLevel(frames: Float32Array, to: SegmentLevel): void {
  const { silence, rate, target, least } = to;
  const gain = target / Math.max(levelOf(frames, to), least);
  for (let i = 0; i < frames.length; i++)
    frames[i] = silence + Math.log1p(gain * melOf(frames[i], to)) / rate;
}
