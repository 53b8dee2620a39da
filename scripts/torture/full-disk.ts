import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillDiskEverywhere } from "./kill-everywhere.js";
import { victims } from "./kills.js";
import { makeFixtures } from "./programs.js";
import type { Torture } from "./torture.js";

/** Has the disk full at every moment of extract and train. */
export const torture: Torture = {
  name: "full disk",
  async run({ say }) {
    const fixtures = mkdtempSync(join(tmpdir(), "timbrel-torture-full-"));
    let tried = 0;
    const faults: string[] = [];
    try {
      await makeFixtures(fixtures);
      for (const victim of victims(fixtures)) {
        const result = await fillDiskEverywhere(victim);
        tried += result.tried;
        faults.push(...result.faults);
        say(`${victim.name}: ${result.tried} moments, ${result.faults.length} faults`);
      }
    } finally {
      rmSync(fixtures, { recursive: true, force: true });
    }
    return { tried, faults };
  },
};
