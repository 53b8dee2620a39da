import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { counted } from "../core/counted.js";
import { DataError, UsageError } from "../core/errors.js";
import { ownSets, recordValidClips } from "../evaluation/own-sets.js";
import { calibrationLines } from "../report/calibration.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { print, visibleLine } from "../report/terminal.js";
import { writeAtomically } from "../store/atomic-file.js";
import { statOrNull } from "../store/audio-files.js";
import { whileLocked } from "../store/folder-lock.js";
import { readModelFile } from "../store/read-files.js";
import { openStore } from "../store/store.js";
import { decodeModel, encodeModel } from "../tagging/model-file.js";
import { calibrateModel } from "../training/calibrate-model.js";
import { RUN_FILES } from "../training/run-folder.js";
import { deviceOption, type EngineOptions, engineOf, threadsOption } from "./engine-options.js";
import { checkStoreFits } from "./store-fits.js";

interface Options extends EngineOptions {
  out?: string;
}

const DESCRIPTION = `Calibrate a model of an earlier version of timbrel, or of a run that was stopped; a run that ends does so by itself.

Finds how much more a loud segment counts in the answer for a file than a quiet one, the temperature that makes the model's probabilities come true as often as they say, and for a model of several tags \
the threshold of every tag with the highest F1, on the clips that its training was validated on. Also finds what the model \
answers "unknown" by: the novelty of a sound, and the limit above which silence and noise are, but 98 % of those clips are not. \
Its weights stay the same.

With fewer than 20 validation clips, a segment weighs its level, the temperature is 1 and every threshold 50 %, and training clips \
set the limit, too.`;

const EXAMPLES = `
Examples:
  timbrel calibrate models/mine/model.onnx features
  timbrel calibrate models/mine/model.onnx features --out models/mine/calibrated.onnx`;

export const command = new Command("calibrate")
  .description(DESCRIPTION)
  .argument("<model>", "model file made by train")
  .argument("<store>", "store of features that the model was trained on")
  .option("-o, --out <file>", "file to write (default: the model file itself)")
  .addOption(threadsOption())
  .addOption(deviceOption())
  .addHelpText("after", EXAMPLES)
  .action(calibrate);

async function calibrate(modelPath: string, storeDir: string, options: Options): Promise<void> {
  const { out = modelPath } = options;
  if (options.out !== undefined) checkOut(options.out);
  // A run writes the model in its folder, too.
  const isRun = existsSync(join(dirname(out), RUN_FILES.checkpoint));
  const work = () => calibrateFile(modelPath, storeDir, { ...options, out });
  await (isRun ? whileLocked(dirname(out), work) : work());
}

async function calibrateFile(
  modelPath: string,
  storeDir: string,
  options: EngineOptions & { out: string },
): Promise<void> {
  const { out } = options;
  const model = decodeModel(readModelFile(modelPath), modelPath);
  const { labels, epoch } = model.info;
  const store = openStore(storeDir);
  checkStoreFits(store, model, modelPath);
  const sets = ownSets(model, store);
  let bar: ProgressBar | undefined;
  const calibrated = await calibrateModel(recordValidClips(model, store), sets, {
    engine: engineOf(options),
    onProgress(done, total) {
      bar ??= progressBar("calibrating", total);
      bar.update(done);
    },
  }).finally(() => bar?.stop());
  writeAtomically(out, encodeModel(calibrated));
  print(`model  ${visibleLine(modelPath)} (${counted(labels.length, "label")}, epoch ${epoch})`);
  for (const line of calibrationLines(calibrated.info.calibration!)) print(`       ${line}`);
  print(`written to ${visibleLine(out)}`);
}

/** Checks that the output replaces nothing but a model: a forgotten name makes the next argument the output. */
function checkOut(path: string): void {
  const stats = statOrNull(path);
  if (stats === null) return;
  const mistake = (got: string) =>
    new UsageError({
      setting: "--out",
      rule: "name a new file, or a model to replace",
      got: `${path}, ${got}`,
    });
  if (!stats.isFile()) throw mistake("which is a folder");
  try {
    decodeModel(readModelFile(path), path);
  } catch (error) {
    if (error instanceof DataError) throw mistake("which is another kind of file");
    throw error;
  }
}
