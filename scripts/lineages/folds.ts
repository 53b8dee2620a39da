import { DataError } from "../../src/core/errors.js";
import type { Clip } from "../../src/dataset/clip.js";
import { drawSplits } from "../../src/dataset/draw-splits.js";
import type { FeatureData } from "../../src/dataset/feature-data.js";
import { RUN_SPLITS } from "../../src/dataset/splits.js";
import { fontOf } from "../data/fonts.js";
import { EVALUATION_FOLDER } from "../data/plan.js";

/** Data of which one lineage of fonts is the test split. */
export interface Fold {
  readonly lineage: string;
  readonly data: FeatureData;
}

/** The lineage of a clip's font, which is the first folder of its path. */
export function lineageOf({ name }: Clip): string {
  const font = name.split("/")[0];
  return fontOf(font)?.lineage ?? font;
}

const isEvaluation = ({ name }: Clip): boolean => name.includes(`/${EVALUATION_FOLDER}/`);

/**
 * The lineages that have clips for evaluation, in alphabetical order. Each can be left out.
 * @throws DataError if there are fewer than two
 */
export function lineagesOf({ name, clips }: FeatureData): string[] {
  const found = [...new Set(clips.filter(isEvaluation).map(lineageOf))].sort();
  if (found.length >= 2) return found;
  const what = found.length === 0 ? "no clips for evaluation" : `clips for evaluation of ${found[0]} alone`;
  throw new DataError(name, `holds ${what}; extract all.csv of the instruments, which has several lineages`);
}

/**
 * Leaves one lineage out of training: its clips for evaluation are the test split. Groups that reach into it are in no
 * split else. Of the other groups, some are drawn for validation, by the seed, with their clips for evaluation; of the rest,
 * the varied clips are the train split.
 */
export function foldOf(data: FeatureData, lineage: string, seed: number): Fold {
  const isHeldOut = (clip: Clip) => lineageOf(clip) === lineage;
  const reaching = new Set(data.clips.filter(isHeldOut).map(({ group }) => group));
  const others = data.clips.filter((clip) => !isHeldOut(clip) && !reaching.has(clip.group));
  const { validFraction } = RUN_SPLITS;
  const drawn = drawSplits(
    others.filter(isEvaluation).sort((a, b) => (a.name < b.name ? -1 : 1)),
    { train: 1 - validFraction, valid: validFraction, test: 0 },
    { seed, tieOf: (group) => `group ${group}` },
  );
  const isValid = ({ group }: Clip) => drawn.get(group) === "valid";
  const split = (clips: readonly Clip[], name: "train" | "valid" | "test") =>
    clips.map((clip): Clip => ({ ...clip, split: name }));
  const clips = [
    ...split(
      others.filter((clip) => !isEvaluation(clip) && !isValid(clip)),
      "train",
    ),
    ...split(
      others.filter((clip) => isEvaluation(clip) && isValid(clip)),
      "valid",
    ),
    ...split(
      data.clips.filter((clip) => isHeldOut(clip) && isEvaluation(clip)),
      "test",
    ),
  ];
  return { lineage, data: { ...data, clips } };
}
