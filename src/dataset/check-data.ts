import { counted } from "../core/counted.js";
import { DataError } from "../core/errors.js";
import { groupBy } from "../core/group-by.js";
import type { Clip } from "./clip.js";
import type { FeatureData } from "./feature-data.js";
import { featureSets } from "./feature-set.js";
import { joinGroups } from "./groups.js";
import {
  ALL_OTHERS,
  contradictingPair,
  hasLabel,
  isBackground,
  labelText,
  lacksLabels,
} from "./known-labels.js";
import { SPLITS, type Split, splitTitle } from "./split-names.js";
import { type ClipSplits, RUN_SPLITS, splitClips, splitConflicts } from "./splits.js";
import { isNamedGroup } from "./ties.js";
import { checkEnoughClips, checkSeveralClasses, multiLabelClip } from "./trainable.js";

/** Something about data that a user should know before training. */
export interface DataFinding {
  readonly code: DataFindingCode;
  /** One line that names clips or labels and what to do; settings are in backticks. */
  readonly message: string;
  /** Whether training with the default settings cannot start because of it. */
  readonly blocks: boolean;
}

/** What kind of finding it is. */
export type DataFindingCode =
  /** Labels that differ only in case, blanks, hyphens or leading zeros. */
  | "similar-labels"
  /** A comma or semicolon in a label. */
  | "separator-in-label"
  /** Labels that are the words for clips of no class. */
  | "reserved-labels"
  /** Files with the same audio. */
  | "copies"
  /** Files with the same audio and different labels. */
  | "contradicting-copies"
  /** Groups with the same audio, which are treated as one. */
  | "joined-groups"
  /** Some clips name a split and others do not, or clips that must stay together name two. */
  | "split-conflict"
  /** Classes or splits with too few clips. */
  | "too-few-clips"
  /** Labels that clips may have or lack, but that none is known to have. */
  | "never-present"
  /** Labels that no training clip is known to lack. */
  | "never-absent"
  /** Labels that no training clip has. */
  | "untrained-labels"
  /** All clips have the same label. */
  | "one-class"
  /** All clips name the test split. */
  | "only-test"
  /** Classes that are drawn into a split with far less than its fraction. */
  | "uneven-splits"
  /** Classes that a named split lacks. */
  | "missing-class"
  /** So few validation clips that one of them moves the score by several points. */
  | "few-validation-clips";

/** Labels or clips that one message names. */
const MAX_NAMED = 5;
/** One of 20 clips moves a score by 5 points. */
const FEW_CLIPS = 20;

/**
 * Checks labelled clips for what would stop or spoil a training run with the default settings. It splits the clips as
 * the run would, and says what the run would say.
 * @returns findings that block a run, and others, most important first
 */
export function checkData(data: FeatureData): DataFinding[] {
  const { name, clips } = data;
  const findings = [
    ...labelFindings(clips),
    ...reservedLabels(clips),
    ...unheardOf(clips),
    ...copyFindings(clips),
  ];
  const labelled = clips.filter((clip) => !isBackground(clip));
  if (labelled.length > 0 && labelled.every(({ split }) => split === "test")) {
    const message = "every clip names the test split; a model can be evaluated on them";
    return [{ code: "only-test", message, blocks: true }, ...findings];
  }
  const blocking = splitConflicts(clips).map(
    (message): DataFinding => ({ code: "split-conflict", message, blocks: true }),
  );
  const attempt = <T>(code: DataFindingCode, action: () => T): T | undefined => {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      blocking.push({ code, message: error.reason, blocks: true });
      return undefined;
    }
  };
  const splits = blocking.length > 0 ? undefined : attempt("too-few-clips", () => splitsOfRun(name, clips));
  const sets = splits && attempt("untrained-labels", () => featureSets(data, splits));
  const labels = sets?.train.labels ?? [...countsOf(clips).keys()];
  if (multiLabelClip(clips) === undefined) attempt("one-class", () => checkSeveralClasses(name, labels));
  return [...blocking, ...(splits === undefined ? [] : splitFindings(clips, splits)), ...findings];
}

/** Splits the clips as a run does. */
function splitsOfRun(name: string, clips: readonly Clip[]): ClipSplits {
  const splits = splitClips(clips, RUN_SPLITS);
  checkEnoughClips(name, splits);
  return splits;
}

/** What would make scores on these splits say little. */
function splitFindings(clips: readonly Clip[], splits: ClipSplits): DataFinding[] {
  const findings: DataFinding[] = [];
  const note = (code: DataFindingCode, message: string): void => {
    findings.push({ code, message, blocks: false });
  };
  if (clips.some(({ split }) => split === null)) {
    const uneven = unevenClasses(clips, splits);
    if (uneven.length > 0)
      note("uneven-splits", `the splits are uneven: ${listed(uneven)}; add recordings of such classes`);
  } else
    for (const split of ["valid", "test"] as const) {
      const there = countsOf(splits[split]);
      const missing = [...countsOf(clips).keys()].filter((label) => !there.has(label));
      if (there.size > 0 && missing.length > 0)
        note(
          "missing-class",
          `no ${splitTitle(split)} clip is labelled ${listed(missing, " or ")}: scores on this split say nothing about ${missing.length === 1 ? "this class" : "these classes"}`,
        );
    }
  const always = [...countsOf(splits.train).keys()].filter(
    (label) => !splits.train.some((clip) => hasLabel(clip, label) === false),
  );
  if (splits.train.some(lacksLabels) && always.length > 0)
    note(
      "never-absent",
      `no training clip is known to lack ${listed(always, " or ")}: the net can only learn to answer yes; name clips that lack ${always.length === 1 ? "it" : "them"} in the column absent`,
    );
  const nValid = splits.valid.filter((clip) => !isBackground(clip)).length;
  if (nValid < FEW_CLIPS)
    note(
      "few-validation-clips",
      `validation has ${counted(nValid, "clip")}: a single one moves the score by ${Math.round(100 / nValid)} points, so that it says little; add recordings`,
    );
  return findings;
}

/** Classes that have less than half of a drawn split's fraction, e.g. "harp has 1 of 3 clips in train". */
function unevenClasses(clips: readonly Clip[], splits: ClipSplits): string[] {
  const { validFraction: valid, testFraction: test } = RUN_SPLITS;
  const fractions: Record<Split, number> = { train: 1 - valid - test, valid, test };
  const counts = {
    train: countsOf(splits.train),
    valid: countsOf(splits.valid),
    test: countsOf(splits.test),
  };
  return [...countsOf(clips)].flatMap(([label, total]) =>
    SPLITS.flatMap((split) => {
      const [wanted, count] = [fractions[split] * total, counts[split].get(label) ?? 0];
      if (count >= wanted / 2) return [];
      return [`${label} has ${count} of ${total} clips in ${splitTitle(split)}`];
    }),
  );
}

/** Words that answers and tables have for what is of no class. */
const RESERVED = ["unknown", "background"];

function reservedLabels(clips: readonly Clip[]): DataFinding[] {
  const reserved = [...namedCounts(clips)].filter(([label]) => RESERVED.includes(label.toLowerCase()));
  if (reserved.length === 0) return [];
  const names = listed(
    reserved.map(([label, count]) => `${JSON.stringify(label)} (${counted(count, "clip")})`),
  );
  const message = `${reserved.length === 1 ? "label" : "labels"} ${names}: answers call sounds of no class unknown, and tables call clips of no class background; rename ${reserved.length === 1 ? "it" : "them"}, or give such audio as \`background\``;
  return [{ code: "reserved-labels", message, blocks: false }];
}

/** Labels that are named, but that no clip is known to have. */
function unheardOf(clips: readonly Clip[]): DataFinding[] {
  const present = countsOf(clips);
  const never = [...namedCounts(clips)].filter(([label]) => !present.has(label));
  if (never.length === 0) return [];
  const names = listed(never.map(([label, count]) => `${JSON.stringify(label)} (${counted(count, "clip")})`));
  const message = `${never.length === 1 ? "label" : "labels"} ${names}: no clip is known to have ${never.length === 1 ? "it" : "them"}, so that no model learns it; check the spelling`;
  return [{ code: "never-present", message, blocks: false }];
}

function labelFindings(clips: readonly Clip[]): DataFinding[] {
  const counts = namedCounts(clips);
  const named = (label: string) => `${JSON.stringify(label)} (${counted(counts.get(label)!, "clip")})`;
  const similar = [...groupBy(counts.keys(), skeleton).values()]
    .filter((labels) => labels.length > 1)
    .map((labels): DataFinding => {
      const message = `labels ${labels.map(named).join(" and ")} look like one class in ${labels.length} spellings; if they are one, spell it in one way`;
      return { code: "similar-labels", message, blocks: false };
    });
  const separated = [...counts.keys()].filter((label) => /[,;]/.test(label));
  if (separated.length === 0) return similar;
  const one = separated.length === 1;
  const message = `${one ? "label" : "labels"} ${listed(separated.map(named))} ${one ? "has" : "have"} a comma or semicolon; to give a clip several labels, separate them with |`;
  return [...similar, { code: "separator-in-label", message, blocks: false }];
}

/** What is left of a label without what people write differently: case, blanks, hyphens, leading zeros. */
function skeleton(label: string): string {
  const text = label
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s\p{Cf}_-]+/gu, "");
  return /^\d+(\.\d+)?$/.test(text) ? String(Number(text)) : text;
}

function copyFindings(clips: readonly Clip[]): DataFinding[] {
  const sets = [...groupBy(clips, ({ audioHash }) => audioHash).values()].filter(({ length }) => length > 1);
  if (sets.length === 0) return [];
  const findings: DataFinding[] = [];
  const note = (code: DataFindingCode, message: string): void => {
    findings.push({ code, message, blocks: false });
  };
  for (const copies of sets) {
    const pair = contradictingPair(copies);
    if (pair === undefined) continue;
    const [first, other] = pair;
    note(
      "contradicting-copies",
      `${first.name} labelled ${labelText(first)} and ${other.name} labelled ${labelText(other)} have the same audio; correct a label, or leave both out with \`dropCopies\``,
    );
  }
  joinGroups(clips, (a, b) => {
    if (isNamedGroup(a.group) && isNamedGroup(b.group))
      note(
        "joined-groups",
        `groups ${a.group} and ${b.group} are treated as one, because ${a.name} and ${b.name} have the same audio`,
      );
  });
  const nCopies = sets.reduce((sum, copies) => sum + copies.length - 1, 0);
  const [[first, second]] = sets;
  note(
    "copies",
    `${counted(nCopies, "file is a copy", "files are copies")} of others, e.g. ${second.name} of ${first.name}: copies stay in one split, and count several times; leave them out with \`dropCopies\``,
  );
  return findings;
}

/** Number of clips with each label, in alphabetical order. */
function countsOf(clips: readonly Clip[]): Map<string, number> {
  return countsIn(clips.flatMap(({ labels }) => labels));
}

/** Number of clips that name each label, as one that they have, may have or lack, in alphabetical order. */
function namedCounts(clips: readonly Clip[]): Map<string, number> {
  const named = clips.flatMap(({ labels, unknownLabels = [], absentLabels = [] }) => [
    ...labels,
    ...unknownLabels.filter((label) => label !== ALL_OTHERS),
    ...absentLabels,
  ]);
  return countsIn(named);
}

function countsIn(labels: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const label of [...labels].sort()) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

function listed(texts: readonly string[], separator = ", "): string {
  const shown = texts.slice(0, MAX_NAMED).join(separator);
  return texts.length > MAX_NAMED ? `${shown} and ${texts.length - MAX_NAMED} more` : shown;
}
