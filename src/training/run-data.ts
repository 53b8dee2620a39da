import { DataError, type Mistake, UsageError } from "../core/errors.js";
import type { Clip } from "../dataset/clip.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { featureSets } from "../dataset/feature-set.js";
import { labelText, lacksLabels } from "../dataset/known-labels.js";
import { type ClipSplits, RECORD_KEY, splitClips, splitsOfRecord } from "../dataset/splits.js";
import { checkEnoughClips, checkSeveralClasses, multiLabelClip } from "../dataset/trainable.js";
import type { Task } from "../nn/training-step.js";
import { clipsTrainedOn } from "../tagging/model-clips.js";
import type { TrainedModel } from "../tagging/model-file.js";
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
  const splits = resume?.clips ? splitsOfRecord(data.clips, resume.clips) : drawnSplits(data, config);
  if (resume) checkSameData(data, splits, resume);
  checkEnoughClips(data.name, splits);
  if (from) checkHeldOut(data, splits, from);
  const sets = featureSets(data, splits);
  const { labels } = sets.train;
  const clips = [...splits.train, ...splits.valid, ...splits.test];
  const several = multiLabelClip(clips);
  const found = several === undefined ? (from?.info.task ?? "single-label") : "multi-label";
  const task = config.task === "auto" ? found : config.task;
  if (from && several === undefined && task !== found)
    throw new UsageError({
      setting: "task",
      rule: `equal ${found}, the task of the model that training starts from`,
      got: task,
      remedy: "leave it out, or train without the model",
    });
  if (task === "single-label") {
    if (several !== undefined) throw new UsageError(severalLabels(several));
    checkSeveralClasses(data.name, labels);
  }
  return { splits, sets, task };
}

/** A clip in a single-label run that has several labels, or may have. */
function severalLabels(clip: Clip): Mistake {
  const { name, labels } = clip;
  return lacksLabels(clip)
    ? {
        setting: "task",
        rule: "be multi-label for clips of which some labels are not known",
        got: `single-label, and ${name} labelled ${labelText(clip)}`,
        remedy: "use that, or clips whose labels are all known",
      }
    : {
        setting: "task",
        rule: "be multi-label for clips with several labels",
        got: `single-label, and ${name} labelled ${labels.join(", ")}`,
      };
}

function drawnSplits({ clips }: FeatureData, { seed, validFraction, testFraction }: TrainConfig): ClipSplits {
  return splitClips(clips, { seed, validFraction, testFraction });
}

/**
 * Checks that the clips of a checkpoint are all there, with the same features.
 * @throws UsageError if they are not
 */
function checkSameData(
  { name, clips, frontEndHash }: FeatureData,
  splits: ClipSplits,
  run: Checkpoint,
): void {
  if (run.splitHash === splits.hash && run.frontEndHash === frontEndHash) return;
  const rule = "use the data of its checkpoint";
  const newRun = "or start a new run";
  if (run.splitHash === splits.hash)
    throw new UsageError({
      setting: "resume",
      rule,
      got: `other features in ${name}`,
      remedy: `resume it with its own data, ${newRun}`,
    });
  const nFound = splits.train.length + splits.valid.length + splits.test.length;
  if (run.clips === undefined)
    throw new UsageError({
      setting: "resume",
      rule,
      got: `other clips or splits in ${name}, and a checkpoint of an older version that does not list its clips`,
      remedy: `extract the audio that it was trained on into a store of its own and use that, ${newRun}`,
    });
  const nClips = Object.values(run.clips).join("").length / RECORD_KEY;
  throw new UsageError({
    setting: "resume",
    rule,
    got: `${nFound} of its ${nClips} clips among the ${clips.length} of ${name}, under the same names and labels`,
    remedy: `extract them into it again, ${newRun}`,
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
