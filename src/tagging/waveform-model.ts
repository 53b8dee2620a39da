import { MAX_SAMPLE_RATE, MIN_SAMPLE_RATE } from "../audio/waveform.js";
import { checkInteger } from "../core/check.js";
import { recordOf } from "../core/record.js";
import { checkOptions, choice, nullable, optional } from "../core/setting-checks.js";
import { emitLogMel, emitResampled, emitSegments, emitterOf, lengthOf } from "../features/emit-log-mel.js";
import { encodeGraph, Graph, type Value } from "../graph/index.js";
import { emitPrediction } from "../nn/inference.js";
import { DEFAULT_THRESHOLD } from "./calibration.js";
import { checkModel, graphConfig, type TrainedModel, WAVEFORM_RECORD } from "./model-file.js";

/** How a model that reads samples is made. */
export interface WaveformModelOptions {
  /** Sample rate of the audio that it gets, which it resamples [Hz]. @default the model's own rate, without resampling */
  readonly sourceRate?: number | undefined;
  /**
   * "timbrel": input `waveform`, outputs as below. "transformers": input `input_values`, output `logits`, whose softmax are the
   * probabilities, as Hugging Face's libraries expect of an audio classifier. @default "timbrel"
   */
  readonly layout?: (typeof LAYOUTS)[number] | undefined;
  /** "int8": the net's weights are stored as 8-bit integers, a scale for each output channel. @default null, 32-bit floats */
  readonly quantize?: "int8" | null | undefined;
}

const LAYOUTS = ["timbrel", "transformers"] as const;

/**
 * Builds a model from audio to tags as an ONNX file of standard operators of opset 19: resampling if it is asked for,
 * log-mel spectrogram, segments, normalization, net, calibration, and the weighted mean over the segments. It gives what
 * `Tagger` gives: within 1e-5 on recordings, novelty within 0.002. Where a sound is next to nothing, such as what resampling leaves of a
 * tone above half of the model's rate, its sums in 32 bits show, by up to 0.01.
 *
 * Input: `waveform` [batch, samples], mono, at the model's rate or `sourceRate`, at least 1 sample, all finite. Outputs:
 *
 * - `probabilities` [batch, nLabels], and `novelty` [batch] if the model knows it, of each clip
 * - `segment_probabilities` [batch, nSegments, nLabels], and `segment_start` [nSegments] in seconds
 *
 * Clips of one batch have one length. All segments are computed at once: audio of many minutes is better cut before.
 * Metadata `timbrel.waveform` is JSON: task, labels, sampleRate, thresholds by label (null for a single-label model) and
 * noveltyLimit (null if the model is not calibrated).
 * @example
 * import { readFileSync } from "node:fs";
 * import { decodeModel, waveformModel, nodeEngine } from "timbrel";
 *
 * const model = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
 * const session = await nodeEngine().open(waveformModel(model));
 * const tone = Float32Array.from({ length: 44100 }, (_, n) => Math.sin((2 * Math.PI * 440 * n) / 22050));
 * const { probabilities } = await session.run({ waveform: { data: tone, shape: [1, 44100] } });
 * console.log(probabilities.shape); // -> [ 1, 11 ]
 * await session.close();
 */
export function waveformModel(model: TrainedModel, options: WaveformModelOptions = {}): Uint8Array {
  checkModel(model);
  const range = { min: MIN_SAMPLE_RATE, max: MAX_SAMPLE_RATE };
  checkOptions<WaveformModelOptions>(options, {
    sourceRate: optional((setting, value) => checkInteger(setting, value, range)),
    layout: optional(choice(LAYOUTS)),
    quantize: nullable(choice(["int8"])),
  });
  const { frontEnd, segmentFrames, labels, task, calibration } = model.info;
  const { sourceRate = frontEnd.sampleRate, layout = "timbrel", quantize = null } = options;
  const graph = new Graph({ batch: "free" });
  const isTimbrel = layout === "timbrel";
  const input = isTimbrel ? "waveform" : "input_values";
  const samples = emitResampled(graph.input(input, [1, 1]), sourceRate, frontEnd.sampleRate);
  const frames = emitLogMel(samples, frontEnd);
  const { segments, starts } = emitSegments(frames, segmentFrames, frontEnd);
  const answers: SegmentOutputs = {};
  emitPrediction(segments, graphConfig(model), model.weights, (name, value) => {
    answers[name] = value;
  });
  const clip = emitClipAnswers(answers, { batch: lengthOf(frames, 0), nSegments: lengthOf(starts, 0) });
  const emit = emitterOf(frames);
  if (isTimbrel) {
    graph.output("probabilities", clip.probabilities);
    if (clip.novelty !== null) graph.output("novelty", clip.novelty);
    graph.output("segment_probabilities", clip.segments);
    const secPerFrame = graph.constant(frontEnd.hopLength / frontEnd.sampleRate);
    graph.output("segment_start", emit("Mul", [emit("Cast", [starts], { to: FLOAT }), secPerFrame]));
  } else {
    // softmax(log(p)) = p. Nothing is 0, whose logarithm JSON cannot hold.
    graph.output("logits", emit("Log", [emit("Max", [clip.probabilities, graph.constant(1e-30)])]));
  }
  if (quantize === "int8") quantizeWeights(graph, new Set(model.weights.keys()));
  const record = {
    ...{ task, labels, sampleRate: sourceRate },
    thresholds:
      task === "multi-label"
        ? (calibration?.thresholds ?? recordOf(labels.map((label) => [label, DEFAULT_THRESHOLD])))
        : null,
    noveltyLimit: calibration?.unknown?.threshold ?? null,
  };
  const ofLabels = ["batch", labels.length] as const;
  return encodeGraph(
    graph,
    { [WAVEFORM_RECORD]: JSON.stringify(record) },
    {
      [input]: ["batch", "samples"],
      ...{ probabilities: ofLabels, logits: ofLabels, novelty: ["batch"] },
      segment_probabilities: ["batch", "segments", labels.length],
      segment_start: ["segments"],
    },
  );
}

type SegmentOutputs = { [Name in "probabilities" | "novelty" | "weight"]?: Value };

/** ONNX's number of the element type. */
const FLOAT = 1;

/** Emits the answers for clips from those for their segments, as `WeightedMean` and `ClipNovelty` compute them. */
function emitClipAnswers(
  { probabilities, novelty, weight }: SegmentOutputs,
  sizes: { batch: Value; nSegments: Value },
): { probabilities: Value; segments: Value; novelty: Value | null } {
  const { graph } = sizes.batch;
  const emit = emitterOf(sizes.batch);
  /** [batch * nSegments, ...] -> [batch, nSegments, size] */
  const byClip = (x: Value, size: number) => {
    const shape = emit(
      "Concat",
      [sizes.batch, sizes.nSegments, graph.integers([size])],
      { axis: 0 },
      "int64",
    );
    return emit("Reshape", [x, shape]);
  };
  const sumOf = (x: Value) => emit("ReduceSum", [x, graph.integers([1])], { keepdims: 1 });
  const without = (x: Value, ...axes: number[]) => emit("Squeeze", [x, graph.integers(axes)]);
  const segments = byClip(probabilities!, probabilities!.shape[1]);
  const one = emit("Mul", [
    emit("Slice", [segments, ...[0, 1, 2].map((i) => graph.integers([i]))]),
    graph.constant(0),
  ]);
  const ones = emit("Add", [one, graph.constant(1)]);
  const given = weight === undefined ? ones : byClip(weight, 1);
  const isSilent = emit("Equal", [sumOf(given), graph.constant(0)], {}, "bool");
  const weights = emit("Where", [isSilent, ones, given]); // if every weight is 0, all count the same
  const total = sumOf(weights);
  const mean = emit("Div", [sumOf(emit("Mul", [weights, segments])), total]);
  return {
    probabilities: without(mean, 1),
    segments,
    novelty: novelty === undefined ? null : without(emitNovelty(byClip(novelty, 1), weights, total), 1, 2),
  };

  /** least - log(sum(weight * exp(least - novelty)) / total), over the segments that have a weight */
  function emitNovelty(novelties: Value, weights: Value, total: Value): Value {
    const counts = emit("Greater", [weights, graph.constant(0)], {}, "bool");
    const counted = emit("Where", [counts, novelties, graph.constant(3e38)]);
    const least = emit("ReduceMin", [counted, graph.integers([1])], { keepdims: 1 });
    const likeness = emit("Mul", [weights, emit("Exp", [emit("Sub", [least, counted])])]);
    return emit("Sub", [least, emit("Log", [emit("Div", [sumOf(likeness), total])])]);
  }
}

/** Smaller tensors stay as they are: nothing is gained. */
const LEAST_QUANTIZED = 1024;

/** Stores weights as 8-bit integers with a scale for each output channel; the runtime computes floats of them as it loads the graph. */
function quantizeWeights(graph: Graph, names: ReadonlySet<string>): void {
  for (const [i, { name, shape, data }] of graph.initializers.entries()) {
    if (!names.has(name) || shape.length < 2 || data.length < LEAST_QUANTIZED) continue;
    const values = data as Float32Array;
    const size = values.length / shape[0];
    const scales = Float32Array.from({ length: shape[0] }, (_, channel) => {
      const row = values.subarray(channel * size, (channel + 1) * size);
      return row.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127 || 1;
    });
    const integers = Int8Array.from(values, (value, k) => Math.round(value / scales[Math.floor(k / size)]));
    graph.initializers[i] = { name: `${name}.int8`, shape, data: integers };
    graph.initializers.push({ name: `${name}.scale`, shape: [shape[0]], data: scales });
    graph.nodes.unshift({
      opType: "DequantizeLinear",
      domain: "",
      inputs: [`${name}.int8`, `${name}.scale`],
      outputs: [name],
      attributes: { axis: 0 },
    });
  }
}
