import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { packageFolder } from "./fonts.js";
import type { Label } from "./labels.js";
import type { ManifestRow } from "./manifest.js";

/** Half of the packages of recordings, to train on one half and test on the other. */
export type Half = "a" | "b";

/**
 * Packages of real recordings, `tonejs-instrument-<name>-wav`, with the class of the instrument. Instruments of the same class are
 * in both halves.
 */
export const RECORDINGS: readonly (readonly [name: string, label: Label, half: Half])[] = [
  ["bass-electric", "bass", "a"],
  ["cello", "string", "a"],
  ["contrabass", "string", "b"],
  ["flute", "flute", "b"],
  ["guitar-acoustic", "guitar", "a"],
  ["guitar-electric", "guitar", "b"],
  ["harp", "string", "a"],
  ["piano", "keyboard", "a"],
  ["saxophone", "reed", "b"],
  ["trumpet", "brass", "a"],
  ["violin", "string", "b"],
  ["xylophone", "mallet", "b"],
];

/** The package that holds the recordings of an instrument. */
export function recordingPackage(name: string): string {
  return `tonejs-instrument-${name}-wav`;
}

/**
 * One row per recording, all in the test split; paths point from `dir` into the packages, so nothing is copied.
 * @param trained a half that is in the train split instead
 */
export function listRecordings(dir: string, trained?: Half): ManifestRow[] {
  return RECORDINGS.flatMap(([name, label, half]) => {
    const folder = packageFolder(recordingPackage(name));
    return readdirSync(folder)
      .filter((file) => file.endsWith(".wav"))
      .sort()
      .map((file) => ({
        path: relative(dir, join(folder, file)).split("\\").join("/"),
        label,
        group: `recording-${name}`,
        split: half === trained ? ("train" as const) : ("test" as const),
      }));
  });
}
