import { counted } from "../core/counted.js";
import type { Calibration } from "../tagging/calibration.js";
import { isOfTrainedGroup, trainClipCount } from "../tagging/model-clips.js";
import type { ModelInfo } from "../tagging/model-file.js";
import type { ChosenClips } from "./choose-clips.js";

/** Which clips a model was trained on, and which chose what. */
export interface ChoosingClips {
  /** Number of clips that it was trained on. */
  readonly nTrained: number;
  /** Whether both numbers count the clips of the model that it started from, too. */
  readonly countsStart: boolean;
  /** Number of validation clips; null if it is not known: models made by older versions do not record them. */
  readonly nValidation: number | null;
  /** What the validation clips chose. */
  readonly validationChose: readonly (
    | "epoch"
    | "L2 penalty"
    | "weights of segments"
    | "temperature"
    | "thresholds"
    | "limit of novelty"
  )[];
  /** The split of the training that the scored clips were in; null if the model has seen none of them. */
  readonly seenIn: "train" | "valid" | null;
  /**
   * Number of the scored clips that the model has not seen, but whose group has the name of a group of its training or
   * validation: other notes of the same instrument, perhaps.
   */
  readonly nInTrainedGroups: number;
}

/** Says which clips were used for what when a model was made. */
export function choosingClips(
  info: Pick<ModelInfo, "trainClips" | "trainGroups"> &
    Partial<Pick<ModelInfo, "config" | "start">> & { readonly calibration?: Calibration | undefined },
  { clips, seenIn, nValidation }: Pick<ChosenClips, "clips" | "seenIn" | "nValidation">,
): ChoosingClips {
  const { calibration } = info;
  const isFitted = calibration !== undefined && calibration.basis !== "few clips";
  return {
    nTrained: trainClipCount(info),
    countsStart: info.start !== undefined,
    nValidation,
    validationChose: [
      ...(!isLinearHead(info) ? (["epoch"] as const) : isFitted ? (["L2 penalty"] as const) : []),
      ...(isFitted && calibration.levelExponent !== undefined ? (["weights of segments"] as const) : []),
      ...(isFitted ? (["temperature"] as const) : []),
      ...(isFitted && calibration.thresholds !== null ? (["thresholds"] as const) : []),
      ...(calibration?.unknown ? (["limit of novelty"] as const) : []),
    ],
    seenIn,
    nInTrainedGroups: seenIn === null ? clips.filter(isOfTrainedGroup(info)).length : 0,
  };
}

interface Origin {
  /** Absent or null for a linear baseline, as is `config`. */
  readonly epoch?: number | null;
  readonly config?: Readonly<Record<string, unknown>> | null;
}

/** Whether the model's last layer was fitted to embeddings, without epochs. */
const isLinearHead = ({ config }: Origin): boolean => config?.head !== undefined;

/** Which weights a model has: "epoch 3", "linear head" or "linear baseline". */
export function weightsText(origin: Origin): string {
  if (isLinearHead(origin)) return "linear head";
  return typeof origin.epoch === "number" ? `epoch ${origin.epoch}` : "linear baseline";
}

/** `a`, `a and b`, `a, b and c` */
const listed = (words: readonly string[]) =>
  words.length <= 1
    ? (words[0] ?? "nothing")
    : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;

/** What it means that clips are in groups which have the names of groups of the training. */
export function trainedGroupsText(nClips: number): string {
  return `groups of its training have the names of the groups of ${counted(nClips, "clip")}: unless other sounds are called the same, this is not a test`;
}

/** How many clips a model was trained on: "60 clips". */
export function trainedText({ nTrained, countsStart }: ChoosingClips): string {
  return `${counted(nTrained, "clip")}${countsStart ? WITH_START : ""}`;
}

const WITH_START = " with those of the model it started from";

/** What the validation clips chose, and what that means for the scores, in two sentences. */
export function choosingSentences(chose: ChoosingClips): [chose: string, meaning: string] {
  const { nValidation, validationChose, seenIn, nInTrainedGroups, countsStart } = chose;
  const what = listed(validationChose.map((name) => `the ${name}`));
  const number = nValidation === null ? "the validation clips" : counted(nValidation, "validation clip");
  const validation = `${number}${nValidation !== null && countsStart ? WITH_START : ""}`;
  const apart =
    nValidation === null
      ? "the model was not trained on these clips; its file does not say which clips chose something"
      : "the model was not trained on these clips, and they chose nothing";
  const unseen = nInTrainedGroups === 0 ? apart : `${apart}; but ${trainedGroupsText(nInTrainedGroups)}`;
  return [
    `${validation} chose ${what}`,
    {
      none: unseen,
      train: "the model was trained on these clips: this is not a test",
      valid:
        validationChose.length === 0
          ? countsStart
            ? "these clips chose nothing, but may have chosen the epoch of the model it started from: this may be no test"
            : unseen
          : `these clips chose ${what}: the scores are too good, and this is not a test`,
    }[seenIn ?? "none"],
  ];
}
