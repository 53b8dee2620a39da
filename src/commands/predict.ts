import { Command, Option } from "commander";
import { UsageError } from "../core/errors.js";
import type { FrontEnd } from "../features/front-end.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { say, visibleLine } from "../report/terminal.js";
import { arrivingAudio } from "../store/arriving-audio.js";
import { openAudioFile } from "../store/open-audio-file.js";
import { readModelFile } from "../store/read-files.js";
import { featuresOf } from "../tagging/audio-source.js";
import {
  type AnyModel,
  type AnyTagger,
  decodeAnyModel,
  isLinear,
  openTagger,
} from "../tagging/open-tagger.js";
import type { Tagging, TagOptions } from "../tagging/tagger.js";
import { audioFiles, orReport, shippedModel } from "./audio-arguments.js";
import { commandLine } from "./command-line.js";
import { deviceOption, type EngineOptions, engineOf, threadsOption } from "./engine-options.js";
import { EXIT } from "./exit.js";
import { interruptible } from "./interrupt.js";
import { choiceOption, integerOption, maxDurationOption, numberOption } from "./options.js";
import {
  type FoundFile,
  foundFile,
  isOnePerFile,
  type OutputForm,
  openOutput,
  PREDICT_FORMATS,
  type PredictFormat,
} from "./predict-output.js";
import { drawPlot, plotOutputs } from "./predict-plot.js";
import { besideReading, type FileTurn, ReadAhead, THREADS_BESIDE_READING } from "./read-ahead.js";

interface Options extends EngineOptions {
  model?: string;
  top: number;
  segments: boolean;
  events: boolean;
  hop?: number;
  threshold?: number;
  format: PredictFormat;
  json: boolean;
  watchFolder?: string;
  out?: string;
  plot?: string;
  maxDuration: number;
}

/** Files of at least this length show their progress [s]. */
const LONG_SEC = 600;

const DESCRIPTION = `Tag audio files: WAV, AIFF, AU, MP3, OGG Vorbis, Opus or FLAC, of any sample rate, length and number of channels. Other \
formats are decoded by ffmpeg, if it is installed, but not from standard input.

A net answers for segments of a few seconds; the answer for a file is their mean, in which loud segments count \
for more if calibration found that they should. --segments shows each of them, and the \
events that they make: where segments with the same tag touch or overlap, they are one event. A model that was trained with \
one tag per clip answers with the most probable one. A model with several answers with each tag whose probability reaches the \
tag's threshold, which training has tuned; --threshold sets one for all tags, and for models of one tag the least probability \
of an answer.

A sound that is unlike the training sounds, such as noise, is answered "unknown", and so is silence: the model's novelty, a \
number that training has fitted, is then above its limit.`;

const FORMATS = `
Formats:
  text      for reading
  json      one object per file: file, durationSec, tags, isUnknown, novelty, noveltyLimit, warnings; segments and events if
            they are asked for; a tag has label, probability, threshold (null if there is none) and isPresent, whether it is
            in the answer; a segment also has its weight, how much it counts in the file's answer relative to the others
  csv       file, start, end, predicted tag and the probability of every tag: one line per file, with --segments one per
            segment; with --events file, start, end, label, probability: one line per event
  audacity  the events as a label track: File > Import > Labels
  raven     the events as a selection table of Raven, with the columns that BirdNET-Analyzer writes
The last two are one file per audio file: name a folder with --out to tag several.`;

const EXAMPLES = `
Examples:
  timbrel predict song.mp3
  timbrel predict recordings --top 1
  timbrel predict a.wav b.flac --model models/mine/model.onnx --json > tags.jsonl
  timbrel predict song.mp3 --threshold 0.8
  timbrel predict song.mp3 --segments --hop 1
  timbrel predict recordings --format csv --events --out events.csv
  timbrel predict song.mp3 --format audacity --out song.txt
  timbrel predict song.mp3 --hop 0.5 --plot song.png
  ffmpeg -i talk.mkv -f wav - | timbrel predict -
  timbrel predict --watch-folder incoming --json >> tags.jsonl`;

export const command = new Command("predict")
  .description(DESCRIPTION)
  .argument("[audio...]", "audio files, or folders to search; - for standard input")
  .option(
    "-m, --model <file>",
    "model file, or model.linear.onnx (default: the instrument model that comes with timbrel)",
  )
  .addOption(integerOption("--top <n>", "show the n most probable tags", { min: 1 }, 5))
  .addOption(
    numberOption(
      "--threshold <p>",
      "least probability of a tag in the answer (default: the model's own, if it gives several tags)",
      { min: 0, max: 1 },
    ),
  )
  .option("--segments", "show the tags of every segment, and the events they make", false)
  .option("--events", "show only the events", false)
  .addOption(
    numberOption(
      "--hop <seconds>",
      "seconds between the beginnings of segments (default: the fewest segments that cover the file)",
      { above: 0 },
    ),
  )
  .addOption(choiceOption("-f, --format <name>", "format of the output", PREDICT_FORMATS, "text"))
  .addOption(
    new Option("--json", "short for --format json: everything else goes to stderr")
      .default(false)
      .conflicts("format"),
  )
  .option("--watch-folder <dir>", "tag what arrives in a folder, too, until Ctrl-C (default: none)")
  .option("-o, --out <path>", "file to write, or folder for files of labels (default: stdout)")
  .option("--plot <file>", "draw the tags under the log-mel picture, as PNG (default: not drawn)")
  .addOption(maxDurationOption())
  .addOption(threadsOption(THREADS_BESIDE_READING))
  .addOption(deviceOption())
  .addHelpText("after", FORMATS + EXAMPLES)
  .action(predict);

async function predict(paths: string[], options: Options): Promise<void> {
  const modelPath = options.model ?? shippedModel();
  const format = options.json ? "json" : options.format;
  const showsEvents = options.segments || options.events || isOnePerFile(format);
  if (options.hop !== undefined && !showsEvents && options.plot === undefined)
    throw new UsageError({
      setting: "--hop",
      rule: "be used with segments or events",
      got: options.hop,
      remedy: "add --segments, --events or --plot",
    });
  checkWatching(paths, format, options);
  const model = decodeAnyModel(readModelFile(modelPath), modelPath);
  const files = paths.flatMap((path) => audioFiles(path, command).map((file) => foundFile(path, file)));
  const names = files.map(({ path }) => path);
  const engine = engineOf(besideReading(command, options, names));
  const tagger = await openTagger(model, engine, modelPath);
  const { frontEnd } = tagger.info;
  const form: OutputForm = {
    format,
    top: options.top,
    segments: options.segments,
    events: showsEvents,
    labels: tagger.labels,
    frontEnd,
  };
  const outputs = plotOutputs(options.plot, files.length);
  const output = openOutput(options.out, files, form, { inputs: [modelPath], outputs });
  const interrupted = (): void => {
    output.discard();
    process.exit(EXIT.interrupted);
  };
  if (options.out !== undefined) process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
  let note = onlySilenceIsUnknown(model, modelPath);
  let plot = async (): Promise<void> => {};
  let isAnswered = false;
  const write = async (file: FoundFile, answer: Promise<Tagging>): Promise<Tagging | null> => {
    const tagging = await orReport(command, answer);
    if (tagging === null) return null;
    if (note !== null) say(visibleLine(note));
    note = null;
    for (const { message } of tagging.warnings) say(visibleLine(`${file.path}: warning: ${message}`));
    output.write(file, tagging);
    isAnswered = true;
    return tagging;
  };
  const reading = new ReadAhead(names);
  try {
    let i = 0;
    for (const { openAudio, answer } of reading.answers((turn) => tag(tagger, turn, options))) {
      const file = files[i++];
      const tagging = await write(file, answer);
      if (tagging !== null)
        plot = () => drawTags({ open: openAudio, path: file.path }, frontEnd, tagging, options);
    }
    if (options.watchFolder !== undefined)
      await watchFolder(options.watchFolder, (file, open) =>
        write(file, tag(tagger, { path: file.path, open, isCurrent: () => true }, options)),
      );
    if (isAnswered) output.end(); // an answer to nothing does not replace an earlier one
    await plot();
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    output.discard();
    await reading.close();
    await tagger.close();
  }
}

/** What to know about a model that calls no noise unknown; null for the others. */
function onlySilenceIsUnknown(model: AnyModel, path: string): string | null {
  if (isLinear(model)) return `${path}: a linear baseline calls only silence unknown; a net also knows noise`;
  if (model.info.calibration?.unknown) return null;
  const calibrate = commandLine("calibrate", [path, "<store>"]);
  return `${path}: calls only silence unknown until it is calibrated: ${calibrate}`;
}

/** Tags a file. */
async function tag(
  tagger: AnyTagger,
  { path, open, isCurrent }: Pick<FileTurn, "path" | "open" | "isCurrent">,
  { maxDuration: maxDurationSec, hop, threshold }: Options,
): Promise<Tagging> {
  let bar: ProgressBar | undefined;
  const onProgress: TagOptions["onProgress"] = ({ doneSec, totalSec }) => {
    if (totalSec === null || totalSec < LONG_SEC || !isCurrent()) return;
    bar ??= progressBar(`reading ${visibleLine(path)}, seconds`, Math.ceil(totalSec));
    bar.update(Math.min(Math.floor(doneSec), Math.ceil(totalSec)));
  };
  const tagging = tagger.tagFeatures(open, {
    maxDurationSec,
    onProgress,
    threshold,
    ...(hop === undefined ? {} : { segments: { hopSec: hop } }),
  });
  return tagging.finally(() => bar?.stop());
}

/** Checks what is tagged: something, and what arrives only where answers are written as they come. */
function checkWatching(paths: readonly string[], format: PredictFormat, options: Options): void {
  if (options.watchFolder === undefined) {
    if (paths.length > 0) return;
    throw new UsageError({
      setting: "--watch-folder",
      rule: "be given where no audio files are",
      got: "neither",
      remedy: "name a file or a folder to tag",
    });
  }
  const { out, plot } = options;
  const others = { "--out": out, "--plot": plot, "--format": isOnePerFile(format) ? format : undefined };
  const other = Object.entries(others).find(([, value]) => value !== undefined);
  if (other !== undefined)
    throw new UsageError({
      setting: "--watch-folder",
      rule: `be used without ${other[0]} ${other[1]}`,
      got: "both",
      remedy: "send standard output to a file",
    });
}

/** Tags every file that comes into a folder, until Ctrl-C. */
async function watchFolder(
  dir: string,
  tagFile: (file: FoundFile, open: FileTurn["open"]) => Promise<unknown>,
): Promise<void> {
  await interruptible("after this file", async ({ signal, begin }) => {
    const onReady = (): void => {
      begin();
      say(visibleLine(`watching ${dir}; Ctrl-C ends`));
    };
    for await (const path of arrivingAudio(dir, { signal, onReady }))
      await tagFile(
        foundFile(dir, path),
        featuresOf(() => openAudioFile(path), path),
      );
  });
}

/** Draws the plot, if one is wanted. */
async function drawTags(
  audio: { open: FileTurn["openAudio"]; path: string },
  frontEnd: FrontEnd,
  { segments }: Tagging,
  { plot, top, maxDuration: maxDurationSec }: Options,
): Promise<void> {
  if (plot !== undefined) await drawPlot(plot, { ...audio, maxDurationSec }, { frontEnd, segments, top });
}
