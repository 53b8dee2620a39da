import { DataError } from "../core/errors.js";
import type { Clip } from "../dataset/clip.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { joinGroups } from "../dataset/groups.js";
import { isBackground } from "../dataset/known-labels.js";
import { SPLITS } from "../dataset/split-names.js";
import { byName, type ClipSplits, splitClips } from "../dataset/splits.js";
import { validClipCount, wasChosenBy, wasTrainedOn } from "../tagging/model-clips.js";
import type { ModelInfo } from "../tagging/model-file.js";

/**
 * Part of a store to score: a split, or everything.
 * @useDeclaredType
 */
export type PartName = (typeof PART_NAMES)[number];
export const PART_NAMES = [...SPLITS, "all"] as const;

/** Number of clips that are not scored although they are in the part, by the first reason that holds. */
export interface LeftOut {
  /** The model was trained on them. */
  readonly trainedOn: number;
  /** They were validation clips of its training and chose its epoch. */
  readonly choseEpoch: number;
  /** They share a group with a training or validation clip. */
  readonly sameGroup: number;
  /** They have labels that the model does not know. */
  readonly unknownLabels: number;
  /** They are background, which is counted here whatever else holds; missing if there is none. */
  readonly background?: number;
}

const REASONS: Readonly<Record<keyof LeftOut, string>> = {
  trainedOn: "the model was trained on them",
  choseEpoch: "they chose its epoch",
  sameGroup: "they share a group with clips that it was trained on or that chose its epoch",
  unknownLabels: "they have labels that it does not know",
  background: "they are background, of no class",
};

/** The reasons that hold for some clips, with their number. */
export function reasonsIn(leftOut: LeftOut): [count: number, reason: string][] {
  return Object.entries(REASONS)
    .map(([key, reason]): [number, string] => [leftOut[key as keyof LeftOut] ?? 0, reason])
    .filter(([count]) => count > 0);
}

/** What the choice of clips needs to know of a model or of a linear baseline. */
export type SeenClips = Pick<ModelInfo, "labels" | "split" | "trainClips" | "validClips">;

/** The clips to score. */
export interface ChosenClips {
  /** All but the background. */
  readonly clips: readonly Clip[];
  /** Background clips of the part, which the model has not seen unless `seenIn` says so. */
  readonly background: readonly Clip[];
  readonly part: PartName;
  /** The split of the model's training that all of the clips were in; null if the model has seen none of them. */
  readonly seenIn: "train" | "valid" | null;
  /**
   * Number of the training's validation clips, copies counted once; null if it is not known. Background, which chooses
   * nothing, is counted only if it is not in the data.
   */
  readonly nValidation: number | null;
  /** Whether the clips come from other data than the model's own splits. */
  readonly isExternal: boolean;
  /** null if the whole part is scored. */
  readonly leftOut: LeftOut | null;
}

/**
 * Chooses the clips of a part of the data that the model has not seen.
 *
 * Data that are as they were for training are split as they were. If clips came or went since, `train` and `valid` are the
 * training and validation clips that are still there, and `test` is everything else; if the data name test clips, those
 * alone. Data that share no clip with the training are split anew.
 * @param asked `@default` "test"; "all" if the data name no splits and share no clip with the training: all is unseen
 * @throws DataError if clips came or went, and the model does not say which clips chose its epoch
 */
export function chooseClips(data: FeatureData, info: SeenClips, asked: PartName | undefined): ChosenClips {
  // In the order of `splitClips`: intervals number the groups as they come.
  const clips = joinGroups(data.clips).sort(byName);
  const isTrained = wasTrainedOn(info);
  const isChooser = wasChosenBy(info);
  if (!clips.some(({ audioHash }) => isTrained(audioHash) || isChooser?.(audioHash)))
    return otherData(clips, info, asked);

  const own = ownSplits(clips, info);
  const part = asked ?? "test";
  const validation = validationClips(data.name, { clips, own, info });
  const isSeen = (clip: Clip) => isTrained(clip.audioHash) || validation.has(clip.audioHash);
  const seenGroups = new Set(clips.filter(isSeen).map(({ group }) => group));
  const reasonToLeaveOut = ({
    audioHash,
    group,
    labels,
  }: Clip): Exclude<keyof LeftOut, "background"> | null => {
    if (part === "train") return null;
    if (isTrained(audioHash)) return "trainedOn";
    if (part === "valid") return null;
    if (validation.has(audioHash)) return "choseEpoch";
    if (seenGroups.has(group)) return "sameGroup";
    return labels.every((label) => info.labels.includes(label)) ? null : "unknownLabels";
  };

  const namesTest = clips.some(({ split }) => split === "test");
  const changed = {
    train: () => clips.filter(({ audioHash }) => isTrained(audioHash)),
    valid: () => clips.filter(({ audioHash }) => validation.has(audioHash)),
    test: () => clips.filter(({ split }) => !namesTest || split === "test"),
  };
  const inPart = part === "all" ? clips : (own?.[part] ?? changed[part]());
  const leftOut = { trainedOn: 0, choseEpoch: 0, sameGroup: 0, unknownLabels: 0 };
  const chosen = inPart.filter((clip) => {
    const reason = reasonToLeaveOut(clip);
    if (reason !== null && !isBackground(clip)) leftOut[reason]++;
    return reason === null;
  });
  const apart = backgroundApart(chosen);
  const { clips: labelled, background } = backgroundApart(inPart);
  const validated = clips.filter((clip) => isBackground(clip) && validation.has(clip.audioHash));
  const nValidation = validClipCount(info) ?? (own === null ? null : new Set(own.valid.map(hashOf)).size);
  return {
    ...apart,
    part,
    seenIn: part === "train" || part === "valid" ? part : null,
    nValidation: nValidation === null ? null : nValidation - new Set(validated.map(hashOf)).size,
    isExternal: own === null,
    leftOut:
      apart.clips.length === labelled.length
        ? null
        : { ...leftOut, ...(background.length > 0 && { background: background.length }) },
  };
}

/** Clips of data that share none with the training. */
function otherData(clips: readonly Clip[], info: SeenClips, asked: PartName | undefined): ChosenClips {
  const namesNone = clips.every((clip) => clip.split === null || isBackground(clip));
  const part = asked ?? (namesNone ? "all" : "test");
  const chosen = part === "all" ? clips : splitClips(clips, drawOf(info))[part];
  return {
    ...backgroundApart(chosen),
    part,
    seenIn: null,
    nValidation: validClipCount(info),
    isExternal: true,
    leftOut: null,
  };
}

const backgroundApart = (chosen: readonly Clip[]): Pick<ChosenClips, "clips" | "background"> => ({
  clips: chosen.filter((clip) => !isBackground(clip)),
  background: chosen.filter(isBackground),
});

const hashOf = ({ audioHash }: Clip) => audioHash;

const drawOf = ({ split: { seed, validFraction, testFraction } }: SeenClips) => ({
  seed,
  validFraction,
  testFraction,
});

/** The splits of the training; null if clips came or went since. */
export function ownSplits(clips: readonly Clip[], info: SeenClips): ClipSplits | null {
  try {
    const splits = splitClips(clips, drawOf(info));
    return splits.hash === info.split.hash ? splits : null;
  } catch (error) {
    if (error instanceof DataError) return null; // these clips cannot be split at all
    throw error;
  }
}

/** Audio hashes of the clips that chose the model's epoch. */
function validationClips(
  name: string,
  { clips, own, info }: { clips: readonly Clip[]; own: ClipSplits | null; info: SeenClips },
): Set<string> {
  const isChooser = wasChosenBy(info);
  const namesValid = clips.some(({ split }) => split === "valid");
  if (isChooser === null && own === null && !namesValid)
    throw new DataError(
      name,
      "holds other clips than when the model was trained, and the model, made by an older version, does not say which of them chose its epoch; extract the audio that it was trained on into a store of its own and score that, or train again",
    );
  const isValidation = ({ audioHash, split }: Clip) => isChooser?.(audioHash) ?? split === "valid";
  const found = [...(own?.valid ?? []), ...clips.filter(isValidation)];
  return new Set(found.map(({ audioHash }) => audioHash));
}
