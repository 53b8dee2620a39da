import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentOf, differenceOf, type FolderContent, runNode, runNodeWell } from "./kill-everywhere.js";
import { EXTRACT, makeFixtures, TRAIN } from "./programs.js";
import type { Torture, TortureOptions, TortureResult } from "./torture.js";

/** Number of times that each two programs are started at once. */
const TIMES = 20;

/** Two programs that write to one folder. */
interface Rivals {
  readonly name: string;
  /** Folder among the fixtures that they work in. */
  readonly start: string;
  readonly args: readonly [readonly string[], readonly string[]];
  /** Folder that both write to. */
  readonly output: string;
}

/** What the program that comes second may say, on one line. */
const SECOND =
  /is being written by process \d+ on host|holds features of another front end|be a folder without a run/;

const RIVALS: readonly Rivals[] = [
  {
    name: "two extractions with different front ends",
    start: "audio",
    args: [EXTRACT, [...EXTRACT, "--f-max", "3000"]],
    output: "features",
  },
  {
    name: "two trainings with different seeds",
    start: "features",
    args: [TRAIN, [...TRAIN, "--seed", "2"]],
    output: "run",
  },
];

/**
 * Starts two programs at once that write to one folder. One must fail with one line that says why, and the folder must
 * have the bytes of the other alone.
 */
export const torture: Torture = {
  name: "two at once",
  async run({ say }: TortureOptions): Promise<TortureResult> {
    const folder = mkdtempSync(join(tmpdir(), "timbrel-torture-two-"));
    const faults: string[] = [];
    try {
      await makeFixtures(join(folder, "fixtures"));
      for (const rivals of RIVALS) {
        const before = faults.length;
        const alone = await contentsAlone(folder, rivals);
        for (let i = 0; i < TIMES; i++) {
          const fault = await faultOf(folder, rivals, alone);
          if (fault !== "") faults.push(`${rivals.name}, try ${i + 1}: ${fault}`);
        }
        say(`${rivals.name}: ${TIMES} times, ${faults.length - before} faults`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return { tried: RIVALS.length * TIMES, faults };
  },
};

/** A new copy of the folder that the programs start in. */
function newFolder(folder: string, { start }: Rivals): string {
  const dir = join(folder, "work");
  if (existsSync(dir)) rmSync(dir, { recursive: true });
  cpSync(join(folder, "fixtures", start), dir, { recursive: true });
  return dir;
}

/** What each program writes if the other does not run. */
async function contentsAlone(folder: string, rivals: Rivals): Promise<FolderContent[]> {
  const contents: FolderContent[] = [];
  for (const args of rivals.args) {
    const dir = newFolder(folder, rivals);
    await runNodeWell(dir, args);
    contents.push(contentOf(join(dir, rivals.output)));
  }
  return contents;
}

/** Runs both at once; returns what went wrong, or nothing. */
async function faultOf(folder: string, rivals: Rivals, alone: readonly FolderContent[]): Promise<string> {
  const dir = newFolder(folder, rivals);
  const ended = await Promise.all(rivals.args.map((args) => runNode(dir, args)));
  const winners = ended.flatMap(({ code }, i) => (code === 0 ? [i] : []));
  if (winners.length !== 1)
    return ended.map(({ code, stderr }) => `exit ${code}: ${lastLine(stderr)}`).join(" and ");
  const { stderr } = ended[1 - winners[0]];
  const last = lastLine(stderr);
  if (!SECOND.test(last)) return `the second says: ${last}`;
  return differenceOf(contentOf(join(dir, rivals.output)), alone[winners[0]]);
}

const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";
