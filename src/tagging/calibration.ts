import { z } from "zod";
import { recordOf } from "../core/record.js";

/** Temperatures that a model may have. Beyond them, probabilities are 0 and 1, or all the same. */
export const TEMPERATURES = { min: 0.05, max: 20 } as const;

/** Threshold of a tag of a multi-label model that is not calibrated. */
export const DEFAULT_THRESHOLD = 0.5;

/** Greatest `levelExponent` that a model may have. Beyond it, the loudest segment alone decides. */
export const MAX_LEVEL_EXPONENT = 4;

const isFraction = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= 1;

/** Whether a value is a record of fractions by label. One check for all: a file may hold many thousands. */
const thresholds = z
  .custom<Record<string, number>>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every(isFraction),
    "must be numbers from 0 to 1 by label",
  )
  .transform((values) => recordOf(Object.entries(values))); // `__proto__` may be a label

const beforeAndAfter = (number: z.ZodNumber) => z.tuple([number, number]).readonly();

/** The calibration in the record of a model file. */
export const calibrationSchema = z.object({
  /** The net's logits are divided by it. */
  temperature: z.number().min(TEMPERATURES.min).max(TEMPERATURES.max),
  /**
   * A segment weighs its level to this power in the answer for a clip; 0: all weigh the same, as they do in models that were
   * calibrated by older versions, which lack it. See `SegmentWeightTerms`.
   */
  levelExponent: z.number().min(0).max(MAX_LEVEL_EXPONENT).optional(),
  /**
   * How the temperature was found: "fitted" to the validation clips; "all right": their answers leave no doubt, and it is the
   * one that fits if one more clip were answered by chance; "limit": it would be beyond `TEMPERATURES`; "few clips": there are
   * too few, and it is 1.
   */
  basis: z.enum(["fitted", "all right", "limit", "few clips"]),
  /** Least probability with which a clip has a tag, by label; null for a single-label model. */
  thresholds: thresholds.nullable(),
  /** Labels of which too few validation clips are known to have them: they share one threshold. */
  sharedThreshold: z.array(z.string()).readonly(),
  /**
   * When a sound is unknown; null if only silence is. See
   * `NoveltyScore`, whose functions are tensors of the file.
   */
  unknown: z
    .object({
      /** The novelty above which a sound is unknown. */
      threshold: z.number(),
      /** Fraction of the validation clips that are unknown by it. */
      falseAlarms: z.number().min(0).max(1),
      /** Present if there were few validation clips: training clips set the threshold, too. */
      basis: z.literal("training clips").optional(),
    })
    .nullable(),
  /** What the calibration changed on the clips that it was fitted to. */
  validation: z.object({
    nClips: z.int().min(1),
    loss: beforeAndAfter(z.number().min(0)),
    calibrationError: beforeAndAfter(z.number().min(0).max(1)),
  }),
});

/**
 * What the validation clips say about a trained model's probabilities.
 * @useDeclaredType
 */
export type Calibration = z.infer<typeof calibrationSchema>;

/**
 * Checks that a calibration is one of a model with these outputs.
 * @throws Error saying what does not fit
 */
export function checkCalibration(
  { thresholds, sharedThreshold }: Calibration,
  { task, labels }: { task: "single-label" | "multi-label"; labels: readonly string[] },
): void {
  if ((thresholds !== null) !== (task === "multi-label"))
    throw new Error(
      `the calibration of a ${task} model has ${thresholds === null ? "no thresholds" : "thresholds"}`,
    );
  const known = new Set(labels);
  const named = Object.keys(thresholds ?? {});
  if (thresholds !== null && (named.length !== labels.length || !named.every((label) => known.has(label))))
    throw new Error("the calibration has thresholds of other labels than the model's");
  if (!sharedThreshold.every((label) => thresholds !== null && known.has(label)))
    throw new Error("the calibration shares a threshold among other labels than the model's");
}
