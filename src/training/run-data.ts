import { DataError, UsageError } from "../core/errors.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { featureSets } from "../dataset/feature-set.js";
import { type ClipSplits, splitClips } from "../dataset/splits.js";
import { checkEnoughClips, checkSeveralClasses } from "../dataset/trainable.js";
import type { Task } from "../nn/training-step.js";
import { clipsTrainedOn, type TrainedModel } from "../tagging/model-file.js";
import type { Checkpoint } from "./checkpoint.js";
import type { TrainConfig } from "./config.js";

/** The data of a run, checked against its settings. */
export interface RunData {
  readonly splits: ClipSplits;
  readonly sets: ReturnType<typeof featureSets>;
  readonly task: Task;
}

/**
 * Splits the clips for a run.
 * @throws DataError if the data have too few clips or classes to train on
 * @throws UsageError if the clips' labels do not fit the task, or if the data are not the checkpoint's
 */
export function runData(
  data: FeatureData,
  config: TrainConfig,
  options: { resume?: Checkpoint | null | undefined; from?: TrainedModel | undefined } = {},
): RunData {
  const { resume, from } = options;
  const { seed, validFraction, testFraction } = config;
  const splits = splitClips(data.clips, { seed, validFraction, testFraction });
  checkEnoughClips(data.name, splits);
  if (resume) checkSameData(data, splits, resume);
  if (from) checkHeldOut(data, splits, from);
  const sets = featureSets(data, splits, from?.info.labels);
  const { labels } = sets.train;
  const clips = [...splits.train, ...splits.valid, ...splits.test];
  const several = clips.find((clip) => clip.labels.length > 1);
  const found = from?.info.task ?? (several === undefined ? "single-label" : "multi-label");
  const task = config.task === "auto" ? found : config.task;
  if (task === "single-label") {
    if (several !== undefined)
      throw new UsageError({
        setting: "task",
        rule: "be multi-label for clips with several labels",
        got: `single-label, and ${several.name} labelled ${several.labels.join(", ")}`,
      });
    checkSeveralClasses(data.name, labels);
  }
  return { splits, sets, task };
}

function checkSameData(data: FeatureData, splits: ClipSplits, checkpoint: Checkpoint): void {
  if (checkpoint.splitHash === splits.hash && checkpoint.frontEndHash === data.frontEndHash) return;
  const what = checkpoint.splitHash === splits.hash ? "features" : "clips or splits";
  throw new UsageError({
    setting: "resume",
    rule: "use the data of its checkpoint",
    got: `other ${what} in ${data.name}`,
    remedy: "resume it with its own data, or start a new run",
  });
}

/**
 * Checks that a model which is trained further has not seen the clips that the best epoch is chosen by.
 * @throws DataError if it was trained on a validation clip
 */
function checkHeldOut({ name }: FeatureData, { valid }: ClipSplits, { info }: TrainedModel): void {
  const known = clipsTrainedOn(info, valid);
  if (known.length > 0)
    throw new DataError(
      name,
      `the model that training starts from was trained on ${known.length} of the ${valid.length} validation clips, e.g. ${known[0].name}; draw the splits with its \`seed\` and fractions, or name the splits`,
    );
}
