import { DataError, UsageError } from "../core/errors.js";
import { callback, checkOptions, choice, optional } from "../core/setting-checks.js";
import type { Clip } from "../dataset/clip.js";
import { checkData, type FeatureData } from "../dataset/feature-data.js";
import { type Engine, engineOption } from "../runtime/engine.js";
import { checkModel } from "../tagging/model-file.js";
import type { AnyModel } from "../tagging/open-tagger.js";
import { answerSet, checkFrontEnd, setOf } from "./answer-set.js";
import { type ChosenClips, chooseClips, type PartName } from "./choose-clips.js";
import { type ChoosingClips, choosingClips } from "./chose.js";
import { type Difference, pairedDifference } from "./paired-difference.js";
import type { Scores } from "./scores.js";

/** Parts of the data on which two models can be compared: each leaves out what one of them has seen. */
export const COMPARED_PARTS = ["test", "all"] as const;

/** Scores of two models on the same clips, which neither has seen, as far as it is known, see `chose`. */
export interface Comparison {
  readonly split: PartName;
  /** Number of clips of the split that are not scored, since the first model has seen them or cannot know their labels. */
  readonly leftOut: number;
  /** Number of the others that are not scored for the second model's sake. */
  readonly leftOutForOther: number;
  /**
   * Which clips chose what for each model. Where `nValidation` is null, some of the scored clips may have chosen that model's
   * epoch.
   */
  readonly chose: { readonly first: ChoosingClips; readonly other: ChoosingClips };
  readonly first: Scores;
  readonly other: Scores;
  /** The first minus the other, by the measure's name. */
  readonly differences: Readonly<Record<string, Difference>>;
}

/**
 * Compares two models on the clips of a split that neither has seen. The split is the first model's; see `evaluateModel`
 * for which clips a model has seen. The differences are paired: both models are scored on the same resamples.
 *
 * @param other a model with the same task, labels and front end
 * @param options.split "test" or "all". `@default` as for `evaluateModel`
 * @param options.onProgress called with the number of answers so far, and of all answers, two for each clip
 * @throws UsageError if the models have different tasks or labels
 * @throws DataError if the data have another front end than one of the models, or hold no clip that neither has seen
 * @example
 * import { readFileSync, writeFileSync } from "node:fs";
 * import { compareModels, decodeLinearModel, decodeModel, extractFeatures, nodeEngine } from "timbrel";
 *
 * const folder = "node_modules/tonejs-instrument";
 * writeFileSync("notes.csv", `path,label\n${folder}-violin-wav/A4.wav,string\n${folder}-flute-wav/A5.wav,flute\n`);
 * const [path, linearPath] = ["models/instruments.onnx", "models/instruments.linear.onnx"];
 * const model = decodeModel(readFileSync(path), path);
 * const linear = decodeLinearModel(readFileSync(linearPath), linearPath);
 * const { store } = await extractFeatures("notes.csv", "features", { frontEnd: model.info.frontEnd });
 * const { first, differences } = await compareModels(model, linear, store, { engine: nodeEngine() });
 * console.log(first.nClips, differences["accuracy"].difference); // -> 2 0.5
 */
export async function compareModels(
  model: AnyModel,
  other: AnyModel,
  data: FeatureData,
  options: {
    engine: Engine;
    split?: (typeof COMPARED_PARTS)[number] | undefined;
    onProgress?: (done: number, total: number) => void;
  },
): Promise<Comparison> {
  checkModel(model);
  checkModel(other);
  checkData(data);
  checkOptions<typeof options>(options, {
    engine: engineOption,
    split: optional(choice(COMPARED_PARTS)),
    onProgress: optional(callback),
  });
  checkSameOutputs(model, other);
  checkFrontEnd(model, data);
  checkFrontEnd(other, data, "the other model");
  const { engine, split, onProgress } = options;
  const chosen = chooseClips(data, model.info, split);
  const { background: _, ...because } = chosen.leftOut ?? {};
  const chosenForOther = chooseClips(data, other.info, "all");
  const clips = unseenByBoth(data.name, chosen, chosenForOther);
  const set = setOf(data, clips, model.info);
  const pass = (index: number) => ({
    engine,
    name: index === 0 ? "model" : "other model",
    onProgress: (done: number, total: number) => onProgress?.(index * total + done, 2 * total),
  });
  const first = await answerSet(model, set, pass(0));
  const second = await answerSet(other, set, pass(1));
  return {
    split: chosen.part,
    leftOut: Object.values(because).reduce((sum: number, count: number) => sum + count, 0),
    leftOutForOther: chosen.clips.length - clips.length,
    chose: {
      first: choosingClips(model.info, { ...chosen, clips }),
      other: choosingClips(other.info, { ...chosenForOther, clips }),
    },
    first: first.scores,
    other: second.scores,
    differences: pairedDifference(first, second),
  };
}

/** @throws UsageError unless the models answer the same question */
function checkSameOutputs({ info }: AnyModel, { info: other }: AnyModel): void {
  const fail = (rule: string, got: string): never => {
    throw new UsageError({ setting: "other", rule, got });
  };
  if (other.task !== info.task) fail(`be a ${info.task} model like the first`, other.task);
  const lacking = info.labels.filter((label) => !other.labels.includes(label));
  const added = other.labels.filter((label) => !info.labels.includes(label));
  if (lacking.length + added.length === 0) return;
  const parts = [
    lacking.length > 0 ? `one that does not know ${someOf(lacking)}` : "",
    added.length > 0 ? `one that alone knows ${someOf(added)}` : "",
  ];
  fail("have the labels of the first model", parts.filter((part) => part !== "").join(", and "));
}

const SHOWN = 3;

const someOf = (labels: readonly string[]): string =>
  labels.length <= SHOWN
    ? labels.join(", ")
    : `${labels.slice(0, SHOWN).join(", ")} and ${labels.length - SHOWN} more`;

/** Those of the first model's clips that the other has not seen either. */
function unseenByBoth(name: string, { clips, part }: ChosenClips, forOther: ChosenClips): Clip[] {
  const keyOf = ({ audioHash, name }: Clip) => `${audioHash} ${name}`;
  const unseen = new Set(forOther.clips.map(keyOf));
  const both = clips.filter((clip) => unseen.has(keyOf(clip)));
  if (both.length === 0)
    throw new DataError(
      name,
      `has no clip in its ${part} split that neither model has seen; use data that both have not seen`,
    );
  return both;
}
