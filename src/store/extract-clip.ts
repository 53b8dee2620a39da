import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeAudio } from "../audio/decode.js";
import type { AudioWarning } from "../audio/warning.js";
import { DataError } from "../core/errors.js";
import { audioToLogMel } from "../features/audio-to-log-mel.js";
import { summarizeDescriptors } from "../features/descriptors.js";
import type { FrontEnd } from "../features/front-end.js";
import { writeAtomically } from "./atomic-file.js";
import { encodeNpy } from "./npy.js";
import { clipFiles } from "./store.js";

/** Settings that every worker receives. */
export interface ExtractSetup {
  storeDir: string;
  frontEnd: FrontEnd;
  frontEndHash: string;
  /** Hashes of the audio whose features are in the store. */
  knownHashes: ReadonlySet<string>;
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
  | { kind: "bad"; reason: string };

/**
 * Computes the features and descriptors of an audio file and writes them to the store.
 * @param path path of the audio file
 * @returns `bad` if the file is at fault
 * @throws DataError if the store cannot be written
 */
export async function extractClip(path: string, setup: ExtractSetup): Promise<Extracted> {
  let made: Awaited<ReturnType<typeof audioToFeatures>>;
  let audioHash: string;
  try {
    const bytes = readFileSync(path);
    // OpenSSL hashes 1.5 GB/s, the portable hash of core/ 0.2 GB/s, and every file is hashed here.
    audioHash = createHash("sha256").update(bytes).digest("hex");
    if (setup.knownHashes.has(audioHash)) return { kind: "known", audioHash };
    made = await audioToFeatures(bytes, path, setup.frontEnd);
  } catch (error) {
    const reason = reasonOf(error, path);
    if (reason === undefined) throw error;
    return { kind: "bad", reason };
  }
  const files = clipFiles(audioHash, setup.frontEndHash);
  try {
    writeAtomically(join(setup.storeDir, files.descriptors), encodeNpy(made.descriptors));
    writeAtomically(join(setup.storeDir, files.features), encodeNpy(made.features));
  } catch (error) {
    throw new DataError(setup.storeDir, `cannot be written (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
  const { durationSec, warnings } = made;
  return { kind: "made", audioHash, durationSec, nFrames: made.features.shape[0], warnings };
}

async function audioToFeatures(bytes: Uint8Array, path: string, frontEnd: FrontEnd) {
  const { waveform, ...made } = audioToLogMel(await decodeAudio(bytes, path), frontEnd, path);
  const summary = summarizeDescriptors(waveform);
  return { ...made, descriptors: { data: summary, shape: [summary.length] } };
}

/** The error's line without the path, if the file is at fault; `undefined` for a bug in timbrel. */
function reasonOf(error: unknown, path: string): string | undefined {
  if (error instanceof DataError) return error.path === path ? error.reason : error.message;
  if (error instanceof RangeError) return `is too long for the memory of this machine (${error.message})`;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code !== undefined && /^E[A-Z]+$/.test(code) ? `cannot be read (${code})` : undefined;
}
