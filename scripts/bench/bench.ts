import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { reportError } from "../../src/commands/exit.js";
import { choiceOption, integerOption } from "../../src/commands/options.js";
import { checkChoice } from "../../src/core/check.js";
import { table } from "../../src/report/table.js";
import { print, say } from "../../src/report/terminal.js";
import { NODE_DEVICES, type NodeDevice } from "../../src/runtime/node.js";
import { hasPeers } from "./processes.js";
import { measureRoof } from "./roof.js";
import { benchTasks, median } from "./tasks.js";

const scratch = mkdtempSync(join(tmpdir(), "timbrel-bench-"));
const namesOf = (isLong: boolean) =>
  Object.entries(benchTasks(scratch, "cpu"))
    .filter(([, task]) => (task.isLong ?? false) === isLong)
    .map(([name]) => name)
    .join(", ");

const DESCRIPTION = `Time timbrel and its peers on the same tasks, in turn, on the same cores.

The peers are what scripts/peers.sh installs into .venv; without them timbrel is timed alone. A ratio below 1 means that timbrel \
is faster; in brackets the lowest and the highest of the rounds. Nothing else should run meanwhile. Tasks: ${namesOf(false)}; \
and, if they are named, ${namesOf(true)}.`;

const command = new Command("bench")
  .description(DESCRIPTION)
  .argument("[task...]", "tasks to time (default: all)")
  .addOption(integerOption("--rounds <n>", "rounds of each task; medians are compared", { min: 1 }, 3))
  .addOption(choiceOption("--device <name>", "where training steps are timed", NODE_DEVICES, "cpu"))
  .option("-o, --out <file>", "JSON file to write (default: none)")
  .exitOverride()
  .action(bench);

async function bench(
  names: string[],
  options: { rounds: number; device: NodeDevice; out?: string },
): Promise<void> {
  const { rounds, device, out } = options;
  const tasks = benchTasks(scratch, device);
  for (const name of names) checkChoice("task", name, Object.keys(tasks));
  const asked = names.length > 0 ? names : Object.keys(tasks).filter((name) => !tasks[name].isLong);
  const threads = availableParallelism();
  const roof = await measureRoof(threads);
  const machine = `${cpus()[0].model}, ${threads} threads, Node ${process.versions.node}`;
  print(
    `${machine}\nroof: ${roof.gflops.toFixed(0)} GFLOP/s in a matrix product, ${roof.gigabytes.toFixed(0)} GB/s through memory`,
  );
  if (!hasPeers) say("scripts/peers.sh installs the peers; without them, timbrel is timed alone");
  const results: Record<string, unknown> = {};
  for (const name of asked) {
    const task = tasks[name];
    if (task.needsPeers && !hasPeers) {
      say(`${name}: left out, since the peers make its file`);
      continue;
    }
    task.prepare?.();
    const times = new Map<string, number[]>();
    for (let round = 0; round < rounds; round++)
      for (const [way, ms] of Object.entries({
        ...(await task.timbrel()),
        ...(hasPeers ? task.peers?.() : {}),
      }))
        times.set(way, [...(times.get(way) ?? []), ms]);
    results[name] = { title: task.title, results: Object.fromEntries(times) };
    print(`\n${task.title}\n${table(rowsOf(times))}`);
  }
  if (out !== undefined)
    writeFileSync(
      out,
      `${JSON.stringify({ machine, roof, date: new Date().toISOString(), tasks: results }, null, 2)}\n`,
    );
}

/** A row for each result: its median, and timbrel's time divided by it. */
function rowsOf(results: ReadonlyMap<string, readonly number[]>): string[][] {
  const ours = results.get("timbrel");
  const rows = [...results].map(([way, values]) => {
    const [, name, unit = "ms"] = /^(.*?)(?: \[(.*)\])?$/.exec(way)!;
    const ratios = ours?.map((time, round) => time / values[round]) ?? [];
    const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    const isCompared = ours !== undefined && way !== "timbrel" && unit === "ms";
    const ratio = isCompared ? `${(median(ours) / median(values)).toFixed(2)} (${spread})` : "";
    return [name, `${median(values).toFixed(1)} ${unit}`, ratio];
  });
  return [["", "median", "ratio"], ...rows];
}

try {
  await command.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, command);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
