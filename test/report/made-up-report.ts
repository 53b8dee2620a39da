import { Random } from "../../src/core/random.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { splitClips } from "../../src/dataset/splits.js";
import { choosingClips } from "../../src/evaluation/chose.js";
import type { Evaluation } from "../../src/evaluation/evaluate-model.js";
import { pairedDifference } from "../../src/evaluation/paired-difference.js";
import { scoreAnswers } from "../../src/evaluation/score-answers.js";
import type { UnknownSounds } from "../../src/evaluation/unknown-sounds.js";
import { frontEnd } from "../../src/features/front-end.js";
import type { Task } from "../../src/nn/training-step.js";
import { makeReport, type ReportSource } from "../../src/report/make-report.js";
import type { Report } from "../../src/report/report.js";
import type { ModelInfo } from "../../src/tagging/model-info.js";
import type { EpochRecord } from "../../src/training/fit.js";

/** What a made-up report is about. */
export interface MadeUp {
  readonly task?: Task;
  readonly labels?: readonly string[];
  /** Clips of each label. */
  readonly perLabel?: number;
  /** Clips of a group. @default 1, without names of groups */
  readonly perGroup?: number;
  /** How often an answer is right. */
  readonly skill?: number;
  readonly resamples?: number;
  readonly isCalibrated?: boolean;
  readonly change?: Partial<ReportSource>;
}

export const FRONT = frontEnd({ sampleRate: 8000, nMels: 16, nFft: 256, hopLength: 128 });

/** What a report is made of, on clips that are made up; nothing in it was measured. */
export function madeUpSource(madeUp: MadeUp = {}): ReportSource {
  const { task = "single-label", labels = ["bass", "drums", "flute"], perLabel = 20, perGroup = 1 } = madeUp;
  const { isCalibrated = true, change = {} } = madeUp;
  const random = new Random("a report");
  const sorted = [...labels].sort();
  const clips = Array.from({ length: perLabel * sorted.length }, (_, i) => {
    const own = sorted[i % sorted.length];
    const more = task === "multi-label" ? sorted.filter(() => random.uniform() < 0.2) : [];
    const values = Float32Array.from({ length: 40 * FRONT.nMels }, () => random.normal() - 5);
    return {
      name: `${own}/${i}.wav`,
      labels: [...new Set([own, ...more])],
      features: { shape: [40, FRONT.nMels], data: values },
      ...(perGroup > 1 ? { group: `${own} ${Math.floor(i / sorted.length / perGroup)}` } : {}),
    };
  });
  const data = featuresInMemory(FRONT, clips, { name: "features" });
  const splits = splitClips(data.clips, { seed: 1, validFraction: 0.2, testFraction: 0.3 });
  const thresholds = Object.fromEntries(sorted.map((label, i) => [label, 0.3 + 0.3 * (i / sorted.length)]));
  const info = {
    task,
    labels: sorted,
    frontEnd: FRONT,
    epoch: 4,
    trainClips: "0123456789".repeat(splits.train.length),
    split: { hash: splits.hash },
    config: { epochs: 6, seed: 1 },
    ...(isCalibrated
      ? {
          calibration: {
            temperature: 1.7,
            basis: "fitted",
            thresholds: task === "multi-label" ? thresholds : null,
            sharedThreshold: [],
            unknown: { threshold: 2, falseAlarms: 0.04 },
            validation: { nClips: splits.valid.length, loss: [0.9, 0.7], calibrationError: [0.2, 0.05] },
          },
        }
      : {}),
  } as unknown as ModelInfo;
  const evaluated = (split: "valid" | "test") =>
    evaluation(madeUp, { info, split, clips: splits[split], random });
  return {
    model: "models/mine/model.onnx",
    info,
    data,
    splits,
    command: "timbrel train features --out models/mine",
    evaluations: [evaluated("test"), evaluated("valid")],
    history: Array.from({ length: 6 }, (_, i) => epochRecord(i + 1)),
    ...change,
  };
}

export const madeUpReport = (madeUp: MadeUp = {}): Report => makeReport(madeUpSource(madeUp));

function evaluation(
  { skill = 0.7, resamples = 50 }: MadeUp,
  {
    info,
    split,
    clips,
    random,
  }: { info: ModelInfo; split: "valid" | "test"; clips: ReportSource["data"]["clips"]; random: Random },
): Evaluation {
  const { task, labels } = info;
  const targets = clips.map((clip) =>
    Float32Array.from(labels, (label) => Number(clip.labels.includes(label))),
  );
  const answer = (target: Float32Array, ofSkill: number): Float32Array => {
    const isRight = random.uniform() < ofSkill;
    const scores = Float32Array.from(
      target,
      (has) => 3 * (isRight ? has : random.uniform()) + random.normal() / 2,
    );
    if (task === "multi-label") return scores.map((score) => 1 / (1 + Math.exp(1.5 - score)));
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    return scores.map((score) => Math.exp(score) / sum);
  };
  const scored = (probabilities: readonly Float32Array[]) =>
    scoreAnswers(
      {
        task,
        labels,
        targets,
        probabilities,
        groups: clips.map(({ group }) => group),
        thresholds: info.calibration?.thresholds ?? null,
      },
      { resamples },
    );
  const net = scored(targets.map((target) => answer(target, skill)));
  const uncalibrated = net.answers.probabilities.map((row) =>
    row.map((p) => (p > 0.5 ? 1 - (1 - p) / 3 : p / 3)),
  );
  const linear = scored(targets.map((target) => answer(target, skill / 2)));
  const majority = scored(targets.map(() => new Float32Array(labels.length).fill(1 / labels.length)));
  return {
    split,
    isExternal: false,
    leftOut: null,
    majority: majority.scores,
    linear: linear.scores,
    net: net.scores,
    answers: clips.map((clip, i) => ({
      clip,
      targets: targets[i],
      novelty: null,
      probabilities: net.answers.probabilities[i],
      uncalibrated: info.calibration === undefined ? null : uncalibrated[i],
    })),
    differences: { majority: pairedDifference(net, majority), linear: pairedDifference(net, linear) },
    chose: choosingClips(info, { clips: [], nValidation: 9, seenIn: split === "valid" ? split : null }),
    kind: "net",
    unknown: info.calibration === undefined ? null : UNKNOWN,
    uncalibrated: info.calibration === undefined ? null : scored(uncalibrated).scores,
  };
}

const UNKNOWN: UnknownSounds = {
  limit: 2,
  falseAlarms: 0.05,
  bins: { from: -1, width: 1 },
  histogram: [10, 28, 2, 0],
  kinds: [
    { sound: "silence", nClips: 20, rocAuc: 1, unknown: 0.95, histogram: [0, 0, 1, 19] },
    { sound: "background", nClips: 4, rocAuc: 0.75, unknown: 0.5, histogram: [0, 2, 1, 1] },
  ],
};

function epochRecord(epoch: number): EpochRecord {
  return {
    epoch,
    learningRate: 0.01,
    trainLoss: 2 / epoch,
    score: 0.8 - 0.03 * Math.abs(epoch - 4),
    valid: { loss: 1 / epoch + 0.2, balancedAccuracy: 0.8 - 0.03 * Math.abs(epoch - 4) },
  } as EpochRecord;
}
