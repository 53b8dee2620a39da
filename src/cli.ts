#!/usr/bin/env node
import { readFileSync } from "node:fs";
import module from "node:module";
import { Command } from "commander";
import { checkNoneEmpty } from "./commands/empty-arguments.js";
import { EXIT, reportError } from "./commands/exit.js";
import { DataError } from "./core/errors.js";
import { visible } from "./report/terminal.js";
import { systemReason } from "./store/system-errors.js";

// Node 22.8 and newer keep compiled modules in the system's folder for temporary files: predict takes 0.27 s instead of 0.33.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

/** A command's line in the help, and its module, which is loaded only when the command is called. */
interface Verb {
  readonly summary: string;
  readonly load: () => Promise<{ command: Command }>;
}

const VERBS: Readonly<Record<string, Verb>> = {
  extract: {
    summary: "extract features from a folder of audio",
    load: () => import("./commands/extract.js"),
  },
  train: { summary: "train a tagger on features", load: () => import("./commands/train.js") },
  evaluate: { summary: "score a model and two baselines", load: () => import("./commands/evaluate.js") },
  calibrate: {
    summary: "calibrate a model of an earlier version, or of a stopped run",
    load: () => import("./commands/calibrate.js"),
  },
  predict: { summary: "tag audio files", load: () => import("./commands/predict.js") },
  embed: { summary: "compute embeddings of audio files", load: () => import("./commands/embed.js") },
  similar: {
    summary: "find clips that sound alike, and doubtful labels",
    load: () => import("./commands/similar.js"),
  },
  export: {
    summary: "write a model from samples to tags that other programs run",
    load: () => import("./commands/export.js"),
  },
  inspect: {
    summary: "show what is in an audio file and what the net would see",
    load: () => import("./commands/inspect.js"),
  },
  summary: {
    summary: "show a net's layers, parameters and operations",
    load: () => import("./commands/summary.js"),
  },
  lab: {
    summary: "measure what makes nets learn, on your own features",
    load: () => import("./commands/lab.js"),
  },
  studio: {
    summary: "open a page that tags sounds and trains models in a browser",
    load: () => import("./commands/studio.js"),
  },
};

const EXAMPLES = `
From a folder of audio to tags (data/<class>/*.wav, or a CSV with the columns path and label):
  timbrel extract data --out features
  timbrel train features --out models/mine
  timbrel evaluate models/mine/model.onnx features
  timbrel predict song.mp3 --model models/mine/model.onnx
In a clone of the repository: npm run extract -- data --out features, and so on. Help for a command: timbrel extract --help

Exit codes: 0 done; 1 bad input file; 2 bad command line; 70 internal error; 130 interrupted.`;

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Commander's message on one line: `unknown option '--epoch'; did you mean --epochs?` */
function errorText(text: string): string {
  return text
    .trim()
    .replace(/^error: /, "")
    .replace(/\s*\n\(Did you mean (.*)\?\)/s, "; did you mean $1?");
}

async function program(args: readonly string[]): Promise<Command> {
  const root = new Command("timbrel")
    .description("Train music taggers from a folder of audio, and tag audio with them.")
    .version(version(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help for a command")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`timbrel: ${visible(errorText(text))}\n`) })
    .addHelpText("after", EXAMPLES);
  for (const [name, { summary, load }] of Object.entries(VERBS)) {
    const isAsked = args.slice(0, 2).includes(name);
    const command = isAsked ? (await load()).command : new Command(name);
    root.addCommand(command.copyInheritedSettings(root).summary(summary));
  }
  return root;
}

// A reader such as `head` may close the pipe before everything is written. A disk may be full.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  process.exit(reportError(new DataError("standard output", `cannot be written: ${systemReason(error)}`)));
});
// Where messages cannot be written, nobody can be told.
process.stderr.on("error", () => {});

const args = process.argv.slice(2);
let running: Command | undefined;
try {
  const root = (await program(args)).hook("preAction", (_, command) => {
    running = command;
    checkNoneEmpty(command);
  });
  await root.parseAsync(args, { from: "user" });
} catch (error) {
  process.exitCode = reportError(error, running);
}
