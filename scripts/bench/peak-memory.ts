import { writeFileSync } from "node:fs";

// Loaded into a process whose memory is measured: at its end, it writes the most that it took [MB].
const file = process.env["TIMBREL_PEAK_FILE"];
if (file !== undefined)
  process.on("exit", () => writeFileSync(file, `${process.resourceUsage().maxRSS / 1000}`)); // kB
