import { existsSync } from "node:fs";
import { Command, Option } from "commander";
import { UsageError } from "../core/errors.js";
import type { PartName } from "../evaluation/choose-clips.js";
import { compareModels } from "../evaluation/compare-models.js";
import { evaluateModel } from "../evaluation/evaluate-model.js";
import { comparisonReport } from "../report/comparison.js";
import { predictionsCsv } from "../report/predictions-csv.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { scoresReport } from "../report/scores.js";
import { comparisonCsv, scoresCsv } from "../report/scores-csv.js";
import { print } from "../report/terminal.js";
import type { Engine } from "../runtime/engine.js";
import { writeAtomically } from "../store/atomic-file.js";
import { AtomicText } from "../store/atomic-text.js";
import { readModelFile } from "../store/read-files.js";
import { type FeatureStore, openStore } from "../store/store.js";
import { linearModel } from "../tagging/linear-model.js";
import { type AnyModel, decodeAnyModel, isLinear } from "../tagging/open-tagger.js";
import { linearBaselinePath } from "../training/run-folder.js";
import { deviceOption, type EngineOptions, engineOf, threadsOption } from "./engine-options.js";
import { reportEvaluation, reportOutputs } from "./evaluation-report.js";
import { choiceOption } from "./options.js";
import { checkOutputs, type Output } from "./output-paths.js";
import { checkStoreFits } from "./store-fits.js";

const EVALUATE_FORMATS = ["text", "json", "csv"] as const;

interface Options extends EngineOptions {
  split?: PartName;
  compare?: string;
  predictions?: string;
  report?: string;
  format: (typeof EVALUATE_FORMATS)[number];
  json: boolean;
}

const DESCRIPTION = `Score a model on a store of features, next to two baselines: the majority class, and a linear classifier on descriptors.

The clips are split as they were for training, so the test clips of the model's own store are clips it has never seen. \
If clips were added to the store since, every clip is scored that the model was not trained on and that did not choose its \
epoch. Clips it was trained on are scored only with --split train. A store of other audio makes an external test.

--compare scores two models on the clips that neither has seen, and says how sure their difference is.`;

const FORMATS = `
Formats:
  text  for reading
  json  one object: task, model, store, labels, split, isExternal, leftOut (clips of the split that are not scored, by
        reason), chose (which clips chose what), majority, linear, net and uncalibrated (the scores of each), kind (net,
        or linear for a model.linear.onnx), unknown (what the model calls unknown of the scored clips, of silence,
        noise, hum and clicks, and of background clips), differences (of net to the baselines, with 95 % intervals);
        with --compare: task, model, compare, store, split, leftOut, leftOutForOther, chose (of first and of
        other), first, other, differences
  csv   the columns model, label, measure, value, low, high: one line for each score, label is empty in those of all labels
Numbers that are not defined are null in JSON and empty in CSV. --predictions writes CSV, too: file, true, predicted,
correct, probability of the true label, loss, novelty, then p(<label>) for every label; the worst answers are first.`;

const EXAMPLES = `
Examples:
  timbrel evaluate models/mine/model.onnx features
  timbrel evaluate models/mine/model.onnx features --split valid
  timbrel evaluate models/mine/model.onnx features --predictions answers.csv
  timbrel evaluate models/mine/model.onnx features --report scores.html
  timbrel evaluate models/mine/model.onnx features --compare models/other/model.onnx
  timbrel evaluate models/mine/model.onnx other-features --split all --format json > scores.json`;

export const command = new Command("evaluate")
  .description(DESCRIPTION)
  .argument("<model>", "model file made by train: model.onnx, or model.linear.onnx")
  .argument("<store>", "store of features made by extract")
  .addOption(splitOption())
  .option(
    "--compare <model>",
    "another model file: score both on the clips that neither has seen (default: none)",
  )
  .option(
    "--predictions <file>",
    "CSV file to write with the answer to every clip, the worst first (default: none)",
  )
  .option(
    "--report <file>",
    "HTML page to write with scores, mistakes and worst clips; its numbers go beside it, as .json (default: none)",
  )
  .addOption(choiceOption("-f, --format <name>", "format of the output", EVALUATE_FORMATS, "text"))
  .addOption(
    new Option("--json", "short for --format json: everything else goes to stderr")
      .default(false)
      .conflicts("format"),
  )
  .addOption(threadsOption())
  .addOption(deviceOption())
  .addHelpText("after", FORMATS + EXAMPLES)
  .action(evaluate);

function splitOption(): Option {
  const option = choiceOption("--split <name>", "clips to score", ["train", "valid", "test", "all"]);
  option.description +=
    " (default: test, or all if the store names no splits and none of its clips were used to train the model)";
  return option;
}

/** What a command line asks for, opened. */
interface Asked {
  readonly model: AnyModel;
  readonly modelPath: string;
  readonly store: FeatureStore;
  readonly engine: Engine;
  readonly options: Options;
}

async function evaluate(modelPath: string, storeDir: string, options: Options): Promise<void> {
  const model = decodeAnyModel(readModelFile(modelPath), modelPath);
  const store = openStore(storeDir);
  checkStoreFits(store, model, modelPath);
  const engine = engineOf(options);
  const asked = { model, modelPath, store, engine, options };
  await (options.compare === undefined ? score(asked) : compare(asked, options.compare));
}

/** Scores a model, and writes its answers if that is asked for. */
async function score({ model, modelPath, store, engine, options }: Asked): Promise<void> {
  const { info } = model;
  const linearPath = linearBaselinePath(modelPath);
  const hasLinear = !isLinear(model) && existsSync(linearPath);
  const linear = hasLinear ? linearModel(readModelFile(linearPath), linearPath, info) : null;
  const { predictions, report, split } = options;
  const inputs = [modelPath, ...(hasLinear ? [linearPath] : [])];
  const outputs = outputsOf(options);
  checkOutputs(outputs, inputs);
  for (const { path } of outputs) new AtomicText(path).discard(); // they can be written
  const scoring = await withBar((onProgress) =>
    evaluateModel(model, store, { engine, split, linear, onProgress }),
  );
  if (report !== undefined)
    await reportEvaluation(report, { model: modelPath, info, store, evaluation: scoring });
  const { answers, ...evaluation } = scoring;
  if (predictions !== undefined) writeAtomically(predictions, predictionsCsv(answers, info));
  const scored = { model: modelPath, store: store.dir, labels: info.labels, ...evaluation };
  printResult(options, {
    text: () => scoresReport(scored, { info, linearPath }),
    json: () => ({ task: info.task, ...scored }),
    csv: () => scoresCsv(scored),
  });
}

function outputsOf({ predictions, report }: Options): Output[] {
  return [
    ...(predictions === undefined
      ? []
      : [{ flag: "--predictions", path: predictions, kind: "predictions" } as const]),
    ...(report === undefined ? [] : reportOutputs(report)),
  ];
}

/** Compares two models. */
async function compare(
  { model, modelPath, store, engine, options }: Asked,
  otherPath: string,
): Promise<void> {
  const { split } = options;
  const ofOne = (["predictions", "report"] as const).find((name) => options[name] !== undefined);
  if (ofOne !== undefined)
    throw new UsageError({
      setting: `--${ofOne}`,
      rule: "be used without --compare: it is about one model",
      got: "both",
      remedy: "leave out one of them",
    });
  if (split === "train" || split === "valid")
    throw new UsageError({
      setting: "--split",
      rule: "be test or all with --compare, which scores clips that no model has seen",
      got: split,
    });
  const other = decodeAnyModel(readModelFile(otherPath), otherPath);
  checkStoreFits(store, other, otherPath);
  const comparison = await withBar((onProgress) =>
    compareModels(model, other, store, { engine, split, onProgress }),
  );
  const names = { first: modelPath, other: otherPath, store: store.dir };
  printResult(options, {
    text: () => comparisonReport(comparison, names),
    json: () => ({
      task: model.info.task,
      model: modelPath,
      compare: otherPath,
      store: store.dir,
      ...comparison,
    }),
    csv: () => comparisonCsv(comparison, names),
  });
}

/** Scores with a progress bar. */
async function withBar<T>(
  work: (onProgress: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  let bar: ProgressBar | undefined;
  return work((done, total) => {
    bar ??= progressBar("scoring", total);
    bar.update(done);
    if (done === total) bar.stop(); // intervals take a while, in which Ctrl-C finds no bar to clean up
  }).finally(() => bar?.stop());
}

function printResult(
  { format, json }: Options,
  forms: { text: () => string; json: () => unknown; csv: () => string },
): void {
  const chosen = json ? "json" : format;
  if (chosen === "json") print(JSON.stringify(forms.json()));
  else print(forms[chosen]().trimEnd());
}
