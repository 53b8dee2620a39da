import { Random } from "../../src/core/random.js";
import { type FrontEnd, silenceValue } from "../../src/features/front-end.js";
import type { InferenceConfig } from "../../src/nn/inference.js";
import { buildInferenceModel } from "../../src/nn/inference.js";
import { buildTrainingStep, initialState } from "../../src/nn/training-step.js";
import { type ModelInfo, modelMetadata } from "../../src/tagging/model-file.js";
import { SOUNDS, TINY_FRONT_END, tinyConfig } from "../training/tiny-store.js";

export const SEGMENT_FRAMES = 16;

/** What a tiny model's metadata say. */
export function tinyInfo(changes: Partial<ModelInfo> = {}): Omit<ModelInfo, "format" | "frontEndHash"> {
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
    config: { seed: 1 },
    trainClips: "",
    ...changes,
  };
}

/** A model file of random weights, whose answers differ much from clip to clip. */
export function tinyModel(
  options: {
    task?: "single-label" | "multi-label";
    metadata?: Readonly<Record<string, string>>;
    made?: FrontEnd;
  } = {},
): Uint8Array {
  const { task = "single-label", made = TINY_FRONT_END } = options;
  const silence = silenceValue(made); // 0, or some -100 dB
  const config: InferenceConfig = {
    net: tinyConfig().net,
    task,
    nLabels: SOUNDS.length,
    inputShape: [SEGMENT_FRAMES, made.nMels],
    normalization: {
      kind: "standardize",
      mean: new Float32Array(made.nMels).fill(silence / 2),
      std: new Float32Array(made.nMels).fill(Math.max(0.2, -silence / 4)),
    },
  };
  const step = buildTrainingStep({
    ...config,
    batchSize: 2,
    optimizer: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
  });
  const metadata = options.metadata ?? modelMetadata(tinyInfo({ task, frontEnd: made }));
  return buildInferenceModel(config, initialState(step, new Random("tiny model")), metadata);
}
