import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { deviceOption, type EngineOptions, engineOf, threadsOption } from "../src/commands/engine-options.js";
import { reportError } from "../src/commands/exit.js";
import { flagOf, integerOption } from "../src/commands/options.js";
import { addTrainOptions, trainConfigOf } from "../src/commands/train-settings.js";
import { checkChoice } from "../src/core/check.js";
import { UsageError } from "../src/core/errors.js";
import { sha256Hex } from "../src/core/hash.js";
import { progressBar } from "../src/report/progress.js";
import { print } from "../src/report/terminal.js";
import { writeAtomically } from "../src/store/atomic-file.js";
import { openStore } from "../src/store/store.js";
import { onDisk } from "../src/store/system-errors.js";
import { TRAIN_DEFAULTS } from "../src/training/config.js";
import { lineagesOf } from "./lineages/folds.js";
import { leaveOut } from "./lineages/leave-out.js";
import { type FoldResult, ResultsFile, resultKey } from "./lineages/results.js";
import { foldLine, summaryText } from "./lineages/summary.js";

const DESCRIPTION = `Score settings of train by leaving out one lineage of sound fonts at a time.

For each lineage a model is trained on the clips of the others, without the groups that reach into it, and scored on its clips \
for evaluation. The epoch is chosen, and the model calibrated, on held-out groups of the other lineages. The store is that of \
all.csv:
  npm run extract -- data/instruments/all.csv --out data/features/all --scale 1000

Each finished fold is a line in the file of results; a run that is stopped goes on there. Folds with other settings, other \
clips or another seed are trained anew; after a change of the code, use another file. With --models, the models of the folds \
are kept; each was trained without one lineage. A fold is trained again if its model is no longer in that folder, or is not \
the one that was scored.`;

interface Options extends EngineOptions {
  out: string;
  seeds: number;
  only?: string;
  models?: string;
}

const command = addTrainOptions(
  new Command("lineages")
    .description(DESCRIPTION)
    .argument("[store]", "store of features made by extract", "data/features/all")
    .option("-o, --out <file>", "file of results", "models/lineages/results.jsonl")
    .addOption(integerOption("--seeds <n>", "number of seeds, from --seed on", { min: 1 }, 1))
    .option("--only <lineage>", "leave out this lineage alone (default: each of them)")
    .option(
      "--models <folder>",
      "folder to keep the models in, as <lineage>-<seed>.onnx (default: none is kept)",
    )
    .addOption(threadsOption())
    .addOption(deviceOption()),
)
  .exitOverride()
  .action(scoreLineages);

async function scoreLineages(storeDir: string, options: Options): Promise<void> {
  const { out, seeds, only, models } = options;
  const base = trainConfigOf(command);
  for (const member of ["validFraction", "testFraction"] as const)
    if (base[member] !== TRAIN_DEFAULTS[member])
      throw new UsageError({
        setting: flagOf(member),
        rule: "be left out here, since the lineage that is left out is the test, and 15 % of the other groups are for validation",
        got: base[member],
      });
  const store = openStore(storeDir);
  const engine = engineOf(options);
  mkdirSync(dirname(out), { recursive: true });
  const file = new ResultsFile(out);
  if (models !== undefined) mkdirSync(models, { recursive: true });
  const key = resultKey(base, store);
  const lineages = lineagesOf(store);
  if (only !== undefined) checkChoice("--only", only, lineages);
  const folds = Array.from({ length: seeds }, (_, i) => base.seed + i).flatMap((seed) =>
    (only === undefined ? lineages : [only]).map((lineage) => {
      const modelPath = models === undefined ? undefined : join(models, `${lineage}-${seed}.onnx`);
      const found = file.find(key, lineage, seed);
      const isKept = modelPath === undefined || hashOfFile(modelPath) === found?.modelHash;
      return { lineage, seed, modelPath, found: isKept ? found : undefined };
    }),
  );
  const nOpen = folds.filter(({ found }) => found === undefined).length;
  const bar = progressBar("leaving out lineages", nOpen * base.epochs);
  const results: FoldResult[] = [];
  let before = 0;
  try {
    for (const { lineage, seed, modelPath, found } of folds) {
      let result = found;
      if (result === undefined) {
        if (modelPath !== undefined && file.find(key, lineage, seed) !== undefined)
          bar.log(
            `${lineage}, seed ${seed}: scored before, but ${modelPath} is not the model that was scored; training it again`,
          );
        const config = { ...base, seed };
        const onEpoch = (done: number) => bar.update(before + done, `${lineage}, seed ${seed}`);
        const left = await leaveOut(store, lineage, { config, engine, onEpoch });
        before += base.epochs;
        ({ result } = left);
        if (modelPath !== undefined) writeAtomically(modelPath, left.bytes);
        file.add(result);
      }
      bar.log(foldLine(result));
      results.push(result);
    }
  } finally {
    bar.stop();
  }
  print(`\n${summaryText(results)}\n`);
}

/** SHA-256 of a file; null if there is none. */
function hashOfFile(path: string): string | null {
  return existsSync(path) ? sha256Hex(onDisk("read", path, () => readFileSync(path))) : null;
}

try {
  await command.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, command);
}
