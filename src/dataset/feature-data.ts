import { checkChoice } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { sha256Hex } from "../core/hash.js";
import { checkList, checkObject, checkText, kindOf, toFloats, toTensor } from "../core/inputs.js";
import { checkOptions, optional, text } from "../core/setting-checks.js";
import { isFiniteData, type Tensor } from "../core/tensor.js";
import { checkIsFrontEnd, type FrontEnd, frontEndHash } from "../features/front-end.js";
import type { Clip } from "./clip.js";
import { type ClipFeatures, type FrameReader, memoryReader } from "./frame-reader.js";
import { isBackground, type LabelFacts, labelFacts, labelNamedTwice } from "./known-labels.js";
import { MAX_LABEL_CHARS } from "./labels.js";
import { SPLITS, type Split } from "./split-names.js";

/** Labelled clips and the reader of their features: the data that a tagger is trained and evaluated on. */
export interface FeatureData {
  /** Its name in messages, e.g. the folder of a store. */
  readonly name: string;
  readonly frontEnd: FrontEnd;
  readonly frontEndHash: string;
  readonly clips: readonly Clip[];
  readonly reader: FrameReader;
}

/**
 * Checks that a value is data to train and evaluate on.
 * @throws UsageError otherwise
 */
export function checkData(value: unknown): void {
  const members = {
    name: "text",
    frontEnd: "object",
    frontEndHash: "text",
    clips: "list",
    reader: "object",
  } as const;
  const isFolder = typeof value === "string" || value instanceof URL;
  if (isFolder)
    throw new UsageError({
      setting: "data",
      rule: "be clips with a reader of their features",
      got: kindOf(value),
      remedy: "open the store in this folder first",
    });
  checkObject("data", value, "be clips with a reader of their features", members);
}

/** A clip with its features in memory. Without labels, it is background: a sound of no class. */
export interface MemoryClip extends LabelFacts {
  readonly name: string;
  /** [nFrames, nMels], as `logMel` returns them. */
  readonly features: Tensor;
  /** As `summarizeDescriptors` returns them; only the linear baseline reads them. @default none */
  readonly descriptors?: Float32Array;
  /** All clips of one group are in the same split. @default a group of only the clip and its copies */
  readonly group?: string;
  /** @default null, to be drawn */
  readonly split?: Split | null;
}

/**
 * Makes data to train and evaluate on from features in memory. Clips with equal features are copies of one another, which
 * are always in the same split.
 * A clip is known by a hash of its features, a store's clip by a hash of its audio file: a model that was trained on one
 * does not recognize the other.
 * @param options.name the data's name in messages, `@default` "features in memory"
 * @throws UsageError if none of a clip's labels is known, or two of its lists name one, or if its features are not [nFrames, nMels] with the front end's nMels and at
 *   least one frame, or not finite
 * @example
 * import { featuresInMemory, frontEnd, logMel } from "timbrel";
 *
 * const front = frontEnd({ sampleRate: 8000, nMels: 32 });
 * const features = logMel({ samples: new Float32Array(8000), sampleRate: 8000 }, front);
 * const data = featuresInMemory(front, [{ name: "one second", labels: ["silence"], features }]);
 * console.log(data.clips[0].nFrames, data.clips[0].labels); // -> 16 [ 'silence' ]
 */
export function featuresInMemory(
  frontEnd: FrontEnd,
  clips: readonly MemoryClip[],
  options: { name?: string } = {},
): FeatureData {
  checkIsFrontEnd("frontEnd", frontEnd);
  checkList("clips", clips, "clips", { name: "text", labels: "list" });
  checkOptions<typeof options>(options, { name: optional(text) });
  const byHash = new Map<string, ClipFeatures>();
  const listed = clips.map((clip, index): Clip => {
    const { name, split = null } = clip;
    if (split !== null) checkChoice(`clips[${index}].split`, split, SPLITS);
    const facts = factsIn(clip, `clips[${index}]`);
    const features = toTensor(`clips[${index}].features`, clip.features);
    const descriptors = toFloats(`clips[${index}].descriptors`, clip.descriptors ?? []);
    const { data, shape } = features;
    if (shape.length !== 2 || shape[0] < 1 || shape[1] !== frontEnd.nMels)
      throw new UsageError({
        setting: `clips[${index}].features`,
        rule: `have shape [nFrames, ${frontEnd.nMels}]`,
        got: `[${shape.join(", ")}] for ${name}`,
      });
    for (const [member, values] of Object.entries({ features: data, descriptors }))
      if (!isFiniteData(values))
        throw new UsageError({
          setting: `clips[${index}].${member}`,
          rule: "hold finite numbers",
          got: `some that are not for ${name}`,
        });
    const audioHash = sha256Hex(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    // Among copies, one may come without descriptors.
    if (descriptors.length > 0 || !byHash.has(audioHash)) byHash.set(audioHash, { features, descriptors });
    const durationSec = (shape[0] * frontEnd.hopLength) / frontEnd.sampleRate;
    const group = clip.group ?? audioHash;
    return { name, audioHash, ...facts, group, split, durationSec, nFrames: shape[0] };
  });
  return {
    name: options.name ?? "features in memory",
    frontEnd,
    frontEndHash: frontEndHash(frontEnd),
    clips: listed,
    reader: memoryReader(({ audioHash }: Clip) => byHash.get(audioHash)!),
  };
}

/** The lists of labels of a clip in memory, checked. */
function factsIn(clip: MemoryClip, setting: string): LabelFacts {
  const { name, labels } = clip;
  for (const list of ["labels", "unknownLabels", "absentLabels"] as const) {
    if (list !== "labels" && clip[list] !== undefined)
      checkObject(setting, clip, "be a clip", { [list]: "list" });
    for (const label of clip[list] ?? [])
      if (checkText(`${setting}.${list}`, label).length > MAX_LABEL_CHARS)
        throw new UsageError({
          setting: `${setting}.${list}`,
          rule: `have at most ${MAX_LABEL_CHARS} characters each`,
          got: `one of ${label.length} for ${name}`,
        });
  }
  const twice = labelNamedTwice(clip);
  if (twice !== undefined)
    throw new UsageError({
      setting: `${setting}.labels`,
      rule: "be apart from the labels that are unknown or absent",
      got: `${twice} in two lists for ${name}`,
    });
  const facts = labelFacts(clip);
  // Something is known of a clip that has only "?" and absent labels.
  if (labels.length === 0 && !isBackground(facts) && facts.absentLabels === undefined)
    throw new UsageError({
      setting: `${setting}.labels`,
      rule: "have at least one label beside those that are unknown",
      got: `none for ${name}`,
    });
  return facts;
}
