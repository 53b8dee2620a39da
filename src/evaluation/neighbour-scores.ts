import type { FeatureSet } from "../dataset/feature-set.js";
import type { Task } from "../nn/training-step.js";
import type { Engine } from "../runtime/engine.js";
import { mainScore } from "./measures.js";
import { type NearVector, nearestVectors, vectorsInMemory } from "./nearest-vectors.js";
import { scoreAnswers } from "./score-answers.js";

/** Numbers of neighbours that are tried. */
const TRIED = [1, 3, 5, 10, 20];

/** How well the nearest training clips answer the validation clips. */
export interface NeighbourScores {
  /** Number of neighbours: the one of those tried that answers best. */
  readonly k: number;
  /** The main score, see `mainScore`. */
  readonly score: number;
}

interface Vectors {
  readonly vectors: readonly Float32Array[];
  readonly targets: readonly Float32Array[];
}

/**
 * Answers each validation clip by its k nearest training clips, by cosine similarity of their embeddings: the probability of a label is
 * the fraction of those neighbours that have it, of those of which it is known. k is the number with the best score.
 */
export async function neighbourScores(
  { train, valid }: { readonly train: Vectors; readonly valid: Vectors },
  { task, sets, engine }: { task: Task; sets: { readonly valid: FeatureSet<"valid"> }; engine: Engine },
): Promise<NeighbourScores> {
  const near = await nearestVectors(vectorsInMemory(valid.vectors), vectorsInMemory(train.vectors), {
    engine,
    top: TRIED.at(-1)!,
  });
  const { labels, clips } = sets.valid;
  const scoreOf = (k: number): number => {
    const probabilities = near.map((list) => fractions(list.slice(0, k), train.targets, labels.length));
    const groups = clips.map(({ group }) => group);
    const answers = { task, labels, groups, targets: valid.targets, probabilities };
    return mainScore(scoreAnswers(answers, { resamples: 0 }).scores);
  };
  const tried = TRIED.filter((k) => k <= train.vectors.length).map((k) => ({ k, score: scoreOf(k) }));
  return tried.reduce((best, each) => (each.score > best.score ? each : best));
}

/** Of each label the fraction of neighbours that have it. Equal fractions go to the more similar neighbours' label. */
function fractions(
  near: readonly NearVector[],
  targets: readonly Float32Array[],
  nLabels: number,
): Float32Array {
  return Float32Array.from({ length: nLabels }, (_, label) => {
    let [sum, known] = [0, 0];
    for (const [rank, { row }] of near.entries()) {
      const target = targets[row][label];
      if (Number.isNaN(target)) continue;
      const weight = 1 - 1e-3 * (rank / near.length);
      sum += weight * target;
      known += weight;
    }
    return known === 0 ? 0 : sum / known;
  });
}
