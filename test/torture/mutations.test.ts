import { expect, it } from "vitest";
import { mutate } from "../../scripts/torture/mutate.js";
import { runSubjects, storeSubjects } from "../../scripts/torture/subjects.js";
import { SourceIndex } from "../../src/store/source-index.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { runWhole } from "../training/tiny-run.js";
import { makeTinyStore } from "../training/tiny-store.js";

// scripts/torture/mutations.ts does the same 100,000 times, with audio and commands, too.

const store = await makeTinyStore();
const index = new SourceIndex(store.dir);
index.append(
  store.clips.map(({ name: path, audioHash, durationSec, nFrames }) => ({
    ...{ path, audioHash, durationSec, nFrames },
    ...{ size: 1, mtimeMs: 2, warnings: [{ code: "truncated" as const, message: "cut short" }] },
  })),
);
index.close();
const { dir: runDir } = await runWhole(store, { epochs: 2, watch: true });
const artifacts = { storeDir: store.dir, runDir, workDir: makeFolder(), engine: ENGINE };

const TRIES = new Map([
  ["model", 700],
  ["linear baseline", 400],
  ["checkpoint", 700],
  ["model of someone else", 150],
  ["checkpoint of someone else", 150],
]);

it.each([...runSubjects(artifacts), ...storeSubjects(artifacts)])(
  "a damaged $name gives what the whole file gives, or one line that says what is wrong",
  async (subject) => {
    expect(await mutate(subject, { seed: 1, count: TRIES.get(subject.name) ?? 130 })).toEqual([]);
  },
);
