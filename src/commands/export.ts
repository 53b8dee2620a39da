import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Command } from "commander";
import { DataError, UsageError } from "../core/errors.js";
import { decodeMetadata } from "../graph/index.js";
import { print, visibleLine } from "../report/terminal.js";
import { writeAtomically } from "../store/atomic-file.js";
import { statOrNull } from "../store/audio-files.js";
import { readModelFile } from "../store/read-files.js";
import { huggingFaceFiles } from "../tagging/hugging-face.js";
import { decodeModel, WAVEFORM_RECORD } from "../tagging/model-file.js";
import { type WaveformModelOptions, waveformModel } from "../tagging/waveform-model.js";
import { choiceOption, integerOption } from "./options.js";
import { checkOutputs } from "./output-paths.js";

interface Options {
  input: "waveform";
  sourceRate?: number;
  quantize?: "int8";
  out?: string;
  hf?: string;
}

const DESCRIPTION = `Write a model that other programs can run by themselves, from samples to probabilities.

The file holds everything in between: resampling with --source-rate, the log-mel spectrogram, segments, normalization, the net, \
its calibration, and the mean over the segments, all in standard operators (opset 19). Any ONNX Runtime runs it, in Python, Node, a \
browser or on a phone. On recordings its answers are those of predict within 1e-5; where a sound is next to nothing, such as what \
resampling leaves of a tone that is too high for the model, its sums in 32 bits differ, by up to 0.01. Input: waveform [batch, samples], mono, at least 1 \
sample, all finite. Outputs: probabilities [batch, labels], novelty [batch], segment_probabilities [batch, segments, labels] and \
segment_start [segments], in seconds. Its metadata timbrel.waveform names the labels, the sample rate and the thresholds. All \
segments are computed at once: 10 minutes of audio take 1 GB of memory.

With --hf, a folder that transformers.js, the JavaScript library of Hugging Face, opens as an audio classifier; for models of one \
label a clip.`;

const EXAMPLES = `
Examples:
  timbrel export models/mine/model.onnx --out tagger.onnx
  timbrel export models/mine/model.onnx --source-rate 44100 --out tagger.onnx
  timbrel export models/mine/model.onnx --quantize int8 --out tagger.onnx
  timbrel export models/mine/model.onnx --hf my-tagger`;

export const command = new Command("export")
  .description(DESCRIPTION)
  .argument("<model>", "model file made by train")
  .addOption(choiceOption("--input <kind>", "what the exported model reads", ["waveform"], "waveform"))
  .addOption(
    integerOption(
      "--source-rate <hz>",
      "sample rate of the audio that it gets (default: the model's own, without resampling)",
      { min: 4000, max: 384_000 },
    ),
  )
  .addOption(
    choiceOption("--quantize <kind>", "store the net's weights in fewer bits than 32 (default: 32)", [
      "int8",
    ]),
  )
  .option("-o, --out <file>", "ONNX file to write")
  .option("--hf <dir>", "folder to write for transformers.js: new, empty or an earlier export")
  .addHelpText("after", EXAMPLES)
  .action(exportModel);

function exportModel(modelPath: string, options: Options): void {
  const { sourceRate, quantize, out, hf } = options;
  if ((out === undefined) === (hf === undefined))
    throw new UsageError({
      setting: "--out",
      rule: "be given, or --hf, and not both",
      got: out === undefined ? "neither" : "both",
    });
  const settings: WaveformModelOptions = { sourceRate, quantize };
  const model = decodeModel(readModelFile(modelPath), modelPath);
  if (out !== undefined) {
    checkOut(out, modelPath);
    write(out, waveformModel(model, settings));
  }
  if (hf !== undefined) {
    const files = huggingFaceFiles(model, basename(resolve(hf)), settings);
    checkFolder(hf, Object.keys(files));
    for (const [file, content] of Object.entries(files)) write(join(hf, file), content);
  }
}

/** Checks that the output replaces nothing but an exported model: a model that was trained cannot be made from it again. */
function checkOut(path: string, modelPath: string): void {
  checkOutputs([{ flag: "--out", path, kind: "model" }], [modelPath]);
  if (statOrNull(path) !== null && !isExported(path))
    throw new UsageError({
      setting: "--out",
      rule: "name a new file, or an exported model to replace",
      got: `${path}, which is a model that was trained`,
    });
}

/** Checks that a folder is new or empty, or holds an earlier export alone. */
function checkFolder(dir: string, files: readonly string[]): void {
  const stats = statOrNull(dir);
  if (stats === null) return;
  const [model] = files.map((file) => join(dir, file)).filter((path) => path.endsWith(".onnx"));
  const names = stats.isDirectory() ? readdirSync(dir) : [];
  const own = new Set(files.map((file) => file.split("/")[0]));
  const isFree = stats.isDirectory() && names.every((name) => own.has(name));
  if (isFree && (names.length === 0 || (statOrNull(model) !== null && isExported(model)))) return;
  throw new UsageError({
    setting: "--hf",
    rule: "name a folder that is new or empty, or that holds an earlier export",
    got: `${dir}, which ${stats.isDirectory() ? "holds other files" : "is a file"}`,
  });
}

/** Whether a file is a model that was exported. */
function isExported(path: string): boolean {
  try {
    return decodeMetadata(readModelFile(path), path)[WAVEFORM_RECORD] !== undefined;
  } catch (error) {
    if (error instanceof DataError) return false; // it is another kind of file
    throw error;
  }
}

function write(path: string, content: Uint8Array | string): void {
  writeAtomically(path, content);
  const size =
    content.length < 1e6
      ? `${Math.ceil(content.length / 1e3)} kB`
      : `${(content.length / 1e6).toFixed(1)} MB`;
  print(`${visibleLine(path)}: ${size}`);
}
