import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LABELS, type Label } from "../../scripts/data/labels.js";
import type { ManifestRow } from "../../scripts/data/manifest.js";
import { makeMixes, mixManifest, mixOf } from "../../scripts/data/mixes.js";
import type { Split } from "../../scripts/data/plan.js";
import { type MixPlan, planMixes } from "../../scripts/data/plan-mixes.js";
import { listRecordings } from "../../scripts/data/recordings.js";
import { decodeAudio } from "../../src/audio/decode.js";
import { toneWav, write } from "../commands/cli.js";
import { makeFolder } from "../store/files.js";

/** Clips of every family in `nGroups` groups each; one group has clips of two families. */
const rowsOf = (split: Split, nGroups: (label: Label) => number): ManifestRow[] =>
  LABELS.flatMap((label) =>
    Array.from({ length: 12 }, (_, i) => ({
      path: `${split}/${label}/${i}.wav`,
      label,
      group: `${split} ${label === "organ" && i % nGroups(label) === 0 ? "reed" : label} ${i % nGroups(label)}`,
      split,
    })),
  );
const rows = rowsOf("valid", (label) => (label === "vocal" ? 3 : 4));
const mixes = planMixes(rows, "valid", { nMixes: 200, seed: 1 });
const groupOf = new Map(
  [...rows, ...listRecordings("data/recordings")].map(({ path, group }) => [path, group]),
);

describe("planMixes", () => {
  it("mixes two or three clips of different families", () => {
    expect(mixes).toHaveLength(200);
    const sizes = mixes.map(({ parts }) => new Set(parts.map(({ label }) => label)).size);
    expect(mixes.map(({ parts }) => parts.length)).toEqual(sizes);
    expect([...new Set(sizes)].sort()).toEqual([2, 3]);
    expect(new Set(mixes.map(({ path }) => path)).size).toBe(200);
  });
  it("has every family in every bundle, about as often as the others", () => {
    // 500 clips in 11 families and 3 bundles: 15 each.
    for (const label of LABELS)
      for (const group of ["valid-1", "valid-2", "valid-3"]) {
        const n = mixes.filter(
          (mix) => mix.group === group && mix.parts.some((part) => part.label === label),
        );
        expect([label, group, n.length >= 5, n.length <= 30]).toEqual([label, group, true, true]);
      }
  });
  it.each([
    ["rendered", mixes, 3],
    ["recorded", planMixes(listRecordings("data/recordings"), "test", { nMixes: 100, seed: 1 }), 1],
  ] as const)("shares no group of clips between groups of mixes: %s", (_, planned, nBundles) => {
    const mixGroups = new Map<string, Set<string>>();
    for (const { group, parts } of planned)
      for (const { path } of parts) {
        const own = groupOf.get(path)!;
        mixGroups.set(own, (mixGroups.get(own) ?? new Set()).add(group));
      }
    expect(mixGroups.size).toBeGreaterThan(10);
    expect([...mixGroups].filter(([, groups]) => groups.size > 1)).toEqual([]);
    expect(new Set(planned.map(({ group }) => group)).size).toBe(nBundles);
  });
  it("has as many bundles as the family with the fewest groups has groups", () => {
    const clip = (label: Label, group: string): ManifestRow => ({
      path: `${label} ${group}`,
      label,
      group,
      split: "test",
    });
    const own = [clip("reed", "a"), clip("reed", "b"), clip("bass", "c"), clip("bass", "d")];
    const groupsIn = (extra: ManifestRow[]) =>
      new Set(planMixes([...own, ...extra], "test", { nMixes: 9, seed: 1 }).map(({ group }) => group)).size;
    expect(groupsIn([clip("organ", "e"), clip("organ", "f")])).toBe(2);
    expect(groupsIn([clip("organ", "e")])).toBe(1);
  });
  it("draws the same for the same seed, and else for another", () => {
    expect(planMixes(rows, "valid", { nMixes: 200, seed: 1 })).toEqual(mixes);
    expect(planMixes(rows, "valid", { nMixes: 200, seed: 2 })).not.toEqual(mixes);
  });
  it("draws gains, onsets and lengths, and the level of training mixes alone", () => {
    const parts = mixes.flatMap((mix) => mix.parts);
    expect(parts.every(({ gainDb, onsetSec }) => gainDb >= -12 && gainDb < 0 && onsetSec < 0.3)).toBe(true);
    expect(mixes.every(({ durationSec }) => durationSec >= 1.5 && durationSec < 3)).toBe(true);
    expect(new Set(mixes.map(({ peakDb }) => peakDb))).toEqual(new Set([-3]));
    const train = planMixes(
      rowsOf("train", () => 4),
      "train",
      { nMixes: 20, seed: 1 },
    );
    expect(new Set(train.map(({ peakDb }) => peakDb)).size).toBe(20);
  });
});

const mix: MixPlan = {
  path: "test/0001.wav",
  group: "g",
  split: "test",
  parts: [
    { path: "a.wav", label: "reed", gainDb: 0, onsetSec: 0 },
    { path: "b.wav", label: "bass", gainDb: -6, onsetSec: 0.25 },
  ],
  durationSec: 2,
  peakDb: -3,
};

describe("mixOf", () => {
  const square = (n: number, level: number) =>
    Float32Array.from({ length: n }, (_, t) => (t % 2 === 0 ? level : -level));
  it("brings clips to the same level, then to their gains, from their onsets on", () => {
    // 100 samples a second: the second clip sounds from sample 25 to 75. Its own level does not matter.
    const out = mixOf([square(100, 0.5), square(50, 0.01)], mix, 100);
    expect(out.length).toBe(100);
    const amplitudes = [10, 50, 90].map((t) => Math.abs(out[t]));
    const gain = 10 ** (-6 / 20);
    expect(amplitudes[0]).toBeCloseTo(amplitudes[2], 6);
    // An odd onset turns the second clip's sign against the first one's.
    expect(amplitudes[1] / amplitudes[0]).toBeCloseTo(1 - gain, 5);
    expect(Math.max(...amplitudes)).toBeCloseTo(10 ** (-3 / 20), 5);
  });
  it("is cut at its length, and fades out there", () => {
    const out = mixOf([square(500, 0.5), square(500, 0.5)], { ...mix, durationSec: 1.5 }, 100);
    expect(out.length).toBe(150);
    expect([out[149], Math.abs(out[148]) > 0]).toEqual([-0, true]);
  });
});

describe("makeMixes", () => {
  const clips: ManifestRow[] = (["reed", "bass", "organ"] as const).flatMap((label) =>
    [0, 1].map((i) => ({
      path: `${label}/${i}.wav`,
      label,
      group: `${label} ${i}`,
      split: (["train", "test"] as const)[i],
    })),
  );
  const from = makeFolder();
  for (const [i, { path }] of clips.entries())
    write(from, path, toneWav(200 * (i + 1), { durationSec: 1, sampleRate: i === 0 ? 8000 : 22050 }));
  const options = {
    seed: 1,
    sizes: { train: 3, test: 2 },
    from,
    source: "tones",
  };
  const contents = (dir: string) =>
    readdirSync(dir, { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(join(dir, name)).isFile())
      .sort()
      .map((name) => [name.replaceAll("\\", "/"), readFileSync(join(dir, name), "base64")]);

  it("writes the mixes and a manifest, the same bytes each time, and nothing if they are there", async () => {
    const [a, b] = [join(makeFolder(), "a"), join(makeFolder(), "b")];
    const first = await makeMixes(a, clips, options);
    expect(first.made).toBe(true);
    await makeMixes(b, clips, options);
    expect(contents(a)).toEqual(contents(b));
    expect(contents(a).map(([name]) => name)).toEqual([
      "manifest.csv",
      "recipe.json",
      "test/0001.wav",
      "test/0002.wav",
      "train/0001.wav",
      "train/0002.wav",
      "train/0003.wav",
    ]);
    expect(readFileSync(join(a, "manifest.csv"), "utf8")).toBe(mixManifest(first.mixes));
    const wav = await decodeAudio(readFileSync(join(a, "test/0001.wav")), "mix");
    expect([wav.sampleRate, wav.channelData.length]).toEqual([22050, 1]);
    expect(wav.channelData[0].length).toBeGreaterThan(22050);
    expect((await makeMixes(a, clips, options)).made).toBe(false);
  });

  it("makes mixes of another recipe again, and those of a run that was killed", async () => {
    const dir = join(makeFolder(), "mixes");
    mkdirSync(join(dir, "train"), { recursive: true });
    write(dir, "train/0099.wav", "of an older recipe");
    await makeMixes(dir, clips, options);
    const whole = contents(dir);
    expect(whole.map(([name]) => name)).not.toContain("train/0099.wav");
    rmSync(join(dir, "manifest.csv"));
    write(dir, "train/0001.wav", "a part");
    await makeMixes(dir, clips, options);
    expect(contents(dir)).toEqual(whole);
    expect((await makeMixes(dir, clips, { ...options, source: "others" })).made).toBe(true);
  });

  it("lists the labels of a mix in the manifest, separated by |", () => {
    expect(mixManifest([mix])).toBe("path,label,group,split\ntest/0001.wav,bass|reed,g,test\n");
  });
});
