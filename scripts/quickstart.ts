import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { reportError } from "../src/commands/exit.js";
import { listRecordings } from "./data/recordings.js";
import { answerTable, drawRecordings } from "./ten-recordings.js";

// From nothing to a scored instrument tagger, with the commands that a user would type.

/** A wider range of levels than the preset's: the partials of quiet notes tell instruments apart. */
const EXTRACT_FLAGS = ["--scale", "1000"];
/** The training of the shipped model, but shorter and with less colour. */
const TRAIN_FLAGS = [
  ...["--net", "models/instruments.net.json", "--learning-rate", "0.006"],
  ...["--level", "segment", "--augment", "0.1", "--epochs", "10"],
];

const AUDIO = "data/instruments/manifest.csv";
const RECORDINGS = "data/recordings/manifest.csv";
const FEATURES = "data/features/instruments";
const RECORDING_FEATURES = "data/features/recordings";
const RUN = "models/instruments";
const MODEL = join(RUN, "model.onnx");
const ANSWERS = join(RUN, "ten-recordings.csv");
/** Draws the recordings that are tagged at the end. */
const SEED = 1;

const INTERRUPTED = 130;

interface Stage {
  readonly verb: "data" | "extract" | "train" | "evaluate" | "predict";
  readonly args: readonly string[];
  /** File that keeps a copy of the output. */
  readonly copyTo?: string;
}

process.chdir(fileURLToPath(new URL("../../", import.meta.url)));

/** Recordings whose samples are in none of the sound fonts. */
const drawn = drawRecordings(listRecordings(resolve(dirname(RECORDINGS))), SEED);
const drawnFiles = drawn.map(({ path }) => join(dirname(RECORDINGS), path));

const isBegun = (): boolean => existsSync(join(RUN, "checkpoint.safetensors"));

const STAGES: readonly (() => Stage)[] = [
  () => ({ verb: "data", args: ["--no-mixes"] }),
  () => ({ verb: "extract", args: [AUDIO, "--out", FEATURES, ...EXTRACT_FLAGS] }),
  () => ({ verb: "extract", args: [RECORDINGS, "--out", RECORDING_FEATURES, ...EXTRACT_FLAGS] }),
  () => ({ verb: "train", args: [FEATURES, "--out", RUN, ...(isBegun() ? ["--resume"] : TRAIN_FLAGS)] }),
  () => ({ verb: "evaluate", args: [MODEL, FEATURES], copyTo: join(RUN, "scores-test.txt") }),
  () => ({ verb: "evaluate", args: [MODEL, RECORDING_FEATURES], copyTo: join(RUN, "scores-recordings.txt") }),
  () => ({ verb: "predict", args: [...drawnFiles, "--model", MODEL, "--format", "csv", "--out", ANSWERS] }),
];

function commandLine({ verb, args, copyTo }: Stage): string {
  const shown = args.map((arg) => (arg.includes(" ") ? `"${arg}"` : arg));
  const command = ["npm run", verb, ...(shown.length > 0 ? ["--", ...shown] : [])].join(" ");
  return copyTo === undefined ? command : `${command} | tee ${copyTo}`;
}

/** Whether Ctrl-C came; the command that runs stops cleanly and says how to continue, and no other begins. */
let isInterrupted = false;

/** Runs a stage's command and resolves to its exit code. */
function run({ verb, args, copyTo }: Stage): Promise<number> {
  const program = verb === "data" ? ["dist/scripts/data/build.js"] : ["dist/bin/cli.js", verb];
  const child = spawn(process.execPath, [...program, ...args], {
    stdio: ["inherit", copyTo === undefined ? "inherit" : "pipe", "inherit"],
    env: { ...process.env, npm_lifecycle_event: verb },
  });
  // A terminal sends Ctrl-C to the command as well, which takes both for one keystroke; other senders may not.
  const forward = () => void child.kill("SIGINT");
  process.on("SIGINT", forward);
  let printed = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    process.stdout.write(text);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.off("SIGINT", forward);
      if (code === 0 && copyTo !== undefined) writeFileSync(copyTo, printed);
      resolve(isInterrupted ? INTERRUPTED : (code ?? (signal === "SIGINT" ? INTERRUPTED : 1)));
    });
  });
}

/** Runs all stages; stops at the first that fails. */
async function quickstart(): Promise<number> {
  const times: string[] = [];
  for (const [i, stageOf] of STAGES.entries()) {
    const stage = stageOf();
    console.log(`\n[${i + 1}/${STAGES.length}] ${commandLine(stage)}`);
    const startMs = performance.now();
    const code = await run(stage);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    if (code !== 0) {
      const what = code === INTERRUPTED ? "was stopped" : `failed with exit code ${code}`;
      console.error(
        `\nquickstart: stage ${i + 1}, ${stage.verb}, ${what}; npm run quickstart continues from here`,
      );
      return code;
    }
    times.push(`${seconds.padStart(8)} s  ${commandLine(stage)}`);
  }
  console.log(
    `\nten recordings, drawn by seed ${SEED}\n${answerTable(drawn, readFileSync(ANSWERS, "utf8"))}`,
  );
  console.log(`\nmodel   ${MODEL}`);
  console.log(`scores  ${join(RUN, "scores-test.txt")} (a sound font that it has never heard)`);
  console.log(`        ${join(RUN, "scores-recordings.txt")} (real recordings)`);
  console.log(`times\n${times.join("\n")}`);
  return 0;
}

const DESCRIPTION = `Train an instrument tagger from nothing: render the default data into data/instruments, extract features, train, \
evaluate, and tag ten recordings. Audio that another recipe left there is removed. A run that is stopped goes on there.`;

const command = new Command("quickstart")
  .description(DESCRIPTION)
  .allowExcessArguments(false)
  .exitOverride()
  .action(async () => {
    process.on("SIGINT", () => {
      isInterrupted = true;
    });
    process.exitCode = await quickstart();
  });

try {
  await command.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, command);
}
