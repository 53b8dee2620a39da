import { join } from "node:path";
import { Command } from "commander";
import { labBench } from "../lab/bench.js";
import type { LabProgress, SectionName } from "../lab/lab.js";
import { LAB_FILES, runLabInFolder, sectionsKept } from "../lab/lab-folder.js";
import { labPage } from "../lab/page/lab-page.js";
import type { LabResult } from "../lab/results.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { shellWord } from "../report/shell-word.js";
import { print, say } from "../report/terminal.js";
import { nodeEngine } from "../runtime/node.js";
import { writeAtomically } from "../store/atomic-file.js";
import { openStore } from "../store/store.js";
import { TRAIN_DEFAULTS } from "../training/config.js";
import { thisCommandLine } from "./command-line.js";
import { fractionOption } from "./data-settings.js";
import { deviceOption, type EngineOptions, engineOf, threadsOption } from "./engine-options.js";
import { EXIT } from "./exit.js";
import { interruptible } from "./interrupt.js";
import { integerOption } from "./options.js";

interface Options extends EngineOptions {
  out: string;
  quick: boolean;
  seed: number;
  validFraction: number;
  testFraction: number;
  overwrite: boolean;
}

const DESCRIPTION = `Measure, on a store of features, what makes nets learn.

Five sections: how activations and gradients flow through deep nets, input normalization, initialization, batch norm, \
and optimizers. The lab trains small nets on the train split and scores their curves on the validation split. With 6000 \
clips it takes about 12 minutes on 2 cores, or about 2 with --quick. If it is stopped, the same command continues after \
the last finished section.`;

const EXAMPLES = `
Files written to <dir>: ${LAB_FILES.page} (figures and findings, in one self-contained page) and ${LAB_FILES.numbers} (every number).

Examples:
  timbrel lab features --quick
  timbrel lab features --out labs/second --seed 2`;

export const command = new Command("lab")
  .description(DESCRIPTION)
  .argument("<store>", "store of features made by extract")
  .option("-o, --out <dir>", "folder to write to; created if missing", "lab")
  .option("--quick", "shorter and fewer runs", false)
  .addOption(
    integerOption("--seed <n>", "seed of the splits, the initial weights and the batches", { min: 0 }, 1),
  )
  .addOption(fractionOption("--valid-fraction <x>", TRAIN_DEFAULTS.validFraction))
  .addOption(fractionOption("--test-fraction <x>", TRAIN_DEFAULTS.testFraction))
  .addOption(threadsOption())
  .addOption(deviceOption())
  .option("--overwrite", "replace the lab in <dir>", false)
  .addHelpText("after", EXAMPLES)
  .action(lab);

/** The command line that repeats a lab. */
export function repeatedBy({ store, isQuick, seed, validFraction, testFraction }: LabResult): string {
  return [
    `timbrel lab ${shellWord(store)}${isQuick ? " --quick" : ""} --seed ${seed}`,
    ...(validFraction === TRAIN_DEFAULTS.validFraction ? [] : [`--valid-fraction ${validFraction}`]),
    ...(testFraction === TRAIN_DEFAULTS.testFraction ? [] : [`--test-fraction ${testFraction}`]),
  ].join(" ");
}

const TITLES: Readonly<Record<SectionName, string>> = {
  gradientFlow: "gradient flow",
  inputNormalization: "input normalization",
  initialization: "initialization",
  batchNorm: "batch norm",
  optimization: "optimization",
};

async function lab(storeDir: string, options: Options): Promise<void> {
  const { out, quick: isQuick, seed, validFraction, testFraction, overwrite } = options;
  let bar: ProgressBar | undefined;
  const onProgress = ({ section, done, total }: LabProgress): void => {
    bar ??= progressBar("lab", total);
    bar.update(done, TITLES[section]);
  };
  const result = await interruptible("after this step", async ({ signal, begin }) => {
    const run = async () => {
      const bench = await labBench(openStore(storeDir), {
        seed,
        isQuick,
        validFraction,
        testFraction,
        engine: engineOf(options),
        smallEngine: nodeEngine({ threads: 1, onStandIn: say }),
        signal,
      });
      begin();
      return await runLabInFolder(bench, out, { overwrite, onProgress });
    };
    return await run()
      .catch((error: unknown) => {
        if (signal.aborted && error instanceof Error && error.name === "AbortError") return null;
        throw error;
      })
      .finally(() => bar?.stop());
  });
  if (result === null) {
    process.exitCode = EXIT.interrupted;
    say(`stopped; ${sectionsKept(out)} of 5 sections are kept; to continue:`);
    say(`  ${thisCommandLine()}`);
    return;
  }
  const page = join(out, LAB_FILES.page);
  writeAtomically(page, labPage(result, repeatedBy(result)));
  print(`page:    ${page}`);
  print(`numbers: ${join(out, LAB_FILES.numbers)}`);
}
