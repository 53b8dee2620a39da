import { createHash } from "node:crypto";
import { renameSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AudioWarning } from "../audio/warning.js";
import { DataError } from "../core/errors.js";
import type { ClipFeatures } from "../features/clip-features.js";
import { FeatureStream } from "../features/feature-stream.js";
import type { FrontEnd } from "../features/front-end.js";
import { ensureFolder, partName, removeQuietly, writeAtomically } from "./atomic-file.js";
import { type FileSource, heldIfSmall, openFileSource } from "./file-source.js";
import { encodeNpy } from "./npy.js";
import { NpyWriter } from "./npy-writer.js";
import { openAudioFile } from "./open-audio-file.js";
import { clipFiles } from "./store.js";
import { isSystemError, onDisk, readingReason } from "./system-errors.js";

/** Settings that every worker receives. */
export interface ExtractSetup {
  storeDir: string;
  frontEnd: FrontEnd;
  frontEndHash: string;
  /** Hashes of the audio whose features are in the store. */
  knownHashes: ReadonlySet<string>;
  /** Longer files are bad ones [s]. @default 12 hours */
  maxDurationSec?: number;
  /** One number in memory that all workers share: the work stops when it is no longer 0. */
  stop?: Int32Array;
}

/** Outcome of extracting one file. */
export type Extracted =
  | {
      kind: "made";
      audioHash: string;
      durationSec: number;
      nFrames: number;
      warnings: readonly AudioWarning[];
    }
  | { kind: "known"; audioHash: string }
  | { kind: "bad"; reason: string }
  | { kind: "stopped" };

/** How far a file is. */
export interface ClipProgress {
  readonly path: string;
  /** Audio that was read [s]. */
  readonly doneSec: number;
  /** What the file declares [s]; null if it declares nothing. */
  readonly totalSec: number | null;
}

/** Bytes that are hashed at a time. */
const PIECE = 2 ** 20;
/** Audio between two reports of progress [s]. */
const REPORT_SEC = 60;

class StopError extends Error {}
class StoreError extends DataError {}

/**
 * Computes the features and descriptors of an audio file and writes them to the store.
 * @param path path of the audio file
 * @param onProgress called after every minute of audio
 * @returns `bad` if the file is at fault, `stopped` if `setup.stop` was set
 * @throws DataError if the store cannot be written
 */
export async function extractClip(
  path: string,
  setup: ExtractSetup,
  onProgress?: (progress: ClipProgress) => void,
): Promise<Extracted> {
  let source: FileSource | undefined;
  try {
    source = openFileSource(path);
    const hashed = await hashedSource(source, setup);
    const { audioHash } = hashed;
    if (setup.knownHashes.has(audioHash)) return { kind: "known", audioHash };
    const audio = await openAudioFile(path, hashed.source);
    const { frontEnd, maxDurationSec } = setup;
    const features = new FeatureStream(audio, frontEnd, path, { maxDurationSec, describes: true });
    await writeClip(features, { setup, audioHash, onProgress });
    const { nFrames, durationSec, warnings } = features;
    return { kind: "made", audioHash, durationSec, nFrames, warnings };
  } catch (error) {
    if (error instanceof StopError) return { kind: "stopped" };
    if (error instanceof StoreError) throw error;
    const reason = reasonOf(error, path);
    if (reason === undefined) throw error;
    return { kind: "bad", reason };
  } finally {
    source?.close();
  }
}

/** The hash of a file's bytes, and the bytes themselves, in memory if the file is small. */
async function hashedSource(
  source: FileSource,
  setup: ExtractSetup,
): Promise<{ audioHash: string; source: FileSource }> {
  // OpenSSL hashes 1.5 GB/s, the portable hash of core/ 0.2 GB/s, and every file is hashed here.
  const hash = createHash("sha256");
  const held = await heldIfSmall(source);
  for (let at = 0; at < held.size; at += PIECE) {
    checkStop(setup);
    hash.update(await held.read(at, PIECE));
  }
  return { audioHash: hash.digest("hex"), source: held };
}

/** Writes a clip's features as they come, then its descriptors; the files get their names when both are complete. */
async function writeClip(
  features: ClipFeatures,
  clip: {
    setup: ExtractSetup;
    audioHash: string;
    onProgress: ((progress: ClipProgress) => void) | undefined;
  },
): Promise<void> {
  const { setup, audioHash, onProgress } = clip;
  const { storeDir, frontEnd, frontEndHash } = setup;
  const files = clipFiles(audioHash, frontEndHash);
  const featuresPath = join(storeDir, files.features);
  const part = partName(featuresPath);
  const writer = new NpyWriter(part);
  let nextSec = REPORT_SEC;
  try {
    for await (const rows of features.rows()) {
      checkStop(setup);
      inStore(() => {
        ensureFolder(dirname(featuresPath));
        writer.push(rows);
      });
      const { path, durationSec: doneSec, declaredSec: totalSec } = features;
      if (doneSec < nextSec) continue;
      nextSec = doneSec + REPORT_SEC;
      onProgress?.({ path, doneSec, totalSec });
    }
    const summary = features.descriptors();
    inStore(() => {
      // Not flushed: a file that a power failure cut short is found by its length, and made again.
      const descriptors = encodeNpy({ data: summary, shape: [summary.length] });
      writeAtomically(join(storeDir, files.descriptors), descriptors, { flush: false });
      writer.end(frontEnd.nMels, features.least);
      onDisk("written", featuresPath, () => renameSync(part, featuresPath));
    });
  } catch (error) {
    writer.close();
    removeQuietly(part);
    throw error;
  }
}

function checkStop({ stop }: ExtractSetup): void {
  if (stop !== undefined && Atomics.load(stop, 0) !== 0) throw new StopError();
}

/** Writes to the store; what goes wrong there ends the whole extraction, unlike a problem with the clip. */
function inStore(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (error instanceof DataError) throw new StoreError(error.path, error.reason, { cause: error });
    throw error;
  }
}

/** The error's line without the path, if the file is at fault; `undefined` for a bug in timbrel. */
function reasonOf(error: unknown, path: string): string | undefined {
  if (error instanceof DataError) return error.path === path ? error.reason : error.message;
  if (error instanceof RangeError) return `is too long for the memory of this machine (${error.message})`;
  return isSystemError(error) ? readingReason(error) : undefined;
}
