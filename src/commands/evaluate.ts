import { existsSync, readFileSync } from "node:fs";
import { Command, type Option } from "commander";
import { DataError } from "../core/errors.js";
import { type FeatureSet, featureSets } from "../dataset/feature-set.js";
import { checkUnseen, chooseClips, type PartName } from "../evaluation/choose-clips.js";
import { evaluateLinear, evaluateMajority, evaluateNet } from "../evaluation/evaluate.js";
import type { Scores } from "../evaluation/scores.js";
import { frontEndHash } from "../features/front-end.js";
import { progressBar } from "../report/progress.js";
import { scoresReport } from "../report/scores.js";
import type { Engine, Session } from "../runtime/engine.js";
import { nodeEngine } from "../runtime/node.js";
import { readModelFile } from "../store/read-files.js";
import { describeDifference, openStore } from "../store/store.js";
import { linearModel } from "../tagging/linear-model.js";
import type { ModelInfo } from "../tagging/model-file.js";
import { openModel } from "../tagging/open-model.js";
import { linearBaselinePath } from "../training/run-folder.js";
import { commandLine } from "./command-line.js";
import { frontEndFlags } from "./front-end-options.js";
import { choiceOption, threadsOption } from "./options.js";

interface Options {
  split?: PartName;
  threads: number;
  json: boolean;
}

const DESCRIPTION = `Score a model on a store of features, beside two baselines: the majority class, and a linear classifier on descriptors.

The split is drawn again as it was for the training, so the test clips of the model's own store are those it has never \
seen. Clips that it was trained on are refused. Another store is an external test.`;

const EXAMPLES = `
Examples:
  timbrel evaluate models/mine/model.onnx features
  timbrel evaluate models/mine/model.onnx features --split valid
  timbrel evaluate models/mine/model.onnx other-features --split all --json > scores.json`;

export const command = new Command("evaluate")
  .description(DESCRIPTION)
  .argument("<model>", "model file, as made by train")
  .argument("<store>", "features, as made by extract")
  .addOption(splitOption())
  .addOption(threadsOption())
  .option("--json", "print one JSON object on stdout, everything else on stderr", false)
  .addHelpText("after", EXAMPLES)
  .action(evaluate);

function splitOption(): Option {
  const option = choiceOption("--split <name>", "clips to score", ["train", "valid", "test", "all"]);
  option.description +=
    " (default: test; all of a store that names no splits and has no clip of the training)";
  return option;
}

async function evaluate(modelPath: string, storeDir: string, options: Options): Promise<void> {
  const engine = nodeEngine(options);
  const { info, session } = await openModel(readModelFile(modelPath), modelPath, engine);
  const store = openStore(storeDir);
  if (frontEndHash(info.frontEnd) !== store.frontEndHash)
    throw new DataError(
      storeDir,
      `holds features of another front end than ${modelPath} (${describeDifference(store.frontEnd, info.frontEnd)}); extract them again: ${commandLine("extract", ["<audio>", "--out", "<new store>", ...frontEndFlags(info.frontEnd)])}`,
    );
  const { splits, part, isExternal } = chooseClips(store, info, options.split);
  const { [part === "all" ? "test" : part]: set } = featureSets(store, splits, info.labels);
  if (set.clips.length === 0)
    throw new DataError(storeDir, `holds no clips of the ${part} split; choose another --split`);
  if (part !== "train") checkUnseen(info, set.clips, { storeDir, part });

  const scores = await scoreAll(session, set, { info, modelPath, engine });
  const scored = {
    model: modelPath,
    store: storeDir,
    split: part,
    isExternal,
    labels: info.labels,
    ...scores,
  };
  if (options.json) console.log(JSON.stringify({ task: info.task, ...scored }));
  else console.log(scoresReport(scored, { info, linearPath: linearBaselinePath(modelPath) }));
}

interface AllScores {
  majority: Scores;
  linear: Scores | null;
  net: Scores;
}

async function scoreAll(
  net: Session,
  set: FeatureSet,
  { info, modelPath, engine }: { info: ModelInfo; modelPath: string; engine: Engine },
): Promise<AllScores> {
  const { task, segmentFrames, split } = info;
  const majority = evaluateMajority(set, task, split.trainCounts);
  const linearPath = linearBaselinePath(modelPath);
  let linear: Scores | null = null;
  if (existsSync(linearPath)) {
    const session = await engine.open(linearModel(readFileSync(linearPath), linearPath, info));
    linear = await evaluateLinear(session, set, { task });
    await session.close();
  }
  const bar = progressBar("scoring", set.clips.length);
  try {
    const onProgress = (done: number) => bar.update(done);
    return { majority, linear, net: await evaluateNet(net, set, { task, segmentFrames, onProgress }) };
  } finally {
    bar.stop();
    await net.close();
  }
}
