import { existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Command, Option } from "commander";
import { decodeAudio } from "../audio/decode.js";
import { downmix } from "../audio/downmix.js";
import type { AudioWarning } from "../audio/warning.js";
import type { AudioFormat } from "../audio/waveform.js";
import { DataError, UsageError } from "../core/errors.js";
import { audioToLogMel, type ClipLogMel } from "../features/audio-to-log-mel.js";
import { describe } from "../features/descriptors.js";
import { FRONT_END_PRESETS, type FrontEnd, type PresetName } from "../features/front-end.js";
import { logMelPng } from "../report/log-mel-png.js";
import { print, say, visibleLine } from "../report/terminal.js";
import { encodeNpy } from "../store/npy.js";
import { readAudioFile, readModelFile } from "../store/read-files.js";
import { onDisk } from "../store/system-errors.js";
import { readModelInfo } from "../tagging/model-file.js";
import { EXIT, reportError } from "./exit.js";
import { frontEndText, presetOption } from "./front-end-options.js";
import { type Levels, levels } from "./levels.js";

interface Options {
  preset: PresetName;
  model?: string;
  png?: string;
  waveform?: string;
  features?: string;
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
  .argument("<audio...>", "audio files")
  .addOption(presetOption())
  .addOption(
    new Option("-m, --model <file>", "use the front end of a model (default: the preset)").conflicts(
      "preset",
    ),
  )
  .option("--png <file>", "draw the log-mel spectrogram (default: not drawn)")
  .option("--waveform <file>", "write the front end's mono samples as .npy (default: not written)")
  .option("--features <file>", "write the log-mel features as .npy, [frames, bands] (default: not written)")
  .option("--json", "print one JSON object per file on stdout, everything else on stderr", false)
  .addHelpText("after", EXAMPLES)
  .action(inspect);

async function inspect(files: string[], options: Options): Promise<void> {
  for (const flag of ["png", "waveform", "features"] as const)
    if (options[flag] !== undefined && files.length > 1)
      throw new UsageError({ setting: `--${flag}`, rule: "be used with one audio file", got: files.length });
  const frontEnd = frontEndOf(options);
  for (const file of files)
    try {
      await inspectFile(file, frontEnd, options);
    } catch (error) {
      const code = reportError(error, command);
      if (code !== EXIT.data) throw error;
      process.exitCode = code;
    }
}

/** The front end of the model, or of the preset if no model is given. */
function frontEndOf({ model, preset }: Options): FrontEnd {
  return model === undefined
    ? FRONT_END_PRESETS[preset]
    : readModelInfo(readModelFile(model), model).frontEnd;
}

async function inspectFile(file: string, frontEnd: FrontEnd, options: Options): Promise<void> {
  const decoded = await decodeAudio(readAudioFile(file), file);
  const { durationSec, warnings, ...views } = audioToLogMel(decoded, frontEnd, file);
  const found: Found = {
    file,
    ...decoded.format,
    durationSec,
    ...levels(decoded),
    ...describe(downmix(decoded)),
    warnings,
  };
  if (options.json) {
    for (const { message } of found.warnings) say(visibleLine(`${file}: warning: ${message}`));
    print(JSON.stringify(found));
  } else print(report(found));
  writeViews(views, frontEnd, { ...options, title: file });
}

/**
 * Writes a file where the user says; a device or a pipe, too.
 * @throws DataError if it cannot be written
 */
function writeOutput(path: string, content: Uint8Array): void {
  if (!existsSync(dirname(path))) throw new DataError(path, "cannot be written: its folder does not exist");
  onDisk("written", path, () => writeFileSync(path, content));
}

/** Writes those outputs of the front end that the flags ask for. */
function writeViews(
  { waveform: { samples }, features: mel }: Pick<ClipLogMel, "waveform" | "features">,
  frontEnd: FrontEnd,
  { png, waveform, features, title }: Options & { title: string },
): void {
  if (png === undefined && waveform === undefined && features === undefined) return;
  if (waveform !== undefined) writeOutput(waveform, encodeNpy({ data: samples, shape: [samples.length] }));
  if (features !== undefined) writeOutput(features, encodeNpy(mel));
  if (png !== undefined) writeOutput(png, logMelPng(mel, { frontEnd, title }));
  say(`front end: ${frontEndText(frontEnd)}; ${mel.shape.join(" x ")} values`);
}

type Found = { file: string; durationSec: number; warnings: readonly AudioWarning[] } & AudioFormat &
  Levels &
  ReturnType<typeof describe>;

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
    ["clipping", found.nClipped === 0 ? "none" : `${found.nClipped} samples at full scale`],
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
