import { Random } from "../../src/core/random.js";
import { sizeOf } from "../../src/core/tensor.js";
import { type FrontEnd, silenceValue } from "../../src/features/front-end.js";
import type { SegmentNetConfig } from "../../src/nn/architectures.js";
import type { InputNormalization } from "../../src/nn/input-normalization.js";
import { netTensors } from "../../src/nn/summary.js";
import type { Calibration } from "../../src/tagging/calibration.js";
import { encodeModel, type ModelInfo, type TrainedModel } from "../../src/tagging/model-file.js";
import { SOUNDS, TINY_FRONT_END, tinyConfig } from "../training/tiny-store.js";

export const SEGMENT_FRAMES = 16;

/** Facts about a tiny model. */
export function tinyInfo(changes: Partial<ModelInfo> = {}): ModelInfo {
  return {
    task: "single-label",
    labels: [...SOUNDS],
    frontEnd: TINY_FRONT_END,
    segmentFrames: SEGMENT_FRAMES,
    split: {
      seed: 1,
      validFraction: 0.15,
      testFraction: 0.15,
      hash: "0",
      trainCounts: { hiss: 5, hum: 5, tone: 5 },
    },
    valid: { loss: 1, balancedAccuracy: 0.5 },
    epoch: 3,
    config: { ...tinyConfig() },
    trainClips: "",
    ...changes,
  };
}

/** A calibration of a tiny model. */
export function tinyCalibration(task: ModelInfo["task"]): Calibration {
  return {
    temperature: 1.5,
    basis: "fitted",
    thresholds: task === "multi-label" ? { hiss: 0.25, hum: 0.5, tone: 0.75 } : null,
    sharedThreshold: task === "multi-label" ? ["hum"] : [],
    unknown: null,
    validation: { nClips: 40, loss: [0.9, 0.8], calibrationError: [0.2, 0.1] },
  };
}

/** Options of a tiny model. */
export interface TinyModelOptions {
  task?: "single-label" | "multi-label";
  made?: FrontEnd;
  net?: SegmentNetConfig;
  normalization?: InputNormalization;
}

/** A normalization that brings a front end's features near 0. */
function standardization(made: FrontEnd): InputNormalization {
  const silence = silenceValue(made); // 0, or about -100 dB
  return {
    kind: "standardize",
    mean: new Float32Array(made.nMels).fill(silence / 2),
    std: new Float32Array(made.nMels).fill(Math.max(0.2, -silence / 4)),
  };
}

/** A random whitening that keeps `width` components. */
export function randomWhitening(width: number, { nMels }: FrontEnd = TINY_FRONT_END): InputNormalization {
  const random = new Random("whitening");
  const normals = (shape: number[]) => Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
  const shape = [nMels, width];
  return { kind: "whiten", mean: normals([nMels]), projection: { shape, data: normals(shape) } };
}

/** A model with random weights, whose answers differ clearly from clip to clip. */
export function tinyTrained(options: TinyModelOptions = {}): TrainedModel {
  const { task = "single-label", made = TINY_FRONT_END, net = tinyConfig().net } = options;
  const normalization = options.normalization ?? standardization(made);
  const width = normalization.kind === "whiten" ? normalization.projection.shape[1] : made.nMels;
  const random = new Random("tiny model");
  const specs = netTensors(net, [SEGMENT_FRAMES, width], SOUNDS.length);
  const weights = new Map(
    specs.map(({ name, shape, init }) => [name, { shape, data: init(random.fork(name)) }]),
  );
  return { info: tinyInfo({ task, frontEnd: made }), net, weights, normalization };
}

/** The file of a tiny model. */
export function tinyModel(options: TinyModelOptions = {}): Uint8Array {
  return encodeModel(tinyTrained(options));
}

/** The tiny model with a calibration by which louder segments weigh more. */
export function weightedModel(levelExponent: number, options: TinyModelOptions = {}): TrainedModel {
  const model = tinyTrained(options);
  const { temperature, ...others } = tinyCalibration(model.info.task);
  const calibration = { temperature, levelExponent, ...others };
  return { ...model, info: { ...model.info, calibration } };
}
