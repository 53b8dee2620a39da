import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, runNode } from "./kill-everywhere.js";

/** Node's option that writes the largest memory of the process to the file that PEAK_FILE names. */
const REPORTER = `--import=data:text/javascript,${encodeURIComponent(
  `import { writeFileSync } from "node:fs";
   import { isMainThread } from "node:worker_threads";
   if (isMainThread)
     process.on("exit", () => writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS)));`,
)}`;

/** Runs Node in a folder; also returns the largest memory that it took [MB]. */
export async function runMeasured(
  dir: string,
  args: readonly string[],
): Promise<Ended & { readonly peakMb: number; readonly seconds: number }> {
  const folder = mkdtempSync(join(tmpdir(), "timbrel-torture-peak-"));
  const file = join(folder, "peak");
  try {
    const startMs = performance.now();
    const ended = await runNode(dir, [REPORTER, ...args], { env: { PEAK_FILE: file } });
    const seconds = (performance.now() - startMs) / 1000;
    return { ...ended, seconds, peakMb: Number(readFileSync(file, "utf8")) / 1024 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
