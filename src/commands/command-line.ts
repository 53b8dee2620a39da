import { basename, relative } from "node:path";
import { shellWord } from "../report/shell-word.js";

/** A command line to repeat or follow this one, as the user would type it: through npm, by name or by file. */
export function commandLine(verb: string, args: readonly string[]): string {
  return [caller(verb), ...args.map(quote)].join(" ");
}

/** The command line that started this process. */
export function thisCommandLine(): string {
  const [verb, ...args] = process.argv.slice(2);
  return commandLine(verb, args);
}

/** Every verb of the command line. */
export const VERBS = [
  "extract",
  "train",
  "evaluate",
  "calibrate",
  "predict",
  "embed",
  "similar",
  "export",
  "inspect",
  "summary",
  "lab",
  "studio",
];

function caller(verb: string): string {
  // npm sets the name of the script it runs, which may be another verb than the one to suggest.
  const script = process.env["npm_lifecycle_event"];
  if (script !== undefined && VERBS.includes(script)) return `npm run ${verb} --`;
  if (script === "npx") return `npx timbrel ${verb}`;
  const file = process.argv[1];
  return basename(file) === "timbrel" ? `timbrel ${verb}` : `node ${quote(relative("", file))} ${verb}`;
}

/** An argument quoted for the shell; a placeholder such as `<new store>` stays as it is. */
function quote(arg: string): string {
  return /^<[\w ]+>$/.test(arg) ? arg : shellWord(arg);
}
