import { z } from "zod";
import { DataError, errorLine } from "../core/errors.js";
import { type FrontEnd, frontEnd, frontEndHash } from "../features/front-end.js";
import { decodeMetadata } from "../graph/index.js";

/** Version of the metadata below; a reader refuses one that it does not know. */
const FORMAT = 1;
const KEY = "timbrel";

const compression = z.union([
  z.object({ kind: z.enum(["log10", "log1p"]), scale: z.number() }),
  z.object({ kind: z.literal("powerToDb"), ref: z.number(), amin: z.number(), topDb: z.number().nullable() }),
]);

const schema = z.object({
  format: z.literal(FORMAT),
  task: z.enum(["single-label", "multi-label"]),
  labels: z.array(z.string().min(1)).min(1),
  frontEnd: z.looseObject({ compression }),
  frontEndHash: z.string(),
  /** Length of the segments that the net reads. */
  segmentFrames: z.number().int().positive(),
  /** How the data were split, and the hash of who went where. */
  split: z.object({
    seed: z.number(),
    validFraction: z.number(),
    testFraction: z.number(),
    hash: z.string(),
    trainCounts: z.record(z.string(), z.number()),
  }),
  /** Scores on the valid split at the epoch whose weights these are. */
  valid: z.record(z.string(), z.number()),
  epoch: z.number().int(),
  /** What to call to train it again. */
  config: z.record(z.string(), z.unknown()),
  /** First 10 hex digits of the audio hash of every clip of the train split, joined: to refuse a score on them. */
  trainClips: z.string(),
});

/** What a model file says of itself. */
export type ModelInfo = Omit<z.infer<typeof schema>, "frontEnd"> & { frontEnd: FrontEnd };

/** Length of one entry of `trainClips`. */
const PREFIX = 10;

/** The entry of `ModelInfo.trainClips` for clips of these audio hashes. */
export function trainClipPrefixes(audioHashes: readonly string[]): string {
  return [...new Set(audioHashes.map((hash) => hash.slice(0, PREFIX)))].sort().join("");
}

/** Whether a clip of this audio hash was in the model's train split. */
export function wasTrainedOn(info: ModelInfo): (audioHash: string) => boolean {
  const { trainClips } = info;
  const known = new Set(
    Array.from({ length: trainClips.length / PREFIX }, (_, i) =>
      trainClips.slice(i * PREFIX, (i + 1) * PREFIX),
    ),
  );
  return (audioHash) => known.has(audioHash.slice(0, PREFIX));
}

/** The metadata to store in a model's ONNX file. */
export function modelMetadata(info: Omit<ModelInfo, "format" | "frontEndHash">): Record<string, string> {
  return { [KEY]: JSON.stringify({ format: FORMAT, frontEndHash: frontEndHash(info.frontEnd), ...info }) };
}

/** The record with today's names of its members. */
function renamed(record: { split?: Record<string, unknown> }): unknown {
  const { validShare, testShare, ...split } = record.split ?? {};
  return { ...record, split: { validFraction: validShare, testFraction: testShare, ...split } };
}

/**
 * Reads what a model file says of itself.
 * @throws DataError if the bytes are no ONNX model, no model of timbrel, or their parts contradict each other
 */
export function readModelInfo(bytes: Uint8Array, path: string): ModelInfo {
  const text = decodeMetadata(bytes, path)[KEY];
  if (text === undefined)
    throw new DataError(
      path,
      "is an ONNX model but not one of timbrel: its metadata hold no labels and no front end",
    );
  try {
    const info = schema.parse(renamed(JSON.parse(text)));
    const checked = frontEnd(info.frontEnd as Partial<FrontEnd>);
    if (frontEndHash(checked) !== info.frontEndHash) throw new Error("the front end does not fit its hash");
    return { ...info, frontEnd: checked };
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : errorLine(cause);
    throw new DataError(path, `holds damaged model metadata: ${errorLine(reason)}`, { cause });
  }
}
