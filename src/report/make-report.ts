import { groupBy } from "../core/group-by.js";
import type { Clip } from "../dataset/clip.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { isBackground } from "../dataset/known-labels.js";
import { SPLITS } from "../dataset/split-names.js";
import type { ClipSplits } from "../dataset/splits.js";
import { isNamedGroup } from "../dataset/ties.js";
import { clipResult } from "../evaluation/clip-result.js";
import type { Evaluation } from "../evaluation/evaluate-model.js";
import { reliability } from "../evaluation/reliability.js";
import type { AnyModel } from "../tagging/open-tagger.js";
import type { EpochRecord } from "../training/fit.js";
import { clipScore } from "./clip-score.js";
import type { ClipScore, DataCount, DataSummary, GroupScore, Report, ReportPart } from "./report.js";

/** Clips that a report shows, the worst first. */
const MOST_WORST = 12;
/** Groups that a report lists, the worst first. */
const MOST_GROUPS = 200;

/** What a report is made of. */
export interface ReportSource {
  /** Path of the model file. */
  readonly model: string;
  readonly info: AnyModel["info"];
  readonly data: FeatureData;
  /** The splits of the model's training; null if the data are other data, or have changed since. */
  readonly splits: ClipSplits | null;
  /** The shell command that makes the report again. */
  readonly command: string;
  /** At least one; the first is the one to quote. */
  readonly evaluations: readonly [Evaluation, ...Evaluation[]];
  readonly history: readonly EpochRecord[] | null;
}

/** Gathers everything that a report says. */
export function makeReport(source: ReportSource): Report {
  const { model, info, data, splits, command, evaluations, history } = source;
  const [first, ...others] = evaluations.map((evaluation) => partOf(evaluation, info));
  const scoredClips = evaluations.flatMap(({ answers }) => answers.map(({ clip }) => clip));
  return {
    format: "timbrel report",
    version: 1,
    model,
    kind: evaluations[0].kind,
    data: data.name,
    command,
    task: info.task,
    labels: info.labels,
    training: {
      epoch: "epoch" in info ? info.epoch : null,
      config: "config" in info ? info.config : null,
      start: ("start" in info && info.start) || null,
      frontEndHash: data.frontEndHash,
      splitHash: info.split.hash,
      history: history?.map(({ layers: _, ...record }) => record) ?? null,
    },
    calibration: calibrationOf(info),
    summary: summarize(splits ?? { all: scoredClips }),
    parts: [first, ...others],
  };
}

const calibrationOf = (info: AnyModel["info"]) => ("calibration" in info && info.calibration) || null;

function partOf(evaluation: Evaluation, info: AnyModel["info"]): ReportPart {
  const { answers, kind: _, ...scores } = evaluation;
  const { task, labels } = info;
  const thresholds = calibrationOf(info)?.thresholds ?? null;
  const scored = answers
    // A single-label clip of no class has no label that an answer could get right.
    .filter(({ targets }) => task === "multi-label" || targets.includes(1))
    .map((answer) => ({
      clip: answer.clip,
      score: clipScore(answer, clipResult(answer, { task, labels, thresholds }), info),
    }));
  const reliabilityOf = (probabilities: readonly Float32Array[]) =>
    reliability({
      task,
      labels,
      groups: answers.map(({ clip }) => clip.group),
      targets: answers.map(({ targets }) => targets),
      probabilities,
    });
  return {
    ...scores,
    reliability: {
      before:
        scores.uncalibrated === null ? null : reliabilityOf(answers.map((answer) => answer.uncalibrated!)),
      after: reliabilityOf(answers.map(({ probabilities }) => probabilities)),
    },
    groups: groupScores(scored),
    worst: worstFirst(scored.map(({ score }) => score)).slice(0, MOST_WORST),
  };
}

interface ScoredClip {
  readonly clip: Clip;
  readonly score: ClipScore;
}

const worstFirst = (clips: readonly ClipScore[]) =>
  [...clips].sort((a, b) => Number(a.isCorrect) - Number(b.isCorrect) || b.loss - a.loss);

function groupScores(clips: readonly ScoredClip[]): GroupScore[] {
  const groups = [...groupBy(clips, ({ clip }) => clip.group)];
  if (!groups.some(([group]) => isNamedGroup(group))) return [];
  return groups
    .map(([group, members]) => ({
      group,
      nClips: members.length,
      nRight: members.filter(({ score }) => score.isCorrect).length,
      loss: members.reduce((sum, { score }) => sum + score.loss / members.length, 0),
    }))
    .sort((a, b) => a.nRight / a.nClips - b.nRight / b.nClips || b.loss - a.loss)
    .slice(0, MOST_GROUPS);
}

/** Counts clips, groups and seconds by label and split. */
export function summarize(parts: ClipSplits | { readonly all: readonly Clip[] }): DataSummary {
  const columns = "all" in parts ? (["all"] as const) : SPLITS;
  const clipsOf = columns.map((column) => (parts as Record<string, readonly Clip[]>)[column]);
  const all = clipsOf.flat();
  const labelled = [...new Set(all.flatMap(({ labels }) => labels))].map((label) => ({
    label,
    cells: clipsOf.map((clips) => count(clips.filter(({ labels }) => labels.includes(label)))),
  }));
  const background = clipsOf.map((clips) => count(clips.filter(isBackground)));
  const hasBackground = background.some(({ nClips }) => nClips > 0);
  const sizeOf = (cells: readonly DataCount[]) => cells.reduce((sum, { nClips }) => sum + nClips, 0);
  return {
    columns,
    rows: labelled.sort((a, b) => sizeOf(b.cells) - sizeOf(a.cells) || (a.label < b.label ? -1 : 1)),
    background: hasBackground ? background : null,
    total: clipsOf.map(count),
  };
}

function count(clips: readonly Clip[]): DataCount {
  return {
    nClips: clips.length,
    nGroups: new Set(clips.map(({ group }) => group)).size,
    seconds: clips.reduce((sum, { durationSec }) => sum + durationSec, 0),
  };
}
