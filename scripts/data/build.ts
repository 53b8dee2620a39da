import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { DataError, errorLine, UsageError } from "../../src/core/errors.js";
import { shellWord } from "../../src/report/shell-word.js";
import { say } from "../../src/report/terminal.js";
import { writeAtomically } from "../../src/store/atomic-file.js";
import { buildMixes } from "./build-mixes.js";
import { FONTS, type Font } from "./fonts.js";
import { genreCommand } from "./genre/command.js";
import { LABELS, type Label } from "./labels.js";
import { countTable, type ManifestRow, manifestCsv, unsplitCsv } from "./manifest.js";
import { FULL_SIZE, SMALL_SIZE, type Split } from "./plan.js";
import { listRecordings } from "./recordings.js";
import { renderSet } from "./render-set.js";
import { userFont } from "./user-font.js";

function parseWhole(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < min)
      throw new InvalidArgumentError(`must be an integer of at least ${min}.`);
    return value;
  };
}

function readRows(file: string): ManifestRow[] {
  const [, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const [path, label, group, split] = line.split(",");
    return { path, label: label as Label, group, split: split as Split };
  });
}

/** The fonts of the development dependencies and the user's. */
async function fontsWith(files: readonly string[]): Promise<Font[]> {
  const fonts = [...FONTS];
  for (const file of files) fonts.push(await userFont(file, fonts));
  return fonts;
}

interface Options {
  out?: string;
  recordings: string;
  font: string[];
  trainClips?: number;
  seed: number;
  workers: number;
  small: boolean;
  mixes: boolean;
}

const command = new Command("data")
  .description(
    "Render the default instrument data, list the real recordings for the external test, and mix both for a model of several tags.",
  )
  .option(
    "--out <folder>",
    "folder for the rendered instruments (default: data/instruments; with --small, data/instruments-small)",
  )
  .option("--recordings <folder>", "folder for the manifest of the real recordings", "data/recordings")
  .option(
    "--font <file>",
    "an SF2 or SF3 sound font of yours to train on, too; repeat it for several",
    (file: string, files: string[]) => [...files, file],
    [],
  )
  .option(
    "--train-clips <number>",
    `training clips per class (default: ${FULL_SIZE.train}; with --small, ${SMALL_SIZE.train})`,
    parseWhole(1),
  )
  .option("--seed <number>", "seed of the drawn notes and of the held-out groups", parseWhole(0), 1)
  .option("--workers <number>", "threads", parseWhole(1), availableParallelism())
  .option("--small", "a set of 404 clips and 48 mixes for a quick check", false)
  .option(
    "--no-mixes",
    "no mixes of several instruments, which are made in mixes and recording-mixes beside these folders",
  )
  .exitOverride()
  .action(async (options: Options) => {
    const standard = options.small ? SMALL_SIZE : FULL_SIZE;
    const size = { ...standard, train: options.trainClips ?? standard.train };
    const nWorkers = Math.min(options.workers, 8);
    const out = options.out ?? (options.small ? "data/instruments-small" : "data/instruments");
    const fonts = await fontsWith(options.font);
    const {
      rendered: isNew,
      silent,
      groupsOfTest,
    } = await renderSet(resolve(out), {
      seed: options.seed,
      size,
      fonts,
      nWorkers,
    });
    const rows = readRows(join(out, "manifest.csv"));
    writeAtomically(join(out, "random-notes.csv"), unsplitCsv(rows, { withGroups: false }));
    writeAtomically(join(out, "held-out-groups.csv"), unsplitCsv(rows, { withGroups: true }));
    const rendered = rows.filter(({ split }) => split !== "test");
    for (const half of ["a", "b"] as const)
      writeAtomically(
        join(out, `with-recordings-${half}.csv`),
        manifestCsv([...rendered, ...listRecordings(resolve(out), half)]),
      );
    if (!isNew) console.error(`${out} is complete, nothing to render`);
    console.error(`\nclips (groups) in ${out}\n${countTable(rows)}\n`);
    if (groupsOfTest.length > 0)
      console.error(`left out, since the test font has the same samples: ${groupsOfTest.join(", ")}`);
    if (silent.length > 0) console.error(`silent clips, left out: ${silent.length} (${silent.join(", ")})`);
    for (const label of LABELS)
      for (const split of ["valid", "test"] as const)
        if (!rows.some((row) => row.label === label && row.split === split))
          console.error(`warning: no clips of ${label} in ${split}`);
    const folder = resolve(options.recordings);
    const recordings = listRecordings(folder);
    writeAtomically(join(folder, "manifest.csv"), manifestCsv(recordings));
    console.error(
      `${recordings.length} real recordings in ${join(options.recordings, "manifest.csv")} (test only)`,
    );
    if (options.mixes)
      await buildMixes({ dir: out, rows }, { dir: options.recordings, rows: recordings }, options);
    const [manifest, features] = [join(out, "manifest.csv"), join("data/features", basename(out))];
    console.error(`next: npm run extract -- ${shellWord(manifest)} --out ${shellWord(features)}`);
  });

command.enablePositionalOptions().addCommand(genreCommand);

try {
  await command.parseAsync();
} catch (error) {
  // Commander has already printed its message, or the help.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof UsageError || error instanceof DataError) {
    say(errorLine(error)); // an unreadable font may name bytes
    process.exitCode = error instanceof UsageError ? 2 : 1;
  } else throw error;
}
