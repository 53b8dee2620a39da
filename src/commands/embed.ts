import { join } from "node:path";
import { Command } from "commander";
import { counted } from "../core/counted.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { print, say, visibleLine } from "../report/terminal.js";
import { EMBEDDING_FILES, EmbeddingFiles, removeEmbeddingParts } from "../store/embedding-files.js";
import { whileLocked } from "../store/folder-lock.js";
import { readModelFile } from "../store/read-files.js";
import { decodeModel, embeddingSize } from "../tagging/model-file.js";
import { type Embedding, Tagger } from "../tagging/tagger.js";
import { audioFiles, orReport, shippedModel } from "./audio-arguments.js";
import { deviceOption, type EngineOptions, engineOf, threadsOption } from "./engine-options.js";
import { EXIT } from "./exit.js";
import { maxDurationOption } from "./options.js";
import { checkOutputs } from "./output-paths.js";
import { besideReading, ReadAhead, THREADS_BESIDE_READING } from "./read-ahead.js";

interface Options extends EngineOptions {
  out: string;
  model?: string;
  segments: boolean;
  maxDuration: number;
}

const DESCRIPTION = `Compute embeddings of audio files: what a net hears in them, as a list of numbers that its last layer reads. Files that \
sound alike to the net have similar embeddings.

The embedding of a file is the mean over its segments of a few seconds. ${EMBEDDING_FILES.embeddings} gets a row of numbers for each \
file, in 32-bit floats, which numpy.load reads; ${EMBEDDING_FILES.index} says what each row is of, in the same order.`;

const EXAMPLES = `
Columns of ${EMBEDDING_FILES.index}: path, seconds, nSegments; with --segments path, start, end (in seconds), one row for each segment.

Examples:
  timbrel embed recordings --out embeddings
  timbrel embed a.wav b.flac --out embeddings --model models/mine/model.onnx
  timbrel embed song.mp3 --out embeddings --segments`;

export const command = new Command("embed")
  .description(DESCRIPTION)
  .argument("<audio...>", "audio files, or folders to search; - for standard input")
  .requiredOption("-o, --out <folder>", "folder for the two files; created if missing")
  .option("-m, --model <file>", "model file (default: the instrument model that comes with timbrel)")
  .option("--segments", "write a row for each segment", false)
  .addOption(maxDurationOption())
  .addOption(threadsOption(THREADS_BESIDE_READING))
  .addOption(deviceOption())
  .addHelpText("after", EXAMPLES)
  .action(embed);

async function embed(paths: string[], options: Options): Promise<void> {
  const { out, model: modelPath = shippedModel() } = options;
  const model = decodeModel(readModelFile(modelPath), modelPath);
  const files = paths.flatMap((path) => audioFiles(path, command));
  const { embeddings, index } = EMBEDDING_FILES;
  checkOutputs(
    [
      { flag: "--out", path: join(out, embeddings), kind: ".npy" },
      { flag: "--out", path: join(out, index), kind: "CSV index" },
    ],
    [...files, modelPath],
  );
  if (files.length === 0) return;
  const tagger = await Tagger.of(model, engineOf(besideReading(command, options, files)), modelPath);
  try {
    const nRows = await whileLocked(out, () => embedInto(out, files, tagger, options));
    if (nRows === 0) return;
    const what = options.segments ? "segment" : "file";
    const size = `${counted(nRows, what)}, ${counted(embeddingSize(model), "number")} each`;
    print(
      `${visibleLine(join(out, embeddings))}: embeddings of ${size}; listed in ${visibleLine(join(out, index))}`,
    );
  } finally {
    await tagger.close();
  }
}

/** Writes the embeddings of files, and returns the number of rows; bad files are reported, and nothing but bad files writes nothing. */
async function embedInto(
  out: string,
  files: readonly string[],
  tagger: Tagger,
  options: Options,
): Promise<number> {
  removeEmbeddingParts(out);
  const output = new EmbeddingFiles(out, options.segments ? "segments" : "clips");
  const bar = new FilesBar(files.length);
  const interrupted = (): void => {
    bar.stop();
    output.discard();
    process.exit(EXIT.interrupted);
  };
  process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
  const reading = new ReadAhead(files);
  try {
    const answers = reading.answers(({ path, open, isCurrent }) =>
      tagger.embedFeatures(open, {
        maxDurationSec: options.maxDuration,
        onProgress: (progress) => isCurrent() && bar.within(path, progress),
      }),
    );
    for (const { path, answer } of answers) {
      const found = await orReport(command, answer);
      bar.next();
      if (found !== null) writeRows(output, path, found, options);
    }
    bar.stop();
    if (output.nRows > 0) output.end(); // embeddings of nothing do not replace earlier ones
    return output.nRows;
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    bar.stop();
    output.discard();
    await reading.close();
  }
}

function writeRows(
  output: EmbeddingFiles,
  path: string,
  { embedding, segments, durationSec, warnings }: Embedding,
  { segments: ofSegments }: Options,
): void {
  for (const { message } of warnings) say(visibleLine(`${path}: warning: ${message}`));
  if (ofSegments) for (const { embedding, ...times } of segments) output.write({ path, ...times }, embedding);
  else output.write({ path, durationSec, nSegments: segments.length }, embedding);
}

/** Files of at least this length show their progress, even if there is one alone [s]. */
const LONG_SEC = 600;

/** Progress over files, with that within the current one; none for one short file. */
class FilesBar {
  readonly #total: number;
  #done = 0;
  #bar: ProgressBar | undefined;

  constructor(total: number) {
    this.#total = total;
    if (total > 1) this.#bar = progressBar("embedding", total);
  }

  within(path: string, { doneSec, totalSec }: { doneSec: number; totalSec: number | null }): void {
    if (totalSec === null || totalSec < LONG_SEC) return;
    this.#bar ??= progressBar("embedding", this.#total);
    const minutes = `${Math.round(doneSec / 60)} of ${Math.round(totalSec / 60)} min of ${path}`;
    this.#bar.update(this.#done, minutes, Math.min(1, doneSec / totalSec));
  }

  next(): void {
    this.#bar?.update(++this.#done);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
