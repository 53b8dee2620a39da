import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { DataError, UsageError } from "../core/errors.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { percent } from "../report/table.js";
import { print, say, visibleLine } from "../report/terminal.js";
import { nodeEngine } from "../runtime/node.js";
import { findAudio, statOrNull } from "../store/audio-files.js";
import { reopenAudioFile } from "../store/open-audio-file.js";
import { readModelFile } from "../store/read-files.js";
import { type AnyTagger, decodeAnyModel, openTagger } from "../tagging/open-tagger.js";
import { SHIPPED_MODEL } from "../tagging/shipped-model.js";
import type { Tagging, TagOptions } from "../tagging/tagger.js";
import { EXIT, reportError } from "./exit.js";
import { integerOption, maxDurationOption, threadsOption } from "./options.js";

interface Options {
  model?: string;
  top: number;
  json: boolean;
  maxDuration: number;
  threads: number;
}

/** Files of at least this length show their progress [s]. */
const LONG_SEC = 600;

const DESCRIPTION = `Tag audio files: WAV, AIFF, AU, MP3, OGG Vorbis, Opus or FLAC, of any sample rate, length and number of channels. Other \
formats are decoded by ffmpeg, if it is installed.`;

const EXAMPLES = `
Examples:
  timbrel predict song.mp3
  timbrel predict recordings --top 1
  timbrel predict a.wav b.flac --model models/mine/model.onnx --json > tags.jsonl`;

export const command = new Command("predict")
  .description(DESCRIPTION)
  .argument("<audio...>", "audio files, or folders to search")
  .option(
    "-m, --model <file>",
    "model file, or model.linear.onnx (default: the instrument model that comes with timbrel)",
  )
  .addOption(integerOption("--top <n>", "show the n most probable tags", { min: 1 }, 5))
  .addOption(maxDurationOption())
  .addOption(threadsOption())
  .option("--json", "print one JSON object per file on stdout, everything else on stderr", false)
  .addHelpText("after", EXAMPLES)
  .action(predict);

async function predict(paths: string[], options: Options): Promise<void> {
  const modelPath = options.model ?? shippedModel();
  const tagger = await openTagger(
    decodeAnyModel(readModelFile(modelPath), modelPath),
    nodeEngine({ threads: options.threads }),
    modelPath,
  );
  try {
    for (const path of paths)
      for (const file of audioFiles(path)) {
        const tagging = await tagOrReport(tagger, file, options);
        if (tagging !== null) show(file, tagging, options);
      }
  } finally {
    await tagger.close();
  }
}

function shippedModel(): string {
  const path = fileURLToPath(SHIPPED_MODEL);
  if (existsSync(path)) return path;
  throw new UsageError({
    setting: "--model",
    rule: "name a model file, because this copy of timbrel comes without one",
    got: `no ${path}`,
    remedy: "train one with timbrel train",
  });
}

/** Lists the audio files at a path; a folder is searched. What cannot be opened in it, or no audio in it, makes the exit code 1. */
function audioFiles(path: string): string[] {
  if (statOrNull(path)?.isDirectory() !== true) return [path]; // reading it says what is wrong
  const files = findAudio(path, (line) => {
    say(`timbrel: ${visibleLine(line)}`);
    process.exitCode = EXIT.data;
  });
  if (files.length === 0) process.exitCode = reportError(new DataError(path, "holds no audio"), command);
  return files;
}

async function tagOrReport(
  tagger: AnyTagger,
  file: string,
  { maxDuration: maxDurationSec }: Options,
): Promise<Tagging | null> {
  let bar: ProgressBar | undefined;
  const onProgress: TagOptions["onProgress"] = ({ doneSec, totalSec }) => {
    if (totalSec === null || totalSec < LONG_SEC) return;
    bar ??= progressBar(`reading ${visibleLine(file)}, seconds`, Math.ceil(totalSec));
    bar.update(Math.min(Math.floor(doneSec), Math.ceil(totalSec)));
  };
  try {
    return await tagger.tagStream(reopenAudioFile(file), file, { maxDurationSec, onProgress });
  } catch (error) {
    const code = reportError(error, command);
    if (code !== EXIT.data) throw error;
    process.exitCode = code;
    return null;
  } finally {
    bar?.stop();
  }
}

function show(file: string, { tags, durationSec, warnings }: Tagging, { top, json }: Options): void {
  for (const { message } of warnings) say(visibleLine(`${file}: warning: ${message}`));
  const shown = tags.slice(0, top);
  if (json) print(JSON.stringify({ file, durationSec, tags: shown, warnings }));
  else print([`${visibleLine(file)} (${durationSec.toFixed(1)} s)`, ...shown.map(tagLine(shown))].join("\n"));
}

const BAR = 30;

function tagLine(tags: Tagging["tags"]): (tag: Tagging["tags"][number]) => string {
  const width = Math.max(...tags.map(({ label }) => visibleLine(label).length));
  return ({ label, probability }) =>
    `  ${visibleLine(label).padEnd(width)}  ${percent(probability).padStart(7)}  ${"#".repeat(Math.round(BAR * probability))}`.trimEnd();
}
