import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { packageFolder } from "./fonts.js";
import type { Label } from "./labels.js";
import type { ManifestRow } from "./manifest.js";

/** Packages of real recordings, `tonejs-instrument-<name>-wav`, with the class of the instrument. */
export const RECORDINGS: readonly (readonly [name: string, label: Label])[] = [
  ["bass-electric", "bass"],
  ["cello", "string"],
  ["contrabass", "string"],
  ["flute", "flute"],
  ["guitar-acoustic", "guitar"],
  ["guitar-electric", "guitar"],
  ["harp", "string"],
  ["piano", "keyboard"],
  ["saxophone", "reed"],
  ["trumpet", "brass"],
  ["violin", "string"],
  ["xylophone", "mallet"],
];

/** The package that holds the recordings of an instrument. */
export function recordingPackage(name: string): string {
  return `tonejs-instrument-${name}-wav`;
}

/** One row per recording, all in the test split; paths point from `dir` into the packages, so nothing is copied. */
export function listRecordings(dir: string): ManifestRow[] {
  return RECORDINGS.flatMap(([name, label]) => {
    const folder = packageFolder(recordingPackage(name));
    return readdirSync(folder)
      .filter((file) => file.endsWith(".wav"))
      .sort()
      .map((file) => ({
        path: relative(dir, join(folder, file)).split("\\").join("/"),
        label,
        group: `recording-${name}`,
        split: "test" as const,
      }));
  });
}
