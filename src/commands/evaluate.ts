import { existsSync } from "node:fs";
import { Command, type Option } from "commander";
import { DataError } from "../core/errors.js";
import type { PartName } from "../evaluation/choose-clips.js";
import { evaluateModel } from "../evaluation/evaluate-model.js";
import { describeDifference, frontEndHash } from "../features/front-end.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { scoresReport } from "../report/scores.js";
import { print } from "../report/terminal.js";
import { nodeEngine } from "../runtime/node.js";
import { readModelFile } from "../store/read-files.js";
import { openStore } from "../store/store.js";
import { linearModel } from "../tagging/linear-model.js";
import { decodeModel } from "../tagging/model-file.js";
import { linearBaselinePath } from "../training/run-folder.js";
import { commandLine } from "./command-line.js";
import { frontEndFlags } from "./front-end-options.js";
import { choiceOption, threadsOption } from "./options.js";

interface Options {
  split?: PartName;
  threads: number;
  json: boolean;
}

const DESCRIPTION = `Score a model on a store of features, next to two baselines: the majority class, and a linear classifier on descriptors.

The clips are split as they were for training, so the test clips of the model's own store are clips it has never seen. \
If clips were added to the store since, every clip is scored that the model was not trained on and that did not choose its \
epoch. Clips it was trained on are scored only with --split train. A store of other audio makes an external test.`;

const EXAMPLES = `
Examples:
  timbrel evaluate models/mine/model.onnx features
  timbrel evaluate models/mine/model.onnx features --split valid
  timbrel evaluate models/mine/model.onnx other-features --split all --json > scores.json`;

export const command = new Command("evaluate")
  .description(DESCRIPTION)
  .argument("<model>", "model file made by train")
  .argument("<store>", "store of features made by extract")
  .addOption(splitOption())
  .addOption(threadsOption())
  .option("--json", "print one JSON object on stdout, everything else on stderr", false)
  .addHelpText("after", EXAMPLES)
  .action(evaluate);

function splitOption(): Option {
  const option = choiceOption("--split <name>", "clips to score", ["train", "valid", "test", "all"]);
  option.description +=
    " (default: test, or all if the store names no splits and none of its clips were used to train the model)";
  return option;
}

async function evaluate(modelPath: string, storeDir: string, options: Options): Promise<void> {
  const model = decodeModel(readModelFile(modelPath), modelPath);
  const { info } = model;
  const store = openStore(storeDir);
  if (frontEndHash(info.frontEnd) !== store.frontEndHash)
    throw new DataError(
      storeDir,
      `holds features of a different front end from ${modelPath} (${describeDifference(store.frontEnd, info.frontEnd)}); extract them again: ${commandLine("extract", ["<audio>", "--out", "<new store>", ...frontEndFlags(info.frontEnd)])}`,
    );
  const linearPath = linearBaselinePath(modelPath);
  const linear = existsSync(linearPath) ? linearModel(readModelFile(linearPath), linearPath, info) : null;
  let bar: ProgressBar | undefined;
  const evaluation = await evaluateModel(model, store, {
    engine: nodeEngine({ threads: options.threads }),
    split: options.split,
    linear,
    onProgress(done, total) {
      bar ??= progressBar("scoring", total);
      bar.update(done);
      if (done === total) bar.stop(); // intervals take a while, in which Ctrl-C finds no bar to clean up
    },
  }).finally(() => bar?.stop());
  const scored = { model: modelPath, store: storeDir, labels: info.labels, ...evaluation };
  if (options.json) print(JSON.stringify({ task: info.task, ...scored }));
  else print(scoresReport(scored, { info, linearPath }));
}
