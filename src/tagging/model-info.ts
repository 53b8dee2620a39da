import { z } from "zod";
import { recordOf } from "../core/record.js";
import { type FrontEnd, frontEnd } from "../features/front-end.js";
import { MAX_SEGMENT_FRAMES } from "../nn/architectures.js";
import { calibrationSchema } from "./calibration.js";

const compression = z.union([
  z.object({ kind: z.enum(["log10", "log1p"]), scale: z.number() }),
  z.object({ kind: z.literal("powerToDb"), ref: z.number(), amin: z.number(), topDb: z.number().nullable() }),
]);

/** Limits for a file from elsewhere; no model comes near them. */
const MAX_LABELS = 2 ** 16;
const MAX_LABEL_CHARS = 10_000;
/** Prefixes of hashes of 10 hex digits, joined. */
const HASH_PREFIXES = /^(?:[0-9a-f]{10})*$/;

function isLabels(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_LABELS) return false;
  const labels: unknown[] = value;
  return labels.every(
    (label) => typeof label === "string" && label !== "" && label.length <= MAX_LABEL_CHARS,
  );
}

/** Whether a value is a record of numbers that a rule allows. One check for all: a file may hold millions of members. */
const numbers = (isAllowed: (value: number) => boolean, error: string) =>
  z.custom<Record<string, number>>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every((each) => typeof each === "number" && isAllowed(each)),
    error,
  );

/** Numbers of clips by label; `__proto__` may be one. */
const clipCounts = numbers(
  (count) => Number.isInteger(count) && count >= 0,
  "must be counts of clips",
).transform((counts) => recordOf(Object.entries(counts)));

const fraction = z.number().min(0).lt(1);

/** The facts about a model in the record of its file. */
export const infoSchema = z.object({
  task: z.enum(["single-label", "multi-label"]),
  /** The order of the outputs: sorted, each once, as in the training's vocabulary. */
  labels: z
    .custom<string[]>(isLabels, `must be 1 to ${MAX_LABELS} texts of 1 to ${MAX_LABEL_CHARS} characters`)
    .refine((labels) => labels.every((label, i) => i === 0 || labels[i - 1] < label), {
      error: "must be sorted, each label once",
    }),
  frontEnd: z
    .looseObject({ compression })
    .transform((members): FrontEnd => frontEnd(members as Partial<FrontEnd>)),
  /** Length of the segments that the net reads [frames]. */
  segmentFrames: z.number().int().positive().max(MAX_SEGMENT_FRAMES),
  /** How the data were split, and a hash of which clip is in which split. */
  split: z.object({
    seed: z.int(),
    validFraction: fraction,
    testFraction: fraction,
    hash: z.string(),
    /** Number of training clips of each label, by label. */
    trainCounts: clipCounts,
    /**
     * Number of the run's training clips of which it is known whether they have each label. Absent if it is the number of
     * `trainClips` for each, and in single-label models.
     */
    knownCounts: clipCounts.optional(),
  }),
  /** Scores on the validation split at the epoch whose weights these are. */
  valid: numbers(Number.isFinite, "must be scores"),
  epoch: z.int().min(0),
  /** Settings of the run that trained the model. They are not checked here; `trainConfig` does that. */
  config: z.record(z.string(), z.unknown()),
  /** The model that the run started from; absent if its initial weights were drawn, and in files of older versions. */
  start: z
    .object({
      /** SHA-256 that identifies it, as in the checkpoints of the run. */
      model: z.string(),
      labels: z.custom<string[]>(isLabels, "must be texts"),
    })
    .optional(),
  /** First 10 hex digits of the audio hash of every training clip, joined, so that a score on one can be rejected. */
  trainClips: z.string().regex(HASH_PREFIXES, "must be prefixes of hashes"),
  /**
   * First 10 hex digits of the SHA-256 of the name of every group of the training and validation clips, joined, but of groups that
   * have no name. Absent in files of older versions.
   */
  trainGroups: z.string().regex(HASH_PREFIXES, "must be prefixes of hashes").optional(),
  /** As `trainClips`, of every validation clip: they chose the epoch. Absent in files of older versions. */
  validClips: z.string().regex(HASH_PREFIXES, "must be prefixes of hashes").optional(),
  /** Absent if the model is not calibrated: the probabilities are as the net was trained to give them. */
  calibration: calibrationSchema.optional(),
});

/**
 * Facts about a model besides its tensors: what it outputs, what it was trained on and how well it scored.
 * @useDeclaredType
 */
export type ModelInfo = z.infer<typeof infoSchema>;
