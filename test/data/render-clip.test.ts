import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fontOf, loadFont, type Source } from "../../scripts/data/fonts.js";
import type { Label } from "../../scripts/data/labels.js";
import type { ClipKind, ClipPlan } from "../../scripts/data/plan.js";
import { DATA_RATE, type Player, renderClip } from "../../scripts/data/render-clip.js";
import { SYNTHESIS_RATE } from "../../scripts/data/score.js";
import { FontSynth, RENDER_RATE } from "../../scripts/data/synth.js";
import { SYNTHESES } from "../../scripts/data/synthesized.js";
import { peakOf } from "../../scripts/data/treatment.js";
import { encodeWav } from "../../src/audio/encode-wav.js";

const clipOf = (source: Omit<Source, "bank" | "drumKey">, kind: ClipKind, index: number): ClipPlan => ({
  path: "clip.wav",
  source: { ...source, bank: 0, drumKey: null },
  label: source.label,
  group: "g",
  kind,
  split: null,
  pitch: (index + 0.5) / 11,
  index,
  seed: `1/${source.font}-${String(source.program).padStart(3, "0")}/${index}`,
});

const synth = new FontSynth(await loadFont(fontOf("Sonivox")));
const fontPlayer =
  ({ source }: ClipPlan): Player =>
  (score) => ({ samples: synth.render(source, score), sampleRate: RENDER_RATE });
const synthesizer =
  ({ source }: ClipPlan): Player =>
  (score, random) => ({
    samples: SYNTHESES.get(source.font)!.play(source.program, score, random),
    sampleRate: SYNTHESIS_RATE,
  });

describe("renderClip", () => {
  // Of the clips that the scores in models/README.md are of. Render them anew only if the test is to be another one.
  it.each([
    ["keyboard", 0, 0, "052cec5d61042600"],
    ["brass", 56, 0, "7fb8943251338020"],
    ["flute", 73, 1, "3500c45531263314"],
  ] as const)("keeps the test's clips to the byte: %s", (label, program, index, hash) => {
    const clip = clipOf({ font: "Sonivox", label, program }, "test", index);
    const wav = encodeWav({ samples: renderClip(clip, fontPlayer(clip))!, sampleRate: DATA_RATE });
    expect(createHash("sha256").update(wav).digest("hex").slice(0, 16)).toBe(hash);
  });

  it("renders clips for evaluation of 0.8 to 8 s at -20 to -1 dB, some with a tail that fades far below their peak", () => {
    const lengths: number[] = [];
    let nTails = 0;
    for (let index = 0; index < 24; index++) {
      const clip = clipOf({ font: "Sonivox", label: "keyboard", program: 0 }, "evaluation", index % 11);
      const samples = renderClip({ ...clip, seed: `tails/${index}` }, fontPlayer(clip))!;
      lengths.push(samples.length / DATA_RATE);
      const peakDb = 20 * Math.log10(peakOf(samples));
      expect(peakDb >= -20.001 && peakDb <= -0.999).toBe(true);
      const lastDb = 20 * Math.log10(peakOf(samples.subarray(-DATA_RATE / 10)));
      if (samples.length > 3.1 * DATA_RATE && lastDb < peakDb - 30) nTails++;
    }
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(0.8);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(8);
    expect(new Set(lengths).size).toBeGreaterThan(12);
    expect(nTails).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ["Singers", "vocal"],
    ["Organs", "organ"],
  ] as const)("renders %s: varied clips of up to 3 s, the same ones each time", (font, label) => {
    const render = (program: number) => {
      const clip = clipOf({ font, label: label satisfies Label, program }, "varied", 0);
      return renderClip(clip, synthesizer(clip))!;
    };
    const clips = [0, 1, 7].map(render);
    for (const samples of clips) {
      expect(samples.every(Number.isFinite)).toBe(true);
      expect(samples.length / DATA_RATE).toBeLessThanOrEqual(3);
      expect(peakOf(samples)).toBeGreaterThan(0.001);
    }
    expect(render(1)).toEqual(clips[1]);
  });
});
