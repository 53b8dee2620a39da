import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import type { FeatureData } from "../src/dataset/feature-data.js";
import { evaluateModel } from "../src/evaluation/evaluate-model.js";
import { isFittedTo, type UnknownSounds } from "../src/evaluation/unknown-sounds.js";
import { netConfig } from "../src/nn/architectures.js";
import { percent, table } from "../src/report/table.js";
import { nodeEngine } from "../src/runtime/node.js";
import { openStore } from "../src/store/store.js";
import { decodeModel, type TrainedModel } from "../src/tagging/model-file.js";
import { NORMALIZATIONS, type TrainSettings } from "../src/training/config.js";
import { trainModel } from "../src/training/train-model.js";

// What a model file calls unknown, on the default data: sounds of no class against the test clips and the recordings, and
// instrument families against nets that were trained without them. Sounds with a * are not among those that it was fitted to.

process.chdir(fileURLToPath(new URL("../../", import.meta.url)));

/** Families that a net is trained without, three at a time. */
const HELD_OUT = [
  ["brass", "organ", "mallet"],
  ["vocal", "string", "drums"],
  ["guitar", "keyboard", "reed"],
];
/** As the quickstart, with half of its epochs. */
const TRAINING: TrainSettings = {
  net: netConfig(JSON.parse(readFileSync("models/instruments.net.json", "utf8"))),
  ...{ learningRate: 0.006, augment: 0.1, epochs: 5 },
  normalize: { ...NORMALIZATIONS.standardize, level: "segment" },
};
const command = new Command("unknown")
  .description("Measure what a model calls unknown, and what nets without some families do.")
  .argument("[model]", "model file", "models/instruments.onnx")
  .argument("[features]", "folder of the stores instruments and recordings", "data/features")
  .allowExcessArguments(false)
  .parse();
const [modelPath, features]: string[] = command.processedArgs;
const engine = nodeEngine();
const instruments = openStore(`${features}/instruments`);
const recordings = openStore(`${features}/recordings`);

const model = decodeModel(readFileSync(modelPath), modelPath);
if (!model.info.calibration?.unknown)
  throw new Error(`${modelPath} calls only silence unknown: calibrate it first`);

const unknownIn = async (data: FeatureData): Promise<UnknownSounds> =>
  (await evaluateModel(model, data, { engine })).unknown!;
const [test, recorded] = [await unknownIn(instruments), await unknownIn(recordings)];
const limit = test.limit.toFixed(2);
console.log(`${modelPath}: ROC-AUC of novelty, and how many sounds are above its limit of ${limit}\n`);
const rows = test.kinds.map(({ sound, rocAuc, unknown }, i) => [
  isFittedTo(sound) ? sound : `${sound} *`,
  rocAuc.toFixed(3),
  recorded.kinds[i].rocAuc.toFixed(3),
  percent(unknown),
]);
const alarms = `known clips called unknown: ${percent(test.falseAlarms)} of the test clips, ${percent(recorded.falseAlarms)} of the recordings`;
console.log(table([["sound", "against test clips", "against recordings", "called unknown"], ...rows]));
console.log(`${alarms}\n`);

const heldOut = [
  ["trained without", "ROC-AUC against test clips", "called unknown", "test clips called unknown"],
];
for (const families of HELD_OUT) heldOut.push(await heldOutRow(families));
console.log(table(heldOut));

/** Trains a net without some families, and has it tell their test clips from those of the others. */
async function heldOutRow(families: readonly string[]): Promise<string[]> {
  const isHeldOut = ({ labels }: { readonly labels: readonly string[] }) => families.includes(labels[0]);
  const known = { ...instruments, clips: instruments.clips.filter((clip) => !isHeldOut(clip)) };
  const { model: net } = await trainModel(known, TRAINING, { engine });
  const { unknown } = await evaluateModel(net!, withBackground(net!, isHeldOut), { engine });
  const { rocAuc, unknown: found } = unknown!.kinds.find(({ sound }) => sound === "background")!;
  return [families.join(", "), rocAuc.toFixed(3), percent(found), percent(unknown!.falseAlarms)];
}

/** The instruments, in which the test clips of some families are background. */
function withBackground(
  { info }: TrainedModel,
  isHeldOut: (clip: { readonly labels: readonly string[] }) => boolean,
): FeatureData {
  const clips = instruments.clips.flatMap((clip) => {
    if (!isHeldOut(clip)) return clip.labels.every((label) => info.labels.includes(label)) ? clip : [];
    return clip.split === "test" ? { ...clip, labels: [] } : [];
  });
  return { ...instruments, clips };
}
