import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DataError, errorLine, UsageError } from "../core/errors.js";
import { hashRecord } from "../core/hash.js";
import { removeFile, removeParts, writeAtomically } from "../store/atomic-file.js";
import { whileLocked } from "../store/folder-lock.js";
import { checkIsNoStore } from "../store/store.js";
import type { LabBench } from "./bench.js";
import { LAB_SECTIONS, type LabProgress, type LabSections, runLab, type SectionResults } from "./lab.js";
import { encodeLabJson } from "./lab-json.js";
import type { LabResult } from "./results.js";

/** The files that a lab writes to its folder. */
export const LAB_FILES = {
  /** Every number that the lab measured. */
  numbers: "lab.json",
  page: "lab.html",
  /** The sections finished so far; deleted when all are. */
  partial: "lab.partial.json",
} as const;

/** The finished sections, and a hash of everything that their results depend on. */
interface PartialLab {
  readonly key: string;
  readonly sections: Partial<SectionResults>;
}

/**
 * Runs a lab and writes its numbers to a folder. Every finished section is saved, so a lab that was stopped continues
 * after the last one when it is run again with the same settings on the same data.
 * @param options.overwrite discard a finished lab in the folder, or a stopped one with other settings or data
 * @throws UsageError if the folder is a feature store, or holds such a lab and `overwrite` is not set
 * @throws DataError if another lab is writing to the folder, or it cannot be written
 */
export async function runLabInFolder(
  bench: LabBench,
  dir: string,
  options: LabFolderOptions = {},
): Promise<LabResult> {
  checkIsNoStore("outDir", dir);
  return await whileLocked(dir, () => runLabLocked(bench, dir, options));
}

interface LabFolderOptions {
  overwrite?: boolean;
  sections?: LabSections;
  onProgress?: (progress: LabProgress) => void;
}

async function runLabLocked(bench: LabBench, dir: string, options: LabFolderOptions): Promise<LabResult> {
  const names: readonly string[] = Object.values(LAB_FILES);
  removeParts(dir, (name) => names.includes(name));
  const { overwrite = false, sections = LAB_SECTIONS, onProgress } = options;
  const path = { numbers: join(dir, LAB_FILES.numbers), partial: join(dir, LAB_FILES.partial) };
  const key = keyOf(bench, sections);
  const done = sectionsDone(path.partial, { key, overwrite });
  if (!overwrite && existsSync(path.numbers))
    throw new UsageError({
      setting: "outDir",
      rule: "be a folder without a finished lab",
      got: `${dir}, which holds ${LAB_FILES.numbers}`,
      remedy: "use another folder, or `overwrite`",
    });
  const result = await runLab(bench, {
    done,
    sections,
    ...(onProgress === undefined ? {} : { onProgress }),
    onSection: (found) => writeAtomically(path.partial, encodeLabJson({ key, sections: found })),
  });
  writeAtomically(path.numbers, encodeLabJson(result));
  removeFile(path.partial);
  return result;
}

/** Number of finished sections that a stopped lab left in a folder. */
export function sectionsKept(dir: string): number {
  const path = join(dir, LAB_FILES.partial);
  return existsSync(path) ? Object.keys(readPartial(path).sections).length : 0;
}

/** A hash of everything that the results depend on: labs with equal keys have equal results. */
function keyOf({ seed, isQuick, splits, data }: LabBench, sections: LabSections): string {
  const budgets = Object.entries(sections).map(([name, { budget }]) => [name, budget(isQuick)]);
  return hashRecord({ seed, isQuick, budgets, split: splits.hash, frontEnd: data.frontEndHash });
}

function sectionsDone(
  path: string,
  { key, overwrite }: { key: string; overwrite: boolean },
): Partial<SectionResults> {
  if (!existsSync(path)) return {};
  const partial = readPartial(path);
  if (partial.key === key) return partial.sections;
  if (overwrite) return {};
  throw new UsageError({
    setting: "outDir",
    rule: "not hold a stopped lab with other settings or data",
    got: path,
    remedy: "use the same settings and data, another folder, or `overwrite`",
  });
}

function readPartial(path: string): PartialLab {
  try {
    const { key, sections } = JSON.parse(readFileSync(path, "utf8")) as PartialLab;
    if (typeof key !== "string" || typeof sections !== "object") throw new Error("key or sections missing");
    return { key, sections };
  } catch (error) {
    throw new DataError(path, `is not a stopped lab (${errorLine(error)}); delete it to start over`, {
      cause: error,
    });
  }
}
