import { UsageError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import type { Clip } from "../dataset/clip.js";
import type { FeatureData } from "../dataset/feature-data.js";
import type { FeatureSet } from "../dataset/feature-set.js";
import type { Engine } from "../runtime/engine.js";
import { embedClips } from "../tagging/embeddings.js";
import type { TrainedModel } from "../tagging/model-file.js";
import { fitLinear, type LabelledVectors, type LinearFit } from "./fit-linear.js";
import type { RunData } from "./run-data.js";

/** Gives the embeddings of clips by a model. */
export type EmbeddingsOf = (clips: readonly Clip[]) => Promise<readonly Float32Array[]>;

/** A last layer for a model's body, and what it was fitted to. */
export interface HeadFit extends LinearFit {
  readonly train: LabelledVectors;
  readonly valid: LabelledVectors;
}

/**
 * Fits a last layer for the clips of a run to their embeddings by a model: logistic regression with the penalty that has the least
 * loss on the validation clips. With `balance`, a label's share of the training clips raises no probability.
 * @param embeddingsOf gives embeddings that are known; @default they are computed
 */
export async function fitHead(
  data: FeatureData,
  { sets, task }: RunData,
  from: TrainedModel,
  options: {
    readonly balance: boolean;
    readonly engine: Engine;
    readonly embeddingsOf?: EmbeddingsOf | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<HeadFit> {
  const { balance, engine, signal } = options;
  const embeddingsOf = options.embeddingsOf ?? ((clips) => computed(from, data, clips, { engine, signal }));
  const [train, valid] = [await labelled(sets.train, embeddingsOf), await labelled(sets.valid, embeddingsOf)];
  const fit = await fitLinear(train, valid, { task, engine });
  signal?.throwIfAborted();
  return { ...(balance && task === "single-label" ? evenly(fit, train) : fit), train, valid };
}

/** The names that the last layer of a net has among its weights. */
export function headWeights({ weight, bias }: LinearFit): readonly (readonly [string, Tensor])[] {
  return [
    ["output.weight", weight],
    ["output.bias", bias],
  ];
}

async function computed(
  model: TrainedModel,
  data: FeatureData,
  clips: readonly Clip[],
  run: { engine: Engine; signal: AbortSignal | undefined },
): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  await embedClips(model, data, clips, { ...run, onClip: (_, { embedding }) => vectors.push(embedding) });
  return vectors;
}

async function labelled(set: FeatureSet, embeddingsOf: EmbeddingsOf): Promise<LabelledVectors> {
  const vectors = await embeddingsOf(set.clips);
  if (vectors.length !== set.clips.length)
    throw new UsageError({
      setting: "embeddingsOf",
      rule: `give ${set.clips.length} embeddings for as many clips`,
      got: vectors.length,
    });
  return { vectors, targets: set.clips.map((_, clip) => set.targets(clip)) };
}

/** The classifier as if every label had as many training clips. */
function evenly(fit: LinearFit, { targets }: LabelledVectors): LinearFit {
  const data = fit.bias.data.map((value, label) => {
    const count = targets.filter((row) => row[label] === 1).length;
    return value - Math.log(Math.max(1, count) / targets.length);
  });
  return { ...fit, bias: { ...fit.bias, data } };
}
