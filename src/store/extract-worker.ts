import { Tinypool } from "tinypool";
import { DataError } from "../core/errors.js";
import { type Extracted, type ExtractSetup, extractClip } from "./extract-clip.js";

/** A result that ends the whole extraction: the store cannot be written, or a bug with its stack. */
export type Fatal = { kind: "fatal"; path: string | null; reason: string } | { kind: "bug"; stack: string };

/** Entry point of a worker thread: extracts the files of a batch, one after the other. */
export default async function extractBatch(paths: string[]): Promise<(Extracted | Fatal)[]> {
  const setup = Tinypool.workerData as ExtractSetup;
  const results: (Extracted | Fatal)[] = [];
  for (const path of paths) {
    try {
      results.push(await extractClip(path, setup));
    } catch (error) {
      if (error instanceof DataError) results.push({ kind: "fatal", path: error.path, reason: error.reason });
      else results.push({ kind: "bug", stack: `${path}: ${(error as Error).stack ?? error}` });
    }
  }
  return results;
}
