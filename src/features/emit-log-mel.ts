import { filterBank, HALF_WIDTH } from "../audio/kaiser-sinc.js";
import { lowestRatio } from "../audio/resample.js";
import { UsageError } from "../core/errors.js";
import { tensor } from "../core/tensor.js";
import type { Attribute, DataType, Value } from "../graph/index.js";
import { type FrontEnd, silenceValue } from "./front-end.js";
import { hann } from "./hann.js";
import { melFilterBank } from "./mel-filter-bank.js";

// The front end as nodes of a graph, for models that read samples. Lengths are known only when such a graph runs: the shapes of
// its values here say nothing.

/** Returns a function that emits a node whose output has a shape that is not known. */
export function emitterOf({ graph }: Pick<Value, "graph">) {
  return (
    opType: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
    dataType: DataType = "float32",
  ): Value => graph.emit(opType, inputs, { shape: [], dataType }, attributes);
}

/**
 * Emits the resampling of `resample`, as a convolution with a kernel for each fractional position.
 * @param samples [batch, nSamples]
 * @returns [batch, round(nSamples * outRate / inRate)]
 * @throws UsageError if the rates have no ratio of small numbers
 */
export function emitResampled(samples: Value, inRate: number, outRate: number): Value {
  if (inRate === outRate) return samples;
  const { up, down } = lowestRatio(inRate, outRate);
  const reach = 2 * Math.ceil(HALF_WIDTH / Math.min(1, up / down));
  if (up * (reach + down) > MAX_WEIGHTS)
    throw new UsageError({
      setting: "sourceRate",
      rule: `have a ratio of small numbers to the model's ${outRate} Hz`,
      got: `${inRate} Hz, ${up} to ${down}`,
      remedy: "resample the audio before, and leave it out",
    });
  const fractions = Float64Array.from({ length: up }, (_, m) => ((m * down) % up) / up);
  const { weights, nTaps, nBefore } = filterBank(fractions, Math.min(1, up / down));
  const size = nTaps + Math.floor(((up - 1) * down) / up);
  const kernels = new Float32Array(up * size);
  for (let m = 0; m < up; m++)
    kernels.set(weights.subarray(m * nTaps, (m + 1) * nTaps), m * size + Math.floor((m * down) / up));
  const { graph } = samples;
  const emit = emitterOf(samples);
  const kernel = graph.weight("resampling.weight", tensor(kernels, [up, 1, size]));
  // As many outputs as there are, and some more, which are cut off.
  const maps = emit("Conv", [emit("Unsqueeze", [samples, graph.integers([1])]), kernel], {
    kernel_shape: [size],
    strides: [down],
    pads: [nBefore, size + down],
  });
  const inOrder = emit("Reshape", [emit("Transpose", [maps], { perm: [0, 2, 1] }), graph.integers([0, -1])]);
  const twice = emit("Mul", [lengthOf(samples, 1), graph.integers([2 * up])], {}, "int64");
  const rounded = emit("Add", [twice, graph.integers([down])], {}, "int64");
  const length = emit("Div", [rounded, graph.integers([2 * down])], {}, "int64");
  return emit("Slice", [inOrder, graph.integers([0]), length, graph.integers([1])]);
}

/** Most weights of the kernels: 16 MB. */
const MAX_WEIGHTS = 4e6;

/** The size of an axis at run time, int64 [1]. */
export function lengthOf(x: Value, axis: number): Value {
  return emitterOf(x)("Shape", [x], { start: axis, end: axis + 1 }, "int64");
}

/**
 * Emits `logMel`. The Fourier transform is a convolution with cosines and sines, which the runtime computes when it loads the
 * graph.
 * @param samples [batch, nSamples] at the front end's rate, at least one
 * @returns [batch, 1 + floor(nSamples / hopLength), nMels]
 */
export function emitLogMel(samples: Value, frontEnd: FrontEnd): Value {
  const { nFft, hopLength, power, compression } = frontEnd;
  const { graph } = samples;
  const emit = emitterOf(samples);
  const nBins = nFft / 2 + 1;
  const spectra = emit(
    "Conv",
    [emit("Unsqueeze", [samples, graph.integers([1])]), emitBasis(samples, frontEnd)],
    {
      kernel_shape: [nFft],
      strides: [hopLength],
      pads: [nFft / 2, nFft / 2],
    },
  ); // [batch, 2 * nBins, nFrames]
  const part = (from: number, to: number) =>
    emit("Slice", [spectra, graph.integers([from]), graph.integers([to]), graph.integers([1])]);
  const square = (x: Value) => emit("Mul", [x, x]);
  const powers = emit("Add", [square(part(0, nBins)), square(part(nBins, 2 * nBins))]);
  const spectrum = power === 1 ? emit("Sqrt", [powers]) : powers;
  const mel = emit("MatMul", [graph.weight("mel.weight", melFilterBank(frontEnd)), spectrum]);
  const rows = emit("Transpose", [mel], { perm: [0, 2, 1] });
  if (compression.kind !== "powerToDb") {
    const scaled = emit("Add", [emit("Mul", [rows, graph.constant(compression.scale)]), graph.constant(1)]);
    const logarithm = emit("Log", [scaled]);
    return compression.kind === "log1p" ? logarithm : emit("Mul", [logarithm, graph.constant(Math.LOG10E)]);
  }
  const { amin, ref, topDb } = compression;
  const floored = emit("Max", [rows, graph.constant(amin)]);
  const db = emit("Mul", [emit("Log", [floored]), graph.constant(10 * Math.LOG10E)]);
  const relative = emit("Sub", [db, graph.constant(10 * Math.log10(Math.max(amin, ref)))]);
  if (topDb === null) return relative;
  const greatest = emit("ReduceMax", [relative, graph.integers([1, 2])], { keepdims: 1 });
  return emit("Max", [relative, emit("Sub", [greatest, graph.constant(topDb)])]);
}

/** Windowed cosines, then sines, of every bin: [2 * nBins, 1, nFft]. A turn's cosines are stored, and looked up. */
function emitBasis(x: Value, { nFft, winLength }: FrontEnd): Value {
  const { graph } = x;
  const emit = emitterOf(x);
  const integers = (count: number, axis: number) => {
    const [from, to, step] = [0, count, 1].map((value) =>
      emit("Squeeze", [graph.integers([value])], {}, "int64"),
    );
    return emit(
      "Unsqueeze",
      [emit("Range", [from, to, step], {}, "int64"), graph.integers([axis])],
      {},
      "int64",
    );
  };
  const turn = Float32Array.from({ length: nFft }, (_, n) => Math.cos((2 * Math.PI * n) / nFft));
  const cosines = graph.weight("fourier.cosines", tensor(turn, [nFft]));
  const products = emit("Mul", [integers(nFft / 2 + 1, 1), integers(nFft, 0)], {}, "int64"); // k * n
  const lookUp = (turns: number) => {
    const shifted = emit("Add", [products, graph.integers([turns * nFft])], {}, "int64");
    return emit("Gather", [cosines, emit("Mod", [shifted, graph.integers([nFft])], {}, "int64")]);
  };
  const both = emit("Concat", [lookUp(0), lookUp(3 / 4)], { axis: 0 }); // sin(a) = cos(a - a quarter turn)
  const window = graph.weight("fourier.window", tensor(Float32Array.from(hann(winLength, nFft)), [nFft]));
  return emit("Unsqueeze", [emit("Mul", [both, window]), graph.integers([1])]);
}

/**
 * Emits the segments on which a clip is evaluated, see `segmentStarts`; what is past a clip's end is silence.
 * @param frames [batch, nFrames, nMels]
 * @returns `segments` [batch * nSegments, segmentFrames, nMels], and their first frames, int64 [nSegments]
 */
export function emitSegments(
  frames: Value,
  segmentFrames: number,
  frontEnd: FrontEnd,
): { segments: Value; starts: Value } {
  const { graph } = frames;
  const emit = emitterOf(frames);
  const ints = (...values: number[]) => graph.integers(values);
  const arithmetic = (opType: string, ...inputs: Value[]) => emit(opType, inputs, {}, "int64");
  const nFrames = lengthOf(frames, 1);
  const nSegments = arithmetic(
    "Div",
    arithmetic("Add", nFrames, ints(segmentFrames - 1)),
    ints(segmentFrames),
  );
  const lastStart = arithmetic("Max", arithmetic("Sub", nFrames, ints(segmentFrames)), ints(0));
  const nGaps = arithmetic("Max", arithmetic("Sub", nSegments, ints(1)), ints(1));
  const scalar = (value: Value) => arithmetic("Squeeze", value);
  const upTo = (count: Value) => arithmetic("Range", scalar(ints(0)), scalar(count), scalar(ints(1)));
  // round(i * lastStart / nGaps) in integers: floor((2 * i * lastStart + nGaps) / (2 * nGaps))
  const twice = arithmetic("Mul", arithmetic("Mul", upTo(nSegments), ints(2)), lastStart);
  const starts = arithmetic("Div", arithmetic("Add", twice, nGaps), arithmetic("Mul", nGaps, ints(2)));
  const missing = arithmetic("Max", arithmetic("Sub", ints(segmentFrames), nFrames), ints(0));
  const pads = emit("Concat", [ints(0, 0, 0, 0), missing, ints(0)], { axis: 0 }, "int64");
  const padded = emit("Pad", [frames, pads, graph.constant(silenceValue(frontEnd))]);
  const column = arithmetic("Unsqueeze", starts, ints(1));
  const places = arithmetic("Reshape", arithmetic("Add", column, upTo(ints(segmentFrames))), ints(-1));
  const chosen = emit("Gather", [padded, places], { axis: 1 });
  const segments = graph.emit("Reshape", [chosen, ints(-1, segmentFrames, frontEnd.nMels)], {
    shape: [1, segmentFrames, frontEnd.nMels],
  });
  return { segments, starts };
}
