import { Command } from "commander";
import { deviceOption, type EngineOptions, engineOf, threadsOption } from "../src/commands/engine-options.js";
import { reportError } from "../src/commands/exit.js";
import { integerOption, integersOption } from "../src/commands/options.js";
import { checkStoreFits } from "../src/commands/store-fits.js";
import { counted } from "../src/core/counted.js";
import { UsageError } from "../src/core/errors.js";
import { hashRecord } from "../src/core/hash.js";
import { progressBar } from "../src/report/progress.js";
import { print } from "../src/report/terminal.js";
import { writeAtomically } from "../src/store/atomic-file.js";
import { readModelFile } from "../src/store/read-files.js";
import { openStore } from "../src/store/store.js";
import { isOfTrainedGroup, wasTrainedOn } from "../src/tagging/model-clips.js";
import { decodeModel, modelIdentity } from "../src/tagging/model-file.js";
import { TRAIN_DEFAULTS } from "../src/training/config.js";
import { EVALUATION_FOLDER } from "./data/plan.js";
import { clipsWith, drawFew } from "./few-shot/draw-few.js";
import { METHODS } from "./few-shot/methods.js";
import { markdownTables, ScoreFile, scoreChart, scoreLine } from "./few-shot/results.js";

const DESCRIPTION = `Score what can be learned from few recordings, on recordings of another source: a net from scratch, a linear \
classifier on Meyda's descriptors, a linear head on a model's embeddings, and the model fine-tuned from that head on.

The two sources are the tonejs recordings, and the notes of FreePats, whose samples are recordings too; each is learned from \
and scored on the other. The start model must have heard neither, so that it is one that left out FreePats. The stores are those of \
data/recordings and of all.csv:
  npm run data
  npm run extract -- data/recordings/manifest.csv --out data/features/recordings --scale 1000
  npm run extract -- data/instruments/all.csv --out data/features/all --scale 1000
  npm run lineages -- data/features/all --only FreePats --models models/lineages

Each score is a line in the file of results; a run that is stopped goes on there. At the end, tables in Markdown are printed \
and a chart is written.`;

interface Options extends EngineOptions {
  model: string;
  recordings: string;
  all: string;
  clips: number[];
  draws: number;
  epochs: number;
  out: string;
  chart: string;
}

const command = new Command("few-shot")
  .description(DESCRIPTION)
  .option("-m, --model <file>", "model to start from", "models/lineages/FreePats-1.onnx")
  .option("--recordings <store>", "store of the tonejs recordings", "data/features/recordings")
  .option("--all <store>", "store with the clips of FreePats", "data/features/all")
  .addOption(
    integersOption("--clips <list>", "clips a class", { min: 2 }).default([2, 5, 10, 20, 50], "2,5,10,20,50"),
  )
  .addOption(integerOption("--draws <n>", "draws of clips", { min: 1 }, 5))
  .addOption(integerOption("--epochs <n>", "epochs of the nets", { min: 1 }, TRAIN_DEFAULTS.epochs))
  .option("-o, --out <file>", "file of results", "models/few-shot/results.jsonl")
  .option("--chart <file>", "picture to write", "models/few-shot.svg")
  .addOption(threadsOption())
  .addOption(deviceOption())
  .exitOverride()
  .action(scoreFewShot);

async function scoreFewShot(options: Options): Promise<void> {
  const { model: modelPath, clips: sizes, draws, epochs, out, chart } = options;
  const engine = engineOf(options);
  const from = decodeModel(readModelFile(modelPath), modelPath);
  const [recordings, all] = [openStore(options.recordings), openStore(options.all)];
  for (const store of [recordings, all]) checkStoreFits(store, from, modelPath);
  const isFreePats = ({ name }: { name: string }) => name.startsWith("FreePats/");
  const labelsOf = (clips: readonly { labels: readonly string[] }[]) =>
    new Set(clips.map(({ labels }) => labels[0]));
  const shared = labelsOf(all.clips.filter(isFreePats));
  const labels = [...labelsOf(recordings.clips)].filter((label) => shared.has(label));
  const recorded = clipsWith(recordings, labels, () => true);
  const isEvaluation = ({ name }: { name: string }) => name.includes(`/${EVALUATION_FOLDER}/`);
  const varied = clipsWith(all, labels, (clip) => isFreePats(clip) && !isEvaluation(clip));
  const evaluation = clipsWith(all, labels, (clip) => isFreePats(clip) && isEvaluation(clip));
  const sources = [
    { name: "FreePats", data: all, clips: varied, test: { data: recordings, clips: recorded } },
    { name: "tonejs", data: recordings, clips: recorded, test: { data: all, clips: evaluation } },
  ];
  const isHeard = wasTrainedOn(from.info);
  const isOfHeardGroup = isOfTrainedGroup(from.info);
  for (const { name, clips, test } of sources) {
    const nHeard = [...clips, ...test.clips].filter(
      (clip) => isHeard(clip.audioHash) || isOfHeardGroup(clip),
    ).length;
    if (nHeard > 0)
      throw new UsageError({
        setting: "--model",
        rule: "have heard neither source",
        got: `${modelPath}, which was trained on ${counted(nHeard, "clip")} or their groups`,
        remedy: `name one that was trained without ${name}`,
      });
  }
  const key = hashRecord({
    model: modelIdentity(from),
    epochs,
    clips: sources.map(({ clips, test }) => [...clips, ...test.clips].map(({ audioHash }) => audioHash)),
  }).slice(0, 12);
  const file = new ScoreFile(out);
  const runs = sources.flatMap((source) =>
    sizes.flatMap((perClass) =>
      Array.from({ length: draws }, (_, draw) => draw + 1).flatMap((draw) =>
        Object.entries(METHODS).map(([method, run]) => ({
          of: { key, source: source.name, perClass, draw, method },
          source,
          run,
        })),
      ),
    ),
  );
  const open = runs.filter(({ of }) => file.find(of) === undefined);
  const bar = progressBar("few-shot", open.length);
  try {
    for (const [i, { of, source, run }] of open.entries()) {
      const { perClass, draw } = of;
      const few = drawFew(source.data, source.clips, { perClass, seed: `few-shot ${perClass} ${draw}` });
      const score = await run({ few, test: source.test, from, epochs, engine });
      file.add({ ...of, score });
      bar.log(scoreLine({ ...of, score }));
      bar.update(i + 1);
    }
  } finally {
    bar.stop();
  }
  const scores = runs.map(({ of }) => file.find(of)!);
  writeAtomically(chart, scoreChart(scores));
  print(`\n${markdownTables(scores)}\n\n${chart}`);
}

try {
  await command.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, command);
}
