import { mainMeasure } from "../evaluation/measures.js";
import { batchNormSection } from "./batch-norm.js";
import type { LabBench, LabSection } from "./bench.js";
import { gradientFlowSection } from "./gradient-flow.js";
import { initializationSection } from "./initialization.js";
import { inputNormalizationSection } from "./input-normalization.js";
import { optimizationSection } from "./optimization.js";
import type { LabResult } from "./results.js";

/** The results of the lab's sections, by section name. */
export type SectionResults = Pick<
  LabResult,
  "gradientFlow" | "inputNormalization" | "initialization" | "batchNorm" | "optimization"
>;
export type SectionName = keyof SectionResults;

/** The sections of the lab, in the order in which they run. */
export type LabSections = { readonly [K in SectionName]: LabSection<SectionResults[K]> };

export const LAB_SECTIONS: LabSections = {
  gradientFlow: gradientFlowSection,
  inputNormalization: inputNormalizationSection,
  initialization: initializationSection,
  batchNorm: batchNormSection,
  optimization: optimizationSection,
};

/** Progress of a running lab. */
export interface LabProgress {
  readonly section: SectionName;
  /** Training steps done in this run, or other work counted in such steps, of `total`. */
  readonly done: number;
  readonly total: number;
}

/**
 * Runs the lab, section by section.
 * @param options.done results of sections that ran before; these sections are not run again
 * @param options.sections `@default` LAB_SECTIONS
 * @param options.onSection called after every section with all results so far
 * @throws the AbortError of the bench's signal if stopped; the section in progress is lost
 */
export async function runLab(
  bench: LabBench,
  options: {
    done?: Partial<SectionResults>;
    sections?: LabSections;
    onProgress?: (progress: LabProgress) => void;
    onSection?: (found: Partial<SectionResults>) => void;
  } = {},
): Promise<LabResult> {
  const { sections = LAB_SECTIONS, onProgress, onSection } = options;
  const { isQuick, seed, validFraction, testFraction, signal } = bench;
  const found: Partial<Record<SectionName, unknown>> = { ...options.done };
  const toDo = (Object.keys(sections) as SectionName[]).filter((name) => found[name] === undefined);
  const total = toDo.reduce((sum, name) => sum + sections[name].budget(isQuick), 0);
  let end = 0;
  for (const section of toDo) {
    signal?.throwIfAborted();
    let done = end;
    end += sections[section].budget(isQuick);
    const advance = (nSteps: number): void => {
      done = Math.min(end, done + nSteps);
      onProgress?.({ section, done, total });
    };
    found[section] = await sections[section].run({ ...bench, advance });
    onProgress?.({ section, done: end, total });
    onSection?.({ ...found } as Partial<SectionResults>);
  }
  const settings = { store: bench.data.name, isQuick, seed, validFraction, testFraction };
  return { ...settings, data: dataOf(bench), ...(found as SectionResults) };
}

function dataOf({ splits, data, labels, task }: LabBench): LabResult["data"] {
  return {
    nTrain: splits.train.length,
    nValid: splits.valid.length,
    nTest: splits.test.length,
    labels,
    splitHash: splits.hash,
    frontEndHash: data.frontEndHash,
    measure: mainMeasure(task).title,
  };
}
