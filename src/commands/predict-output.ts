import { basename, join, relative } from "node:path";
import { UsageError } from "../core/errors.js";
import type { FrontEnd } from "../features/front-end.js";
import {
  audacityLabels,
  EVENTS_CSV_HEAD,
  eventsCsv,
  ravenTable,
  taggingCsv,
  taggingCsvHead,
  taggingJson,
} from "../report/tagging-files.js";
import { type ShownParts, taggingText } from "../report/tagging-text.js";
import { print } from "../report/terminal.js";
import { writeAtomically } from "../store/atomic-file.js";
import { AtomicText } from "../store/atomic-text.js";
import { statOrNull } from "../store/audio-files.js";
import type { Tagging } from "../tagging/tagger.js";
import { checkOutputs, type Output } from "./output-paths.js";

export const PREDICT_FORMATS = ["text", "json", "csv", "audacity", "raven"] as const;
export type PredictFormat = (typeof PREDICT_FORMATS)[number];

/** An audio file, and its name below the folder that it was found in. */
export interface FoundFile {
  readonly path: string;
  readonly name: string;
}

/** A file that was found at a path: the path itself, or in the folder of this path. */
export function foundFile(path: string, file: string): FoundFile {
  return { path: file, name: path === file ? basename(file) : relative(path, file) };
}

/** What of an answer is written, and how. */
export interface OutputForm extends ShownParts {
  readonly format: PredictFormat;
  readonly labels: readonly string[];
  readonly frontEnd: FrontEnd;
}

/** Whether a format has no room for the name of the audio file, so that there is an output for each. */
export function isOnePerFile(format: PredictFormat): boolean {
  return format === "audacity" || format === "raven";
}

/** Lines before the first answer. */
function headLines({ format, events, segments, labels }: OutputForm): string[] {
  if (format !== "csv") return [];
  return [events && !segments ? EVENTS_CSV_HEAD : taggingCsvHead(labels)];
}

function answerLines(file: string, tagging: Tagging, form: OutputForm): string[] {
  switch (form.format) {
    case "text":
      return [taggingText(file, tagging, form)];
    case "json":
      return [taggingJson(file, tagging, form)];
    case "csv":
      return form.events && !form.segments ? eventsCsv(file, tagging) : taggingCsv(file, tagging, form);
    case "audacity":
      return audacityLabels(tagging);
    case "raven":
      return ravenTable(file, tagging, form.frontEnd);
  }
}

const joinedLines = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** Where answers go. */
export interface PredictOutput {
  write(file: FoundFile, tagging: Tagging): void;
  /** Completes what is written. */
  end(): void;
  /** Removes what is not complete. */
  discard(): void;
}

/** What a command reads and writes beside audio files and answers. */
interface Beside {
  readonly inputs: readonly string[];
  readonly outputs: readonly Output[];
}

/**
 * Opens the output for answers: stdout, a file, or a folder with a file for each audio file.
 * @param out path of the file or folder; undefined for stdout
 * @param beside other files that are read, and other outputs
 * @throws UsageError if the format needs a folder and has none, or an output would replace something
 */
export function openOutput(
  out: string | undefined,
  files: readonly FoundFile[],
  form: OutputForm,
  beside: Beside,
): PredictOutput {
  const isFolder = out !== undefined && (/[/\\]$/.test(out) || statOrNull(out)?.isDirectory() === true);
  if (isOnePerFile(form.format) && (isFolder || files.length > 1))
    return folderOutput(out, files, form, beside);
  if (isFolder)
    throw new UsageError({ setting: "--out", rule: "name a file", got: `${out}, which is a folder` });
  checkAll(out === undefined ? [] : [out], files, beside);
  if (out === undefined) return stdoutOutput(form);
  const text = new AtomicText(out);
  text.write(joinedLines(headLines(form)));
  return {
    write: ({ path }, tagging) => text.write(joinedLines(answerLines(path, tagging, form))),
    end: () => text.end(),
    discard: () => text.discard(),
  };
}

/** Checks the files of answers, and what else is written. */
function checkAll(paths: readonly string[], files: readonly FoundFile[], { inputs, outputs }: Beside): void {
  const answers = paths.map((path): Output => ({ flag: "--out", path, kind: "predict output" }));
  checkOutputs([...answers, ...outputs], [...files.map(({ path }) => path), ...inputs]);
}

function stdoutOutput(form: OutputForm): PredictOutput {
  let head = headLines(form);
  return {
    write({ path }, tagging) {
      for (const line of [...head, ...answerLines(path, tagging, form)]) print(line);
      head = [];
    },
    end() {},
    discard() {},
  };
}

/** Writes `<name>.audacity.txt` or `<name>.raven.txt` for each audio file, below a folder. */
function folderOutput(
  out: string | undefined,
  files: readonly FoundFile[],
  form: OutputForm,
  beside: Beside,
): PredictOutput {
  if (out === undefined)
    throw new UsageError({
      setting: "--format",
      rule: `be used with one audio file, or with --out and a folder, since a file of ${form.format} labels belongs to one audio file`,
      got: `${form.format} for ${files.length} audio files`,
    });
  const pathOf = ({ name }: FoundFile): string => join(out, `${name}.${form.format}.txt`);
  const named = new Map<string, string>();
  for (const file of files) {
    const other = named.get(pathOf(file));
    if (other !== undefined && other !== file.path)
      throw new UsageError({
        setting: "--out",
        rule: "give each audio file a file of its own",
        got: `${pathOf(file)} for ${other} and ${file.path}`,
        remedy: "tag them one after the other, with different folders",
      });
    named.set(pathOf(file), file.path);
  }
  checkAll([...named.keys()], files, beside);
  return {
    write: (file, tagging) =>
      writeAtomically(pathOf(file), joinedLines(answerLines(file.path, tagging, form))),
    end() {},
    discard() {},
  };
}
