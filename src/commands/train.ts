import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { counted } from "../core/counted.js";
import { UsageError } from "../core/errors.js";
import type { ClipSplits } from "../dataset/splits.js";
import { mainMeasure } from "../evaluation/measures.js";
import { calibrationLines } from "../report/calibration.js";
import { flowTable } from "../report/gradient-flow.js";
import { percent } from "../report/table.js";
import { print, say } from "../report/terminal.js";
import { writeAtomically } from "../store/atomic-file.js";
import { readModelFile } from "../store/read-files.js";
import { openStore } from "../store/store.js";
import { decodeModel } from "../tagging/model-file.js";
import type { TrainConfig } from "../training/config.js";
import { DivergedError } from "../training/fit.js";
import { RUN_FILES, readCheckpoint } from "../training/run-folder.js";
import { type TrainResult, trainTagger } from "../training/train-tagger.js";
import { commandLine } from "./command-line.js";
import { deviceOption, type EngineOptions, engineOf, engineText, threadsOption } from "./engine-options.js";
import { EXIT } from "./exit.js";
import { findRate, RANGE_FILES } from "./find-learning-rate.js";
import { interruptible } from "./interrupt.js";
import { choiceOption } from "./options.js";
import { removeReport, reportRun, scoredSplits } from "./run-report.js";
import { checkStoreFits } from "./store-fits.js";
import { TrainDisplay } from "./train-display.js";
import { trainLinearHead } from "./train-head.js";
import {
  addTrainOptions,
  headConfigOf,
  resumedConfigOf,
  type StartModel,
  trainConfigOf,
} from "./train-settings.js";

const HEADS = ["trained", "linear"] as const;

interface Options extends EngineOptions {
  out: string;
  background?: string;
  resume: boolean;
  overwrite: boolean;
  tensorboard: boolean;
  findLr: boolean;
  from?: string;
  head: (typeof HEADS)[number];
}

const DESCRIPTION = `Train a tagger on a store of features.

The clips are split into train, valid and test: as the store names them, or by a seeded draw that keeps the classes in \
proportion and every group together. The net learns from train, the best epoch is chosen on valid (the lower loss decides \
between equal scores), and test is left for evaluate.

The train loss is the mean over an epoch's steps, in training mode: augmentation and dropout raise it, and label smoothing \
keeps it above 0, so in a good run it may stay far above the valid loss. The clean loss is of training clips that are scored \
after the epoch as the validation clips are. Where it is far below the valid loss, the net knows its training clips by heart.

With --from, the net starts with the weights of a model and learns your classes from few clips. The store must have the model's \
front end (extract --model). Net, segment length, kind of normalization and task are the model's. If your labels \
differ from the model's, the last layer is new: it starts as --head linear would leave it. The other layers go on from the model's; the \
first half of them stay as they are, or what --freeze says. \
With --head linear, the last layer alone is fitted, by logistic regression on the embeddings of your clips, which are kept in the \
store; the penalty on its weights is chosen on valid.

A checkpoint is written after every epoch; with --resume a stopped run continues and ends in the same bits. It \
keeps its settings and its clips, even if clips were added to the store. --epochs and --patience may change: with more \
epochs a finished run trains on. Its learning rate then follows the schedule of the new number of epochs from there on, so \
with cosine, one-cycle or a warm-up the result differs from a run that had that number from the start.

On the CPU a run gives the same bits with any number of threads; on a GPU the last bits differ, and over \
many steps the weights may drift apart.`;

const EXAMPLES = `
Files written to <dir>: ${RUN_FILES.model} (the best epoch), ${RUN_FILES.linear} (the baseline on descriptors),
${RUN_FILES.checkpoint}, ${RUN_FILES.metrics}, ${RUN_FILES.split} (which clip is in which split), ${RUN_FILES.report} (scores,
mistakes and worst clips), ${RUN_FILES.numbers} and ${RUN_FILES.card}; with --watch also ${RUN_FILES.watch}; with --tensorboard also
${RUN_FILES.events}; with --find-lr only
${RANGE_FILES.json} and ${RANGE_FILES.page}.

Examples:
  timbrel train features --out models/mine
  timbrel train features --out models/small --channels 16,32,64 --epochs 10 --augment 0
  timbrel train features --out models/sgd --optimizer nesterov --schedule plateau --patience 8
  timbrel train features --out models/deep --net deep.json --activation tanh --watch
  timbrel train features --out models/chunk --net short-chunk --find-lr
  timbrel train features --out models/mine --resume
  timbrel train features --out models/mine --from models/instruments.onnx
  timbrel train features --out models/mine --from models/instruments.onnx --freeze body
  timbrel train features --out models/mine --from models/instruments.onnx --head linear`;

export const command = addTrainOptions(
  new Command("train")
    .description(DESCRIPTION)
    .argument("<store>", "store of features made by extract")
    .requiredOption("-o, --out <dir>", "folder of the run; created if missing")
    .option("--resume", "continue the run in <dir>, with its settings", false)
    .option("--overwrite", "replace the run in <dir>", false)
    .option("--tensorboard", "write every epoch's numbers for TensorBoard, too; kept up by --resume", false)
    .option("--find-lr", "try learning rates and suggest one, without training a model", false)
    .option("--from <model>", "model file to start from, e.g. models/instruments.onnx (default: new weights)")
    .addOption(
      choiceOption(
        "--head <kind>",
        "last layer with --from, linear: fitted alone, in seconds",
        HEADS,
        "trained",
      ),
    )
    .addOption(new Option("--background <folder>", "belongs to extract (default: none)").hideHelp())
    .addOption(threadsOption())
    .addOption(deviceOption()),
)
  .addHelpText("after", EXAMPLES)
  .action(train);

async function train(storeDir: string, options: Options): Promise<void> {
  const { out, resume, overwrite, tensorboard } = options;
  if (options.background !== undefined)
    throw new UsageError({
      setting: "--background",
      rule: "be given to extract, which puts background audio into the store",
      got: options.background,
      remedy: "extract the source again with it, and train on the store",
    });
  const start = startModel(options);
  if (options.head === "linear") return trainLinearHead(storeDir, headJob(options, start));
  const config = checkedConfig(options, start);
  const store = openStore(storeDir);
  if (start !== undefined) checkStoreFits(store, start.model, start.path);
  const from = start?.model;
  const engine = engineOf(options);
  if (options.findLr) return findRate(store, out, { config, from, engine });
  const display = new TrainDisplay(engineText(options), command, start?.path);
  const { onStep, onEpoch } = display;
  let splits: ClipSplits | undefined;
  const result = await interruptible("after this step", ({ signal, begin }) =>
    trainTagger(store, out, {
      config,
      resume,
      overwrite,
      tensorboard,
      ...(from === undefined ? {} : { from }),
      engine,
      signal,
      onStart(run) {
        begin();
        splits = run.splits;
        display.onStart(run);
      },
      onStep,
      onEpoch(record, isBest) {
        if (isBest) removeReport(out); // it is about an older model
        return onEpoch(record, isBest);
      },
    })
      .catch((error: unknown) => {
        if (error instanceof DivergedError) display.warn(error.divergence.layers);
        throw error;
      })
      .finally(() => display.stop()),
  );
  await drawWatch(out, result);
  if (result.ended === "interrupted") return sayStopped(storeDir, options, result);
  sayDone(storeDir, splits!, result);
  const again = resumingLine(storeDir, options);
  await reportRun(store, { out, splits: splits!, result, engine, again });
}

/** Draws the layer statistics of a watched run as far as it got, and prints those of its last epoch. */
async function drawWatch(out: string, result: TrainResult): Promise<void> {
  const { history } = result;
  const layers = history.at(-1)?.layers;
  if (layers === undefined) return;
  const path = join(out, RUN_FILES.watch);
  const { watchPage } = await import("../report/watch-page.js"); // charts take a while to load
  writeAtomically(path, watchPage(out, result));
  const title = `epoch ${history.length}, means over every eighth step; every epoch is drawn in ${path}`;
  print(`\n${title}\n${flowTable(layers)}\n`);
}

/** The model that the run starts from; undefined if there is none. */
function startModel({ from }: Options): StartModel | undefined {
  return from === undefined ? undefined : { model: decodeModel(readModelFile(from), from), path: from };
}

/** @throws UsageError naming a flag that a linear head cannot have */
function headJob(options: Options, start: StartModel | undefined) {
  const { out, resume, overwrite, tensorboard, findLr } = options;
  const others = { "--resume": resume, "--tensorboard": tensorboard, "--find-lr": findLr };
  const other = Object.entries(others).find(([, isSet]) => isSet);
  if (other !== undefined)
    throw new UsageError({
      setting: other[0],
      rule: "be used without --head linear, which trains no net",
      got: "both",
      remedy: "leave out one of them",
    });
  return { out, start, config: headConfigOf(command), overwrite, engine: engineOf(options) };
}

/** Settings of the run: from the flags if it is new, from its checkpoint if it is resumed. */
function checkedConfig(
  { out, resume, overwrite, tensorboard, findLr }: Options,
  from: StartModel | undefined,
): TrainConfig {
  const other = Object.entries({ resume, overwrite, tensorboard }).find(([, isSet]) => isSet);
  if (findLr && other !== undefined)
    throw new UsageError({
      setting: "--find-lr",
      rule: `be used without --${other[0]}, because it trains nothing`,
      got: "both",
      remedy: "leave out one of them",
    });
  if (!resume) return trainConfigOf(command, from);
  if (overwrite)
    throw new UsageError({
      setting: "--overwrite",
      rule: "be used without --resume",
      got: "both",
      remedy: "leave out one of them",
    });
  const path = join(out, RUN_FILES.checkpoint);
  const checkpoint = existsSync(path) ? readCheckpoint(path) : null;
  if (checkpoint === null) {
    const hasModel = existsSync(join(out, RUN_FILES.model));
    throw new UsageError({
      setting: "--resume",
      rule: `find ${RUN_FILES.checkpoint} in ${out}`,
      got: hasModel ? `only ${RUN_FILES.model}` : "none",
      remedy: hasModel
        ? "replace it with --overwrite, or choose another folder"
        : "leave out --resume to start a new run",
    });
  }
  return resumedConfigOf(command, checkpoint, out);
}

/** The command line that resumes this run. */
function resumingLine(storeDir: string, { out, resume }: Options): string {
  const always = ["from", "threads", "device"];
  const repeated = [...always, ...(resume ? ["epochs", "patience"] : [])].flatMap(typedFlag);
  return commandLine("train", [storeDir, "--out", out, "--resume", ...repeated]);
}

function sayStopped(storeDir: string, options: Options, result: TrainResult): void {
  process.exitCode = EXIT.interrupted;
  const typed = process.argv.slice(3);
  const epochs = result.history.length;
  // A checkpoint may also be there from a run that was to be overwritten.
  if (epochs === 0) {
    say("stopped before the first epoch was done; to start again:");
    say(`  ${commandLine("train", typed)}`);
    return;
  }
  say(`stopped; epoch ${epochs} is kept (the best so far is ${result.bestEpoch}); to continue:`);
  say(`  ${resumingLine(storeDir, options)}`);
  say("a run calibrates its model when it ends; to end it here and calibrate the best so far:");
  say(`  ${commandLine("calibrate", [result.modelPath, storeDir])}`);
}

/** A flag and its value, if it was typed. */
function typedFlag(name: string): string[] {
  const isTyped = command.getOptionValueSource(name) === "cli";
  return isTyped ? [`--${name}`, String(command.getOptionValue(name))] : [];
}

function sayDone(
  storeDir: string,
  splits: ClipSplits,
  { task, ended, bestEpoch, history, calibration, modelPath }: TrainResult,
): void {
  const { score } = history[bestEpoch - 1];
  const measure = mainMeasure(task).title;
  if (ended === "early-stopped")
    print(
      `stopped early: ${counted(history.length - bestEpoch, "epoch")} without improvement; --resume with a larger --patience goes on`,
    );
  print(`best epoch ${bestEpoch} of ${history.length}: ${measure} ${percent(score)} on the validation split`);
  for (const line of calibration === null ? [] : calibrationLines(calibration)) print(line);
  print(`model: ${modelPath}`);
  const flags = scoredSplits(splits)[0] === "test" ? [] : ["--split", "valid"];
  print(`next:  ${commandLine("evaluate", [modelPath, storeDir, ...flags])}`);
  print(`       ${commandLine("predict", ["<audio>", "--model", modelPath])}`);
}
