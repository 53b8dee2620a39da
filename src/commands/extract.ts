import { availableParallelism } from "node:os";
import { Command } from "commander";
import { emptyMelBands } from "../features/mel-filter-bank.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import type { Extraction, ExtractProgress } from "../store/extract.js";
import { extractFeatures } from "../store/extract.js";
import { commandLine, thisCommandLine } from "./command-line.js";
import { EXIT } from "./exit.js";
import { addFrontEndOptions, frontEndOf, frontEndText } from "./front-end-options.js";
import { interruptible } from "./interrupt.js";
import { integerOption, maxDurationOption } from "./options.js";

interface Options {
  out: string;
  workers: number;
  maxDuration: number;
  strict: boolean;
}

const DESCRIPTION = `Compute the log-mel features of every audio file in a folder or manifest, and keep them in a store.

A folder holds one folder per class (<class>/*.wav), or train, valid and test with the classes in them. A manifest is \
a .csv, .tsv or .jsonl file with the columns path and label (several labels separated by |) and, optionally, group and \
split; clips of one group never end up in different splits.

Features already in the store are reused: a stopped run continues where it was, and new files are added.`;

const EXAMPLES = `
Examples:
  timbrel extract music --out features
  timbrel extract music/manifest.csv --out features-16k --preset musicnn
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
    .addOption(maxDurationOption())
    .option("--strict", "exit 1 if any file had to be left out", false),
)
  .addHelpText("after", EXAMPLES)
  .action(extract);

async function extract(source: string, options: Options): Promise<void> {
  const frontEnd = frontEndOf(options);
  console.error(`front end: ${frontEndText(frontEnd)}`);
  const nEmpty = emptyMelBands(frontEnd).length;
  if (nEmpty > 0)
    console.error(
      `warning: ${nEmpty} of ${frontEnd.nMels} mel bands contain no bin of the Fourier transform and carry no information; use a smaller --n-mels or a larger --n-fft`,
    );
  const startMs = Date.now();
  let bar: ProgressBar | undefined;
  const say = (line: string): void => (bar === undefined ? console.error(line) : bar.log(line));
  const extraction = await interruptible("within a second", (signal) =>
    extractFeatures(source, options.out, {
      frontEnd,
      nWorkers: options.workers,
      signal,
      maxDurationSec: options.maxDuration,
      onProgress(progress) {
        bar ??= progressBar("extracting", progress.total);
        bar.update(progress.done, note(progress), fractionOf(progress.within));
      },
      onProblem: say,
    }).finally(() => bar?.stop()),
  );
  if (extraction.interrupted) {
    const { store, failed } = extraction;
    console.error(
      `stopped with ${store.clips.length} clips done, ${failed} failed; to continue, run it again:`,
    );
    console.error(`  ${thisCommandLine()}`);
    process.exitCode = EXIT.interrupted;
    return;
  }
  const leftOut = extraction.problems.filter((line) => !line.includes(": warning: ")).length;
  console.log(summary(extraction, leftOut, (Date.now() - startMs) / 1000));
  if (options.strict && leftOut > 0) process.exitCode = EXIT.data;
  else console.log(`next: ${commandLine("train", [options.out, "--out", "models/mine"])}`);
}

/** What the progress says beside the number of files. */
function note({ failed, within }: ExtractProgress): string | undefined {
  const parts = failed > 0 ? [`${failed} failed`] : [];
  if (within !== undefined) {
    const total = within.totalSec === null ? "" : ` of ${minutes(within.totalSec)}`;
    parts.push(`${minutes(within.doneSec)}${total} min of ${within.path}`);
  }
  return parts.length === 0 ? undefined : parts.join(", ");
}

const minutes = (sec: number): string => Math.round(sec / 60).toFixed(0);

/** Fraction of a long file that was read. */
function fractionOf(within: ExtractProgress["within"]): number {
  return within?.totalSec ? Math.min(1, within.doneSec / within.totalSec) : 0;
}

function summary({ store, extracted, reused }: Extraction, leftOut: number, seconds: number): string {
  const { clips, dir } = store;
  const labels = new Set(clips.flatMap((clip) => clip.labels));
  const minutes = clips.reduce((sum, clip) => sum + clip.durationSec, 0) / 60;
  return [
    `${dir}: ${clips.length} clips of ${labels.size} classes, ${minutes.toFixed(1)} min of audio`,
    `  ${extracted} new, ${reused} reused, ${leftOut} left out, in ${seconds.toFixed(1)} s`,
  ].join("\n");
}
