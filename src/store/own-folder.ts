import { join } from "node:path";
import { isAudioName, listFolder, statOrNull } from "./audio-files.js";

/**
 * Whether a folder was made by timbrel: a feature store, a run without audio beside it, or a folder of nothing but such
 * folders. A store may be inside the folder whose audio it was made from.
 */
export function isOwnFolder(dir: string): boolean {
  let names: string[];
  try {
    names = listFolder(dir);
  } catch {
    return false; // whoever lists it next says why it cannot be read
  }
  if (names.includes("store.json") && names.includes("sources.jsonl")) return true;
  if (names.includes("checkpoint.safetensors")) return !names.some(isAudioName);
  const isOwn = (name: string) =>
    statOrNull(join(dir, name))?.isDirectory() === true && isOwnFolder(join(dir, name));
  return names.length > 0 && names.every(isOwn);
}
