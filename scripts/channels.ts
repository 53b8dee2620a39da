import { Command } from "commander";
import { deviceOption, type EngineOptions, engineOf, threadsOption } from "../src/commands/engine-options.js";
import { reportError } from "../src/commands/exit.js";
import { checkChoice } from "../src/core/check.js";
import { DataError } from "../src/core/errors.js";
import { answerSet, checkFrontEnd, setOf } from "../src/evaluation/answer-set.js";
import { percent, table } from "../src/report/table.js";
import { print } from "../src/report/terminal.js";
import { readModelFile } from "../src/store/read-files.js";
import { openStore } from "../src/store/store.js";
import { decodeModel } from "../src/tagging/model-file.js";
import { CHANNELS, clipsBehind } from "./channels/channels.js";
import { heardClip } from "./channels/heard-clip.js";
import { foldOf, lineagesOf } from "./lineages/folds.js";

const DESCRIPTION = `Score models on clips behind random equalizers, band limits and noise, and on their tails: what a microphone \
and a player do, and rendered clips do not show.

By default the clips are those of the store's validation split, from the store that the models were trained on; with --lineage, those of a lineage that the models have not \
heard, from the store of all.csv:
  npm run channels -- data/features/instruments models/instruments.onnx
  npm run channels -- data/features/all models/lineages/FreePats-1.onnx --lineage FreePats

Every clip's channel is drawn from its name, so that models are scored on the same clips.`;

const command = new Command("channels")
  .description(DESCRIPTION)
  .argument("<store>", "store of features made by extract")
  .argument("<model...>", "model files")
  .option(
    "--lineage <name>",
    "score the clips for evaluation of this lineage (default: the validation split)",
  )
  .addOption(threadsOption())
  .addOption(deviceOption())
  .exitOverride()
  .action(scoreChannels);

async function scoreChannels(
  storeDir: string,
  paths: string[],
  options: EngineOptions & { lineage?: string },
): Promise<void> {
  const { lineage } = options;
  const store = openStore(storeDir);
  if (lineage !== undefined) checkChoice("--lineage", lineage, lineagesOf(store));
  const { data, split } =
    lineage === undefined ? { data: store, split: "valid" } : { ...foldOf(store, lineage, 1), split: "test" };
  const clips = data.clips.filter((clip) => clip.split === split);
  if (clips.length === 0)
    throw new DataError(storeDir, "has no validation clips; extract a manifest that names them");
  const models = paths.map((path) => ({ path, model: decodeModel(readModelFile(path), path) }));
  for (const { path, model } of models) {
    checkFrontEnd(model, data, path);
    const heard = heardClip(store.clips, clips, model.info);
    if (heard !== undefined)
      throw new DataError(
        path,
        `was trained or validated on the group of ${heard.name}, or one of its name, which is scored here; name a model that has not heard these groups, or the store that it was trained on`,
      );
  }
  const engine = engineOf(options);
  const rows = models.map(({ path }) => [path]);
  for (const name of Object.keys(CHANNELS)) {
    const changed = await clipsBehind(data, clips, name);
    for (const [i, { model }] of models.entries()) {
      const { scores } = await answerSet(model, setOf(changed, changed.clips, model.info), { engine });
      if (scores.task !== "single-label")
        throw new DataError(paths[i], "gives clips several labels; only single labels are scored here");
      rows[i].push(`${percent(scores.balancedAccuracy)} ${scores.loss.toFixed(3)}`);
    }
  }
  print(
    `balanced accuracy and log loss of ${clips.length} clips\n\n${table([["model", ...Object.keys(CHANNELS)], ...rows])}`,
  );
}

try {
  await command.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, command);
}
