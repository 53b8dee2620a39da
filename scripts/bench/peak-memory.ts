import { existsSync, readFileSync, writeFileSync } from "node:fs";

// Loaded into a process whose memory is measured: at its end, it writes the most that it took [MB].
const file = process.env["TIMBREL_PEAK_FILE"];
if (file !== undefined) process.on("exit", () => writeFileSync(file, `${peakKb() / 1000}`));

function peakKb(): number {
  const status = "/proc/self/status";
  // On Linux, `maxRSS` begins with the memory of the process that started this one.
  const peak = existsSync(status) ? /VmHWM:\s*(\d+) kB/.exec(readFileSync(status, "utf8")) : null;
  return peak === null ? process.resourceUsage().maxRSS : Number(peak[1]) * 1.024;
}
