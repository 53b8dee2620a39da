import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { contentOf, differenceOf } from "../../scripts/torture/kill-everywhere.js";
import { frontEnd, frontEndHash } from "../../src/features/front-end.js";
import { extractClip } from "../../src/store/extract-clip.js";
import { makeFolder, toneWav, writeFiles } from "./files.js";
import { killedAt } from "./kill-in-process.js";

// Workers run compiled files only: test/build.ts builds them first.
const compiled = new URL("../../dist/src/store/extract.js", import.meta.url).href;
const { extractFeatures } = (await import(compiled)) as typeof import("../../src/store/extract.js");

const small = frontEnd({ sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 16 });
const source = makeFolder();
writeFiles(source, { "low/a.wav": toneWav(200), "high/b.wav": toneWav(2000) });
const extract = (dir: string) => extractFeatures(source, dir, { frontEnd: small, nWorkers: 1 });

// scripts/torture/kills.ts does the same with the programs, which it really kills, workers included.

it("an extraction that is killed at any change to the disk of its main thread is finished by another", async () => {
  // It starts with the store of another clip, so that there is a list of clips to remove.
  const [begun, other] = [makeFolder(), makeFolder()];
  writeFiles(other, { "low/c.wav": toneWav(300) });
  await extractFeatures(other, begun, { frontEnd: small, nWorkers: 1 });
  const copyOfBegun = () => {
    const dir = join(makeFolder(), "s");
    cpSync(begun, dir, { recursive: true });
    return dir;
  };
  const whole = copyOfBegun();
  await extract(whole);
  const faults: string[] = [];
  let n = 1;
  for (; ; n++) {
    const dir = copyOfBegun();
    if (!(await killedAt(n, dir, () => extract(dir)))) break;
    await extract(dir);
    const difference = differenceOf(contentOf(dir), contentOf(whole));
    if (difference !== "") faults.push(`call ${n}: ${difference}`);
  }
  expect(faults).toEqual([]);
  expect(n).toBeGreaterThan(8);
});

it("a worker that is killed at any change to the disk leaves whole files under their names", async () => {
  const setup = { frontEnd: small, frontEndHash: frontEndHash(small), knownHashes: new Set<string>() };
  const make = (storeDir: string) => extractClip(join(source, "low/a.wav"), { storeDir, ...setup });
  const whole = makeFolder();
  await make(whole);
  let n = 1;
  for (; ; n++) {
    const dir = makeFolder();
    if (!(await killedAt(n, dir, () => make(dir)))) break;
    const found = Object.entries(contentOf(dir)).filter(([name]) => !name.endsWith(".part"));
    for (const [name, content] of found)
      expect([n, content]).toEqual([n, readFileSync(join(whole, name), "latin1")]);
  }
  expect(n).toBeGreaterThan(5);
});
