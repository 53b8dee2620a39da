import type { Clip } from "../../src/dataset/clip.js";
import type { FeatureData } from "../../src/dataset/feature-data.js";
import { type FeatureSet, featureSets } from "../../src/dataset/feature-set.js";
import { splitClips } from "../../src/dataset/splits.js";
import { evaluateNet, readAllDescriptors } from "../../src/evaluation/evaluate.js";
import { mainScore } from "../../src/evaluation/measures.js";
import { scoreAnswers } from "../../src/evaluation/score-answers.js";
import { probabilitiesAt } from "../../src/evaluation/temperature.js";
import type { Engine } from "../../src/runtime/engine.js";
import { modelGraph, segmentsPerRun, type TrainedModel } from "../../src/tagging/model-file.js";
import { fitLinear, linearLogits } from "../../src/training/fit-linear.js";
import { trainHead } from "../../src/training/train-head.js";
import { trainModel } from "../../src/training/train-model.js";

/** What a method learns from and is scored on. */
export interface FewShot {
  /** Drawn by `drawFew`. */
  readonly few: FeatureData;
  /** Clips of another source. */
  readonly test: { readonly data: FeatureData; readonly clips: readonly Clip[] };
  /** The model that two of the methods start from; it has heard neither source. */
  readonly from: TrainedModel;
  readonly epochs: number;
  readonly engine: Engine;
}

/** A way to learn from few clips: balanced accuracy on the other source. */
type Method = (run: FewShot) => Promise<number>;

/** The other source is the test: none of the few clips is drawn for one. */
const NO_TEST = { testFraction: 0 } as const;

/** The methods by name, in the order of the table. */
export const METHODS: Readonly<Record<string, Method>> = {
  "net from scratch": async (run) => {
    const { few, epochs, engine } = run;
    return scoreOf(run, (await trainModel(few, { epochs, ...NO_TEST }, { engine })).model!);
  },
  "linear, Meyda's descriptors": linearOnDescriptors,
  "linear head, frozen body": async (run) => {
    const { few, from, engine } = run;
    return scoreOf(run, (await trainHead(few, from, { engine, config: NO_TEST })).model);
  },
  "fine-tuned net": async (run) => {
    const { few, from, epochs, engine } = run;
    return scoreOf(run, (await trainModel(few, { epochs, ...NO_TEST }, { engine, from })).model!);
  },
};

/** Clips of the other source as a set over the labels of the few. */
function testSet({ test: { data, clips } }: FewShot, labels: readonly string[]): FeatureSet<"test"> {
  return featureSets(data, { train: [], valid: [], test: clips, hash: "" }, labels).test;
}

async function scoreOf(run: FewShot, model: TrainedModel): Promise<number> {
  const { task, labels, segmentFrames } = model.info;
  const { scores } = await evaluateNet(modelGraph(model), testSet(run, labels), {
    ...{ engine: run.engine, task, segmentFrames, maxSegments: segmentsPerRun(model), resamples: 0 },
  });
  return mainScore(scores);
}

/** Logistic regression on descriptors, each scaled to deviation 1, with the penalty chosen as that of a head is. */
async function linearOnDescriptors(run: FewShot): Promise<number> {
  const { few, engine } = run;
  const { train, valid } = featureSets(few, splitClips(few.clips, NO_TEST));
  const test = testSet(run, train.labels);
  const vectors = await readAllDescriptors(train);
  const scale = scaling(vectors);
  const of = (set: FeatureSet, rows: readonly Float32Array[]) => ({
    vectors: rows.map(scale),
    targets: set.clips.map((_, clip) => set.targets(clip)),
  });
  const task = "single-label";
  const fit = await fitLinear(of(train, vectors), of(valid, await readAllDescriptors(valid)), {
    ...{ task, engine },
  });
  const other = of(test, await readAllDescriptors(test));
  const probabilities = other.vectors.map((vector) =>
    Float32Array.from(probabilitiesAt(task, linearLogits(fit, vector), test.labels.length, 1)),
  );
  const groups = test.clips.map(({ group }) => group);
  const answers = { task, labels: test.labels, groups, targets: other.targets, probabilities } as const;
  return mainScore(scoreAnswers(answers, { resamples: 0 }).scores);
}

/** Returns a function that scales vectors as some have mean 0 and deviation 1. */
function scaling(vectors: readonly Float32Array[]): (vector: Float32Array) => Float32Array {
  const mean = vectors[0].map((_, i) => vectors.reduce((sum, each) => sum + each[i] / vectors.length, 0));
  const std = mean.map((center, i) =>
    Math.sqrt(vectors.reduce((sum, each) => sum + (each[i] - center) ** 2 / vectors.length, 0)),
  );
  return (vector) => vector.map((value, i) => (std[i] > 0 ? (value - mean[i]) / std[i] : 0));
}
