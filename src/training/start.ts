import { UsageError } from "../core/errors.js";
import { canonicalJson } from "../core/hash.js";
import type { Tensor } from "../core/tensor.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { describeDifference, frontEndHash } from "../features/front-end.js";
import { netTensors } from "../nn/summary.js";
import type { TrainedModel } from "../tagging/model-file.js";
import { normalizedWidth } from "../tagging/model-tensors.js";
import {
  NORMALIZATIONS,
  type NormalizeConfig,
  START_LEARNING_RATE,
  type TrainConfig,
  type TrainSettings,
  trainConfig,
} from "./config.js";
import { bodyOf } from "./freezing.js";
import type { RunData } from "./run-data.js";

/** What a run takes from the model that it starts from. */
export interface Start {
  /** Labels of the model. */
  readonly labels: readonly string[];
  /** Names of its blocks, from the input on. */
  readonly blocks: readonly string[];
  /** Whether the last layer goes on from the model's; otherwise it is new. */
  readonly keepsHead: boolean;
  /** The model's tensors that the run starts with, by name; see `startWeights`. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/**
 * The settings of a run that starts from a model. Net, segment length, kind of normalization and level are the model's; the default of
 * the learning rate is `START_LEARNING_RATE`.
 * @param changes settings that differ from the defaults
 * @throws UsageError naming a setting that is not the model's, or out of range
 */
export function startingConfig(model: TrainedModel, changes: TrainSettings = {}): TrainConfig {
  const own = modelSettings(model);
  const learningRate = START_LEARNING_RATE;
  const config = trainConfig({ ...own, learningRate, ...changes, start: changes.start ?? {} });
  mustEqual("net", config.net, own.net);
  mustEqual("segmentFrames", config.segmentFrames, own.segmentFrames);
  mustEqual("normalize.kind", config.normalize.kind, own.normalize.kind);
  mustEqual("normalize.level", config.normalize.level ?? "none", own.normalize.level ?? "none");
  return config;
}

/** The settings of a model that a run which starts from it shares. */
export function modelSettings({
  info,
  net,
  normalization: { kind, level },
}: TrainedModel): Pick<TrainConfig, "net" | "segmentFrames" | "normalize"> {
  const recorded = info.config["normalize"] as NormalizeConfig | undefined; // `trainConfig` checks it
  const { level: _, ...settings } = recorded?.kind === kind ? recorded : NORMALIZATIONS[kind];
  const normalize: NormalizeConfig = level === undefined ? settings : { ...settings, level: "segment" };
  return { net, segmentFrames: info.segmentFrames, normalize };
}

/** @throws UsageError unless the data have the model's front end */
export function checkStartData({ name, frontEnd }: FeatureData, { info }: TrainedModel): void {
  if (frontEndHash(frontEnd) === frontEndHash(info.frontEnd)) return;
  throw new UsageError({
    setting: "data",
    rule: "have the front end of the model that training starts from",
    got: `${name} with another (${describeDifference(frontEnd, info.frontEnd)})`,
    remedy: "extract the features again with the model's front end",
  });
}

/**
 * Returns what a run takes from a model: all of its weights if task and labels are the model's, otherwise all but the last
 * layer's.
 * @throws UsageError if the model lacks a weight, or has it in another shape
 */
export function startOf(
  { sets: { train }, task }: Pick<RunData, "sets" | "task">,
  { info, net, weights, normalization }: TrainedModel,
): Start {
  const { labels, segmentFrames, frontEnd } = info;
  const keepsHead = task === info.task && canonicalJson(train.labels) === canonicalJson(labels);
  const inputShape = [segmentFrames, normalizedWidth(normalization, frontEnd.nMels)];
  const all = netTensors(net, inputShape, labels.length).map(({ name, shape }) => {
    const tensor = weights.get(name);
    mustEqual(`from.weights ${name}`, tensor?.shape ?? "none", shape);
    return [name, tensor!] as const;
  });
  const kept = new Map(all.filter(([name]) => keepsHead || bodyOf([name]).length > 0));
  return { labels, blocks: bodyOf(kept.keys()), keepsHead, weights: kept };
}

function mustEqual(setting: string, got: unknown, expected: unknown): void {
  if (canonicalJson(got) !== canonicalJson(expected))
    throw new UsageError({ setting, rule: `be the model's, ${JSON.stringify(expected)}`, got });
}
