import { Command, Option } from "commander";
import type { Levels } from "../audio/level-meter.js";
import type { AudioWarning } from "../audio/warning.js";
import type { AudioFormat } from "../audio/waveform.js";
import { counted } from "../core/counted.js";
import { UsageError } from "../core/errors.js";
import { type Description, describeFrames } from "../features/descriptors.js";
import { FeatureStream } from "../features/feature-stream.js";
import { FRONT_END_PRESETS, type FrontEnd, type PresetName } from "../features/front-end.js";
import { FrameSampler } from "../features/meyda-frames.js";
import { print, say, visibleLine } from "../report/terminal.js";
import { openSource } from "../store/file-source.js";
import { openAudioFile } from "../store/open-audio-file.js";
import { readModelFile } from "../store/read-files.js";
import { readModelInfo } from "../tagging/model-file.js";
import { isBadFile, reportError } from "./exit.js";
import { frontEndText, presetOption } from "./front-end-options.js";
import { Views } from "./inspect-views.js";
import { maxDurationOption } from "./options.js";
import { checkOutputs, type Output } from "./output-paths.js";

interface Options {
  preset: PresetName;
  model?: string;
  png?: string;
  waveform?: string;
  features?: string;
  maxDuration: number;
  json: boolean;
}

const DESCRIPTION = `Show what is in an audio file: its format, levels and descriptors, and what the net would see of it.

Levels cover all channels. Descriptors are computed on the mean of the channels, at the file's own sample rate, and \
averaged over the frames that are not silent.`;

const EXAMPLES = `
Examples:
  timbrel inspect song.mp3
  timbrel inspect song.mp3 --png song.png
  timbrel inspect song.mp3 --png song.png --model models/mine/model.onnx
  timbrel inspect a.wav --preset musicnn --waveform a-16k.npy --features a-mel.npy
  timbrel inspect *.wav --json | head -1`;

export const command = new Command("inspect")
  .description(DESCRIPTION)
  .argument("<audio...>", "audio files; - for standard input")
  .addOption(presetOption())
  .addOption(
    new Option("-m, --model <file>", "use the front end of a model (default: the preset)").conflicts(
      "preset",
    ),
  )
  .option("--png <file>", "draw the log-mel spectrogram (default: not drawn)")
  .option("--waveform <file>", "write the front end's mono samples as .npy (default: not written)")
  .option("--features <file>", "write the log-mel features as .npy, [frames, bands] (default: not written)")
  .addOption(maxDurationOption())
  .option("--json", "print one JSON object per file on stdout, everything else on stderr", false)
  .addHelpText("after", EXAMPLES)
  .action(inspect);

async function inspect(files: string[], options: Options): Promise<void> {
  for (const flag of ["png", "waveform", "features"] as const)
    if (options[flag] !== undefined && files.length > 1)
      throw new UsageError({ setting: `--${flag}`, rule: "be used with one audio file", got: files.length });
  checkOutputs(outputsOf(options), options.model === undefined ? files : [...files, options.model]);
  const frontEnd = frontEndOf(options);
  for (const file of files)
    try {
      await inspectFile(file, frontEnd, options);
    } catch (error) {
      if (!isBadFile(error)) throw error;
      process.exitCode = reportError(error, command);
    }
}

function outputsOf({ png, waveform, features }: Options): Output[] {
  const outputs = [
    { flag: "--png", path: png, kind: "PNG" },
    { flag: "--waveform", path: waveform, kind: ".npy" },
    { flag: "--features", path: features, kind: ".npy" },
  ] as const;
  return outputs.flatMap(({ path, ...output }) => (path === undefined ? [] : [{ ...output, path }]));
}

/** The front end of the model, or of the preset if no model is given. */
function frontEndOf({ model, preset }: Options): FrontEnd {
  return model === undefined
    ? FRONT_END_PRESETS[preset]
    : readModelInfo(readModelFile(model), model).frontEnd;
}

async function inspectFile(file: string, frontEnd: FrontEnd, options: Options): Promise<void> {
  const sampler = new FrameSampler();
  const views = new Views(options, frontEnd, file);
  const features = new FeatureStream(await openAudioFile(file, await openSource(file)), frontEnd, file, {
    maxDurationSec: options.maxDuration,
    onMono: (samples) => sampler.push(samples),
    onWaveform: (samples) => views.pushWaveform(samples),
  });
  const { mono } = features;
  try {
    if (views.areWanted) for await (const rows of features.rows()) views.pushRows(rows);
    else for await (const samples of mono.blocks()) sampler.push(samples);
    const { warnings } = features;
    const found: Found = {
      file,
      ...mono.format,
      nSamples: mono.nSamples,
      durationSec: mono.durationSec,
      ...mono.levels,
      ...describeFrames(sampler, mono.format.sampleRate),
      warnings,
    };
    if (options.json) {
      for (const { message } of warnings) say(visibleLine(`${file}: warning: ${message}`));
      print(JSON.stringify(found));
    } else print(report(found));
    if (!views.areWanted) return;
    views.end(features);
    say(`front end: ${frontEndText(frontEnd)}; ${features.nFrames} x ${frontEnd.nMels} values`);
  } finally {
    views.close();
  }
}

type Found = { file: string; durationSec: number; warnings: readonly AudioWarning[] } & AudioFormat &
  Levels &
  Description;

function report(found: Found): string {
  const db = (value: number | null): string => (value === null ? "silent" : `${value.toFixed(1)} dBFS`);
  const hz = (value: number): string => `${value.toFixed(0)} Hz`;
  const rows = [
    ["format", `${found.container}, ${found.encoding}`],
    ["rate", `${found.sampleRate} Hz`],
    ["channels", String(found.channels)],
    ["length", `${found.durationSec.toFixed(3)} s, ${found.nSamples} samples`],
    ["peak", db(found.peakDbfs)],
    ["RMS", db(found.rmsDbfs)],
    ["clipping", found.nClipped === 0 ? "none" : `${counted(found.nClipped, "sample")} at full scale`],
    ["centroid", hz(found.spectralCentroidHz)],
    ["roll-off", `${hz(found.spectralRolloffHz)} (99 %)`],
    ["flatness", found.spectralFlatness.toFixed(3)],
    ["zero crossings", `${found.zeroCrossingsPerSec.toFixed(0)} per second`],
    ...found.warnings.map(({ message }) => ["warning", message]),
  ];
  return [
    visibleLine(found.file),
    ...rows.map(([name, text]) => `  ${name.padEnd(14)}  ${visibleLine(text)}`),
  ].join("\n");
}
