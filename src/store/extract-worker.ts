import { BroadcastChannel } from "node:worker_threads";
import { Tinypool } from "tinypool";
import { DataError } from "../core/errors.js";
import { type ClipProgress, type Extracted, type ExtractSetup, extractClip } from "./extract-clip.js";

/** What the workers of an extraction receive. */
export interface WorkerSetup extends ExtractSetup {
  /** Name of the `BroadcastChannel` on which they report their progress within long files. */
  channelName: string;
}

let channel: BroadcastChannel | undefined;

/** A result that ends the whole extraction: the store cannot be written, or a bug with its stack. */
export type Fatal = { kind: "fatal"; path: string | null; reason: string } | { kind: "bug"; stack: string };

/** Entry point of a worker thread: extracts the files of a batch, one after the other. */
export default async function extractBatch(paths: string[]): Promise<(Extracted | Fatal)[]> {
  const setup = Tinypool.workerData as WorkerSetup;
  const report = (progress: ClipProgress): void => {
    channel ??= new BroadcastChannel(setup.channelName);
    channel.unref();
    channel.postMessage(progress);
  };
  const results: (Extracted | Fatal)[] = [];
  for (const path of paths) {
    try {
      results.push(await extractClip(path, setup, report));
    } catch (error) {
      if (error instanceof DataError) results.push({ kind: "fatal", path: error.path, reason: error.reason });
      else results.push({ kind: "bug", stack: `${path}: ${(error as Error).stack ?? error}` });
    }
  }
  return results;
}
