import { describe, expect, it } from "vitest";
import { type FontName, fontOf, type Source, sourceId } from "../../scripts/data/fonts.js";
import { LABELS, PROGRAMS } from "../../scripts/data/labels.js";
import { drawValidGroups, planClips, sharedWithTest } from "../../scripts/data/plan.js";
import { drawScore, plainScore } from "../../scripts/data/score.js";
import { Random } from "../../src/core/random.js";

const size = { train: 40, evaluation: 12, test: 9 };

function sourcesOf(font: FontName): Source[] {
  const melodic = [...PROGRAMS].map(
    ([program, { label }]): Source => ({ font, label, bank: 0, program, drumKey: null }),
  );
  const drums = Array.from(
    { length: 47 },
    (_, i): Source => ({ font, label: "drums", bank: 0, program: 0, drumKey: 35 + i }),
  );
  return [...melodic, ...drums];
}

const fonts = ["MSBasic", "FluidR3Mono", "TimGM6mb", "FreePats", "Sonivox"].map((name) => ({
  font: fontOf(name),
  sources: sourcesOf(name),
}));
const train = fonts.filter(({ font }) => font.role === "train");
// FluidR3Mono shares every sample with MSBasic; one group of TimGM6mb spans two classes; Sonivox has a drum of FreePats.
const groups = new Map(
  fonts.flatMap(({ sources }) =>
    sources.map((source) => {
      const id = sourceId(source);
      if (id === "TimGM6mb-024") return [id, "TimGM6mb-015"];
      if (id === "Sonivox-kit000-key60") return [id, "FreePats-kit000-key60"];
      return [id, id.replace("FluidR3Mono", "MSBasic")];
    }),
  ),
);
const clips = planClips(fonts, groups, { seed: 1, size });
const lineages = ["MSBasic", "TimGM6mb", "FreePats"];

describe("planClips", () => {
  it("gives every class the same number of training and test clips, and of clips of each lineage to evaluate", () => {
    for (const label of LABELS) {
      const ofLabel = clips.filter((clip) => clip.label === label);
      for (const split of ["train", "test"] as const)
        expect(ofLabel.filter((clip) => clip.split === split)).toHaveLength(size[split]);
      for (const lineage of lineages)
        expect(
          ofLabel.filter(
            ({ kind, source }) => kind === "evaluation" && fontOf(source.font).lineage === lineage,
          ),
        ).toHaveLength(size.evaluation);
    }
  });
  it("keeps every group in one split, and Sonivox and only Sonivox in test", () => {
    const splitsOf = new Map<string, Set<string>>();
    for (const { group, split } of clips)
      if (split !== null) splitsOf.set(group, (splitsOf.get(group) ?? new Set()).add(split));
    expect([...splitsOf].filter(([, splits]) => splits.size > 1)).toEqual([]);
    expect(clips.every(({ source, split }) => (source.font === "Sonivox") === (split === "test"))).toBe(true);
  });
  it("plays every instrument both varied and for evaluation; the groups of valid are held out of train alone", () => {
    const groupsOf = (wanted: (clip: (typeof clips)[number]) => boolean) =>
      new Set(clips.filter((clip) => clip.label !== "drums" && wanted(clip)).map(({ group }) => group));
    const varied = groupsOf(({ kind }) => kind === "varied");
    expect(groupsOf(({ kind }) => kind === "evaluation")).toEqual(varied);
    const held = groupsOf(({ split }) => split === "valid");
    const open = groupsOf(({ split }) => split === "train");
    expect(held.size + open.size).toBe(varied.size);
    expect(clips.filter(({ kind, split }) => kind === "varied" && split === null).length).toBeGreaterThan(0);
    // A clip of a held-out group is in valid, or played with variations and in no split.
    for (const { group, kind, split } of clips)
      if (kind === "evaluation")
        expect([group, split]).toEqual([group, held.has(group) || split === "valid" ? "valid" : null]);
  });
  it("weighs groups, not presets: two presets of one group are not twice as many clips as one", () => {
    const counts = (pattern: RegExp) =>
      clips.filter(
        ({ kind, label, source }) => kind === "varied" && label === "vocal" && pattern.test(sourceId(source)),
      ).length;
    // MSBasic and FluidR3Mono together against TimGM6mb, two groups each: the square root of 2 times as many.
    expect(counts(/^(MSBasic|FluidR3Mono)/) / counts(/^TimGM6mb/)).toBeCloseTo(Math.SQRT2, 0);
    expect(Math.abs(counts(/^FreePats/) - counts(/^TimGM6mb/))).toBeLessThanOrEqual(1);
  });
  it("leaves out of training what the test font has, too", () => {
    expect(sharedWithTest(fonts, groups)).toEqual(["FreePats-kit000-key60"]);
    const sources = clips
      .filter(({ group }) => group === "FreePats-kit000-key60")
      .map(({ source }) => source.font);
    expect(sources.filter((font) => font !== "Sonivox")).toEqual([]);
  });
  it("holds out no group that spans classes, and no more than 30 % of a class", () => {
    for (let seed = 0; seed < 50; seed++) {
      const held = drawValidGroups(train, groups, seed);
      expect(held.has("TimGM6mb-015")).toBe(false);
      // Vocal has six groups; those of MSBasic weigh 0.21 of the class, the others 0.15: one or two are held out.
      const vocal = [...held].filter((group) => /-05[23]$/.test(group));
      expect([1, 2]).toContain(vocal.length);
      if (vocal.length === 2) expect(vocal.some((group) => group.startsWith("MSBasic"))).toBe(false);
    }
  });
  it("validates on every lineage if the class has enough groups", () => {
    for (const label of LABELS) {
      const held = clips.filter((clip) => clip.label === label && clip.split === "valid");
      const found = new Set(held.map(({ source }) => fontOf(source.font).lineage));
      if (label !== "vocal") expect([label, [...found].sort()]).toEqual([label, [...lineages].sort()]);
    }
  });
  it("names every clip once and gives the same plan for the same seed", () => {
    expect(new Set(clips.map(({ path }) => path)).size).toBe(clips.length);
    expect(planClips(fonts, groups, { seed: 1, size })).toEqual(clips);
    expect(planClips(fonts, groups, { seed: 2, size })).not.toEqual(clips);
  });
});

describe("scores", () => {
  it("keep evaluation and test clips plain: one note in the program's range, nothing bent", () => {
    for (const clip of clips.filter(({ kind }) => kind !== "varied")) {
      const { notes, bendCents, controllers } = plainScore(clip, 0);
      expect(notes).toHaveLength(1);
      expect([bendCents, controllers]).toEqual([0, []]);
      const { drumKey, program } = clip.source;
      expect(notes[0].key).toBeGreaterThanOrEqual(drumKey ?? PROGRAMS.get(program)!.lowKey);
      expect(notes[0].key).toBeLessThanOrEqual(drumKey ?? PROGRAMS.get(program)!.highKey);
    }
  });
  it("vary training notes within MIDI's bounds, mostly single notes", () => {
    const varied = clips.filter(({ kind }) => kind === "varied");
    const scores = varied.map((clip) => drawScore(clip, new Random(clip.seed), 0));
    for (const { notes, skipSec, controllers } of scores) {
      expect(notes.length).toBeGreaterThan(0);
      // Latest onset and longest skip.
      expect(skipSec).toBeLessThan(0.5 + 4);
      for (const { key, velocity, startSec, endSec } of notes) {
        expect(Number.isInteger(key) && key >= 0 && key <= 127).toBe(true);
        expect(Number.isInteger(velocity) && velocity >= 1 && velocity <= 127).toBe(true);
        expect(endSec).toBeGreaterThan(startSec);
      }
      for (const [, value] of controllers) expect(value >= 0 && value <= 127).toBe(true);
    }
    const single = scores.filter(({ notes }) => notes.length === 1).length / scores.length;
    expect(single).toBeGreaterThan(0.7);
    expect(single).toBeLessThan(0.95);
  });
  it("keep the sounding pitch of a note played on a neighbouring key", () => {
    const violin = clips.find(({ source, kind }) => source.program === 40 && kind === "varied")!;
    const random = new Random("pitch");
    for (let i = 0; i < 200; i++) {
      const { notes, bendCents } = drawScore(violin, random, 0);
      if (notes.length > 1) continue;
      const range = PROGRAMS.get(40)!;
      const sounding = notes[0].key + bendCents / 100;
      const expected = range.lowKey + Math.floor(violin.pitch * (range.highKey - range.lowKey + 1));
      // Detuned by at most five standard deviations of 10 cents.
      expect(Math.abs(sounding - expected)).toBeLessThan(0.5);
    }
  });
});
