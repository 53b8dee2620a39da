import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { table } from "../report/table.js";
import { print, say } from "../report/terminal.js";
import type { Engine } from "../runtime/engine.js";
import { removeParts, writeAtomically } from "../store/atomic-file.js";
import { whileLocked } from "../store/folder-lock.js";
import { checkIsNoStore, type FeatureStore } from "../store/store.js";
import type { TrainedModel } from "../tagging/model-file.js";
import type { TrainConfig } from "../training/config.js";
import { findLearningRate, RANGE, type RangeTest } from "../training/find-learning-rate.js";
import { runPaths } from "../training/run-folder.js";
import { commandLine } from "./command-line.js";
import { EXIT } from "./exit.js";
import { interruptible } from "./interrupt.js";

/** Files that a range test writes to the run's folder. */
export const RANGE_FILES = { json: "find-lr.json", page: "find-lr.html" } as const;

/** Largest number of rows in the printed table. */
const MOST_ROWS = 15;

/** Runs `train --find-lr`: tries learning rates, prints the losses and suggests rates; it writes no model. */
export async function findRate(
  store: FeatureStore,
  outDir: string,
  options: { config: TrainConfig; from?: TrainedModel | undefined; engine: Engine },
): Promise<void> {
  checkIsNoStore("outDir", outDir);
  await whileLocked(outDir, () => findRateLocked(store, outDir, options));
}

async function findRateLocked(
  store: FeatureStore,
  outDir: string,
  { config, from, engine }: Parameters<typeof findRate>[2],
): Promise<void> {
  removeParts(outDir, (name) => name === RANGE_FILES.json || name === RANGE_FILES.page);
  let bar: ProgressBar | undefined;
  const test = await interruptible("after this step", ({ signal, begin }) =>
    findLearningRate(store, config, {
      engine,
      from,
      signal,
      onStart() {
        begin();
        bar = progressBar("trying learning rates", RANGE.steps);
      },
      onStep: (done, { learningRate, smoothedLoss }) =>
        bar?.update(done, `rate ${learningRate.toPrecision(2)}, loss ${smoothedLoss.toFixed(3)}`),
    }).finally(() => bar?.stop()),
  );
  if (test === null) {
    process.exitCode = EXIT.interrupted;
    say("stopped; nothing was written");
    return;
  }
  const paths = { json: join(outDir, RANGE_FILES.json), page: join(outDir, RANGE_FILES.page) };
  writeAtomically(paths.json, `${JSON.stringify({ store: store.dir, config, ...test })}\n`);
  const { learningRatePage } = await import("../report/learning-rate-page.js"); // charts take a while to load
  writeAtomically(paths.page, learningRatePage(store.dir, test, config.learningRate));
  print(rangeText(test));
  print(`\nwritten: ${paths.json}, ${paths.page}`);
  const rate = test.suggested.tenthOfLowest ?? test.suggested.steepest;
  if (rate === null) return;
  const typed = process.argv.slice(3).filter((arg) => arg !== "--find-lr");
  const replace = existsSync(runPaths(outDir).checkpoint) ? ["--overwrite"] : [];
  const next = [...typed, "--learning-rate", rate.toPrecision(2), ...replace];
  print(`next:  ${commandLine("train", next)}`);
}

/** The test in words: some of its steps, how it ended, what it suggests. */
function rangeText({ steps, ended, suggested: { steepest, tenthOfLowest } }: RangeTest): string {
  const stride = Math.ceil(steps.length / MOST_ROWS);
  const shown = steps.filter((_, i) => i % stride === stride - 1 || i === steps.length - 1);
  const rows = shown.map(({ learningRate, smoothedLoss }) => [
    learningRate.toPrecision(2),
    smoothedLoss.toPrecision(4),
  ]);
  const last = steps[steps.length - 1];
  const lines = [
    table([["learning rate", "smoothed loss"], ...rows]),
    "",
    ended === "diverged"
      ? `diverged after step ${steps.length} of ${RANGE.steps}, rate ${last.learningRate.toPrecision(2)}`
      : `all ${RANGE.steps} rates were tried`,
  ];
  if (steepest === null && tenthOfLowest === null) lines.push("the loss did not fall at any rate");
  if (steepest !== null) lines.push(`steepest descent of the loss at a rate of ${steepest.toPrecision(2)}`);
  if (tenthOfLowest !== null)
    lines.push(
      `lowest loss at a rate of ${(10 * tenthOfLowest).toPrecision(2)}, a tenth of that is ${tenthOfLowest.toPrecision(2)}`,
    );
  return lines.join("\n");
}
