import { basename, relative } from "node:path";
import { shellWord } from "../report/shell-word.js";

/** A command line as the user would type it, to repeat or continue what runs now: by npm, by name or by file. */
export function commandLine(verb: string, args: readonly string[]): string {
  return [caller(verb), ...args.map(quote)].join(" ");
}

/** The command line that started this process. */
export function thisCommandLine(): string {
  const [verb, ...args] = process.argv.slice(2);
  return commandLine(verb, args);
}

function caller(verb: string): string {
  // npm names the script that it runs; a verb run by npm can follow another one.
  const verbs = ["extract", "train", "evaluate", "predict", "inspect", "summary", "lab"];
  const script = process.env["npm_lifecycle_event"];
  if (script !== undefined && verbs.includes(script)) return `npm run ${verb} --`;
  if (script === "npx") return `npx timbrel ${verb}`;
  const file = process.argv[1];
  return basename(file) === "timbrel" ? `timbrel ${verb}` : `node ${quote(relative("", file))} ${verb}`;
}

/** An argument as a shell reads it back; `<what to put here>` stays as it is. */
function quote(arg: string): string {
  return /^<[\w ]+>$/.test(arg) ? arg : shellWord(arg);
}
