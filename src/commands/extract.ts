import { availableParallelism } from "node:os";
import { Command } from "commander";
import { counted } from "../core/counted.js";
import { DataError } from "../core/errors.js";
import type { Clip } from "../dataset/clip.js";
import { hasLabel, isBackground, lacksLabels } from "../dataset/known-labels.js";
import { describeDifference, type FrontEnd, frontEndHash } from "../features/front-end.js";
import { emptyMelBands } from "../features/mel-filter-bank.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { print, say, visibleLine } from "../report/terminal.js";
import { nodeEngine } from "../runtime/node.js";
import type { Extraction, ExtractProgress } from "../store/extract.js";
import { extractFeatures } from "../store/extract.js";
import { readModelFile } from "../store/read-files.js";
import { isWarning } from "../store/source-clip.js";
import type { FeatureStore } from "../store/store.js";
import { decodeModel, type TrainedModel } from "../tagging/model-file.js";
import { decodeAnyModel, isLinear } from "../tagging/open-tagger.js";
import { sayNext, sayWarnings } from "./after-extract.js";
import { thisCommandLine } from "./command-line.js";
import { EXIT } from "./exit.js";
import { lineWithFlags, withFlags } from "./flag-names.js";
import { addFrontEndOptions, frontEndOf, frontEndOfModelOption, frontEndText } from "./front-end-options.js";
import { interruptible } from "./interrupt.js";
import { integerOption, maxDurationOption } from "./options.js";
import { storeEmbeddings } from "./store-embeddings.js";

interface Options {
  out: string;
  background?: string;
  model?: string;
  embeddings?: string;
  workers: number;
  dropCopies: boolean;
  maxDuration: number;
  strict: boolean;
}

const DESCRIPTION = `Compute the log-mel features of every audio file in a folder or manifest, and keep them in a store.

A folder holds one folder per class (<class>/*.wav), or train, valid and test with the classes in them. A manifest is \
a .csv, .tsv or .jsonl file with the columns path and label (several labels separated by |) and, optionally, group and \
split; clips of one group never end up in different splits. Where a header shows it, cells may be separated by ; or tabs.

A clip lacks the labels that its row does not name. The label ?violin says that it is not known whether the clip has the \
label violin, and ? says so of every label that the row does not name, except those in the column absent, which the clip \
lacks. Training and scores leave out what is not known.

What would stop or spoil training on these clips is named at once: too few clips of a class, labels spelled in two \
ways, copies with different labels.

Features already in the store are reused: a stopped run continues where it was, and only new files are computed. The \
store lists the clips of the source last extracted into it. To add clips, add them to the source and extract it again: \
models trained before can still be scored and resumed.`;

const EXAMPLES = `
Examples:
  timbrel extract music --out features
  timbrel extract music/manifest.csv --out features-16k --preset musicnn
  timbrel extract music --background noise --out features
  timbrel extract music --out features --model models/instruments.onnx
  timbrel extract music --out features --embeddings models/instruments.onnx
  timbrel extract music --out features-96 --n-mels 96 --mel-scale htk --strict`;

export const command = addFrontEndOptions(
  new Command("extract")
    .description(DESCRIPTION)
    .argument("<folder|manifest>", "the audio and its labels")
    .requiredOption("-o, --out <store>", "folder for the features; created if missing")
    .addOption(
      integerOption("--workers <n>", "threads that read audio", { min: 1, max: 1024 }).default(
        availableParallelism(),
        "one per core",
      ),
    )
    .option(
      "--background <folder>",
      "audio of no class, such as noise or speech: the net is trained to answer it with none (default: none)",
    )
    .option(
      "--embeddings <model>",
      "model file: compute its embeddings of the clips, too, which similar uses (default: none)",
    )
    .option("--drop-copies", "keep one of byte-identical files, none if their labels differ", false)
    .addOption(frontEndOfModelOption())
    .addOption(maxDurationOption())
    .option("--strict", "exit 1 if any file had to be left out, or if the clips cannot be trained on", false),
)
  .addHelpText("after", EXAMPLES)
  .action(extract);

async function extract(source: string, options: Options): Promise<void> {
  const model =
    options.model === undefined ? null : decodeAnyModel(readModelFile(options.model), options.model);
  const frontEnd = model === null ? frontEndOf(options) : model.info.frontEnd;
  const embedding = options.embeddings === undefined ? null : embeddingModel(options.embeddings, frontEnd);
  say(`front end: ${frontEndText(frontEnd)}`);
  const nEmpty = emptyMelBands(frontEnd).length;
  if (nEmpty > 0)
    say(
      `warning: ${nEmpty} of ${frontEnd.nMels} mel bands contain no bin of the Fourier transform and carry no information; use a smaller --n-mels or a larger --n-fft`,
    );
  const startMs = Date.now();
  let bar: ProgressBar | undefined;
  const onProblem = (problem: string): void => {
    const line = visibleLine(lineWithFlags(problem, command));
    if (bar === undefined) say(line);
    else bar.log(line);
  };
  const extraction = await interruptible("within a second", ({ signal, begin, end }) =>
    extractFeatures(source, options.out, {
      frontEnd,
      ...(options.background === undefined ? {} : { background: options.background }),
      nWorkers: options.workers,
      dropCopies: options.dropCopies,
      signal,
      maxDurationSec: options.maxDuration,
      onProgress(progress) {
        const { done, total, reused } = progress;
        if (done === reused && progress.within.length === 0 && bar === undefined) return; // nothing has been computed yet
        if (bar === undefined) begin();
        if (done === total) end();
        bar ??= progressBar("extracting", total);
        bar.update(done, note(progress), partOf(progress.within));
      },
      onProblem,
    }).finally(() => bar?.stop()),
  );
  if (extraction.interrupted) {
    const { store, failed } = extraction;
    say(
      `stopped with ${counted(store.clips.length, "clip")} done, ${failed} failed; to continue, run it again:`,
    );
    say(`  ${thisCommandLine()}`);
    process.exitCode = EXIT.interrupted;
    return;
  }
  const leftOut = extraction.problems.filter((line) => !isWarning(line)).length;
  sayWarnings(extraction.findings, command);
  print(summary(extraction, leftOut, (Date.now() - startMs) / 1000));
  const { store, findings } = extraction;
  const isFlawed = leftOut > 0 || findings.some(({ code, blocks }) => blocks && code !== "only-test");
  if (options.strict && isFlawed) process.exitCode = EXIT.data;
  if (embedding !== null && !(await embed(store, embedding))) return;
  sayNext(store, findings, { command, from: model === null || isLinear(model) ? undefined : options.model });
}

/** @throws DataError unless the file is a net that reads this front end */
function embeddingModel(path: string, frontEnd: FrontEnd): TrainedModel {
  const model = decodeModel(readModelFile(path), path);
  const { frontEnd: own } = model.info;
  if (frontEndHash(own) === frontEndHash(frontEnd)) return model;
  const difference = withFlags(describeDifference(own, frontEnd), command);
  const remedy = `extract with --model ${path}`;
  throw new DataError(path, `has another front end than the one to extract (${difference}); ${remedy}`);
}

/** Computes the embeddings of the store's clips; returns false if that was interrupted. */
async function embed(store: FeatureStore, model: TrainedModel): Promise<boolean> {
  const table = await storeEmbeddings(store, model, nodeEngine({ onStandIn: say }));
  if (table === null) return false;
  print(`  embeddings: ${counted(table.size, "number")} for each clip, in ${visibleLine(table.path)}`);
  return true;
}

/** What the progress says beside the number of files. */
function note({ failed, within }: ExtractProgress): string | undefined {
  const parts = failed > 0 ? [`${failed} failed`] : [];
  for (const { path, doneSec, totalSec } of within.slice(-1)) {
    const total = totalSec === null ? "" : ` of ${minutes(totalSec)}`;
    parts.push(`${minutes(doneSec)}${total} min of ${visibleLine(path)}`);
  }
  return parts.length === 0 ? undefined : parts.join(", ");
}

const minutes = (sec: number): string => Math.round(sec / 60).toFixed(0);

/** What was read of the long files [files]. */
function partOf(within: ExtractProgress["within"]): number {
  return within.reduce(
    (sum, { doneSec, totalSec }) => sum + (totalSec ? Math.min(1, doneSec / totalSec) : 0),
    0,
  );
}

function summary(
  { store, extracted, reused, dropped, change }: Extraction,
  leftOut: number,
  seconds: number,
): string {
  const { clips, dir } = store;
  const labels = [...new Set(clips.flatMap((clip) => clip.labels))];
  const minutes = clips.reduce((sum, clip) => sum + clip.durationSec, 0) / 60;
  const copies = dropped > 0 ? `, ${counted(dropped, "copy", "copies")} dropped` : "";
  const nBackground = clips.filter(isBackground).length;
  const background = nBackground > 0 ? ` and ${counted(nBackground, "background clip")}` : "";
  return [
    `${dir}: ${counted(clips.length - nBackground, "clip")} of ${counted(labels.length, "class", "classes")}${background}, ${minutes.toFixed(1)} min of audio`,
    `  ${extracted} new, ${reused} reused, ${leftOut} left out${copies}, in ${seconds.toFixed(1)} s`,
    ...missingLines(clips, labels),
    ...changeLines(change),
  ].join("\n");
}

/** How many labels are not known, if any are. */
function missingLines(clips: readonly Clip[], labels: readonly string[]): string[] {
  const nMissing = clips
    .filter(lacksLabels)
    .reduce((sum, clip) => sum + labels.filter((label) => hasLabel(clip, label) === null).length, 0);
  if (nMissing === 0) return [];
  const total = clips.length * labels.length;
  return [`  ${nMissing} of ${total} answers, one for each clip and class, are not known`];
}

/** What a change of the store's list means for models that were trained on it. */
function changeLines(change: Extraction["change"]): string[] {
  const { joined, left } = change ?? { joined: 0, left: 0 };
  const lines: string[] = [];
  const resuming = left > 0 ? "" : ", and train --resume goes on without the new ones";
  if (joined > 0)
    lines.push(
      `  ${counted(joined, "clip")} came into the list: evaluate scores a model trained before on every clip that it has not seen${resuming}`,
    );
  if (left > 0)
    lines.push(
      `  ${counted(left, "clip")} left the list, which holds the clips of the last source: train --resume needs the clips that a run began with; their features are kept`,
    );
  return lines;
}
