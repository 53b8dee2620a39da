import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { contentOf, differenceOf } from "../../scripts/torture/kill-everywhere.js";
import { netConfig } from "../../src/nn/architectures.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { killedAt } from "../store/kill-in-process.js";
import { makeTinyStore, tinyConfig } from "./tiny-store.js";

// scripts/torture/kills.ts does the same with the programs, which it really kills.

const store = await makeTinyStore();
const config = tinyConfig({ net: netConfig({ kind: "mlp", units: [2] }), epochs: 2 });
const train = (dir: string, more: Parameters<typeof trainTagger>[2] = {}) =>
  trainTagger(store, dir, { engine: ENGINE, config, ...more });

const fresh = makeFolder();
await train(fresh);
const whole = contentOf(fresh);
const old = makeFolder();
await train(old, { config: { ...config, seed: 2, epochs: 1 } });

const overwrite = (dir: string) => train(dir, { overwrite: true });

/** A copy of a run's folder. */
function copyOf(run: string): string {
  const dir = join(makeFolder(), "run");
  cpSync(run, dir, { recursive: true });
  return dir;
}

/** The tests train 40 and 60 times, which takes 4 s each if nothing else runs. */
const TIMEOUT_MS = 240_000;

describe("a run that is killed", () => {
  it(
    "at any change to the disk ends with the same bytes when it is resumed",
    async () => {
      const withEvents = (dir: string, resume = false) => train(dir, { resume, tensorboard: true });
      const undisturbed = makeFolder();
      await withEvents(undisturbed);
      const faults: string[] = [];
      let n = 1;
      for (; ; n++) {
        const dir = makeFolder();
        if (!(await killedAt(n, dir, () => withEvents(dir)))) break;
        await withEvents(dir, true);
        const difference = differenceOf(contentOf(dir), contentOf(undisturbed));
        if (difference !== "") faults.push(`call ${n}: ${difference}`);
      }
      expect(faults).toEqual([]);
      expect(n).toBeGreaterThan(20);
    },
    TIMEOUT_MS,
  );

  it(
    "while it overwrites another, ends with the same bytes when it is run again, and resumed, as one of the two",
    async () => {
      const faults: string[] = [];
      let n = 1;
      for (; ; n++) {
        const dir = copyOf(old);
        if (!(await killedAt(n, dir, () => overwrite(dir)))) break;
        const resumed = copyOf(dir);
        await overwrite(dir);
        const difference = differenceOf(contentOf(dir), whole);
        if (difference !== "") faults.push(`call ${n}: ${difference}`);
        await trainTagger(store, resumed, { resume: true, engine: ENGINE });
        const differences = [whole, contentOf(old)].map((run) => differenceOf(contentOf(resumed), run));
        if (!differences.includes("")) faults.push(`call ${n}, resumed: ${differences.join("; ")}`);
      }
      expect(faults).toEqual([]);
      expect(n).toBeGreaterThan(20);
    },
    TIMEOUT_MS,
  );
});
