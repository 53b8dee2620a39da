import { UsageError } from "../core/errors.js";
import type { TrainedModel } from "./model-file.js";
import { type WaveformModelOptions, waveformModel } from "./waveform-model.js";

/**
 * Lays a model out as a folder that transformers.js, the JavaScript library of Hugging Face, opens as an audio classifier:
 * `pipeline("audio-classification", "<folder>", { dtype: "fp32" })` answers samples with the labels and their probabilities. To it the
 * model is a wav2vec2, since that is the kind of model whose input is samples.
 * @param name of the model, in its README.md
 * @returns the content of each file, by its path in the folder
 * @throws UsageError for a multi-label model: the pipeline applies a softmax, after which probabilities add up to 1
 * @example
 * import { readFileSync } from "node:fs";
 * import { decodeModel, huggingFaceFiles } from "timbrel";
 *
 * const model = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
 * console.log(Object.keys(huggingFaceFiles(model, "instruments")).join(" "));
 * // -> onnx/model.onnx config.json preprocessor_config.json README.md
 */
export function huggingFaceFiles(
  model: TrainedModel,
  name: string,
  options: Pick<WaveformModelOptions, "sourceRate" | "quantize"> = {},
): Record<string, Uint8Array | string> {
  const onnx = waveformModel(model, { ...options, layout: "transformers" });
  const { task, labels, frontEnd } = model.info;
  if (task === "multi-label")
    throw new UsageError({
      setting: "model",
      rule: "give one label a clip: the pipeline for audio classification applies a softmax, after which probabilities add up to 1",
      got: "a model of several labels",
      remedy: "use a model that reads samples with ONNX Runtime itself",
    });
  const { sourceRate = frontEnd.sampleRate } = options;
  return {
    "onnx/model.onnx": onnx,
    "config.json": json({
      model_type: "wav2vec2",
      architectures: ["Wav2Vec2ForSequenceClassification"],
      num_labels: labels.length,
      id2label: Object.fromEntries(labels.map((label, id) => [id, label])),
      label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
    }),
    "preprocessor_config.json": json({
      feature_extractor_type: "Wav2Vec2FeatureExtractor",
      feature_size: 1,
      sampling_rate: sourceRate,
      do_normalize: false,
      padding_value: 0,
      return_attention_mask: false,
    }),
    "README.md": card(name, labels, sourceRate),
  };
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function card(name: string, labels: readonly string[], sampleRate: number): string {
  return `---
library_name: transformers.js
pipeline_tag: audio-classification
tags:
- audio
- music
- timbrel
---

# ${name}

Tags audio with one of ${labels.length} labels: ${labels.join(", ")}. Trained with timbrel.

\`\`\`js
import { env, pipeline } from "@huggingface/transformers";

env.localModelPath = "..."; // the folder that holds this one
const classify = await pipeline("audio-classification", ${JSON.stringify(name)}, { dtype: "fp32" });
const answers = await classify(samples); // a Float32Array at ${sampleRate} Hz
\`\`\`

\`onnx/model.onnx\` reads \`input_values\` [batch, samples] at ${sampleRate} Hz and gives \`logits\` [batch, ${labels.length}]; it holds
everything from samples to labels, in standard operators.
`;
}
