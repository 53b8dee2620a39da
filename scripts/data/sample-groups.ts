import type { BasicSample } from "spessasynth_core";
import { type Font, listSources, loadFont, type Source, sourceId } from "./fonts.js";

/** Number of samples to compare: the same recording has the same length in two SF3 fonts, but not the same bits. */
const WINDOW_LENGTH = 4096;

/**
 * Two samples are the same recording when their lengths are equal and their windows correlate at least this much.
 * Measured over all pairs of equal length between MSBasic and FluidR3Mono: 868 above 0.8, 12 between 0.4 and 0.8,
 * 295 below; between any of them and TimGM6mb or Sonivox none above 0.6.
 */
const SAME_CORRELATION = 0.8;

/** What identifies a raw sample. */
export interface SampleFingerprint {
  readonly nSamples: number;
  /** At most 4096 samples, starting at a quarter of the length, scaled to mean 0 and norm 1. */
  readonly window: Float32Array;
}

/** A source and the raw samples it can play, as indices into the font's fingerprints. */
export interface SourceSamples {
  readonly source: Source;
  readonly samples: number[];
}

/** The fingerprint of decoded audio. */
export function fingerprint(audio: Float32Array): SampleFingerprint {
  const start = Math.floor(audio.length / 4);
  const window = audio.slice(start, start + WINDOW_LENGTH);
  const mean = window.reduce((sum, x) => sum + x, 0) / window.length;
  let energy = 0;
  for (let i = 0; i < window.length; i++) {
    window[i] -= mean;
    energy += window[i] ** 2;
  }
  const scale = energy > 0 ? 1 / Math.sqrt(energy) : 0;
  for (let i = 0; i < window.length; i++) window[i] *= scale;
  return { nSamples: audio.length, window };
}

/** Whether two fingerprints are of the same recording, up to level, polarity and lossy coding. */
export function isSameSample(a: SampleFingerprint, b: SampleFingerprint): boolean {
  if (a.nSamples !== b.nSamples) return false;
  let correlation = 0;
  for (let i = 0; i < a.window.length; i++) correlation += a.window[i] * b.window[i];
  return Math.abs(correlation) >= SAME_CORRELATION;
}

/** A font's sources and samples. */
export interface FontSamples {
  /** See `Font.lineage`. */
  readonly lineage: string;
  readonly sources: readonly SourceSamples[];
  readonly fingerprints: readonly SampleFingerprint[];
}

/** Lists the sources of a font with the raw samples they play. Decodes every sample once and then drops it. */
export async function fingerprintFont(font: Font): Promise<FontSamples> {
  const bank = await loadFont(font);
  const fingerprints: SampleFingerprint[] = [];
  const indexOf = new Map<BasicSample, number>();
  const index = (sample: BasicSample): number => {
    const known = indexOf.get(sample);
    if (known !== undefined) return known;
    fingerprints.push(fingerprint(sample.getAudioData()));
    forgetAudio(sample);
    indexOf.set(sample, fingerprints.length - 1);
    return fingerprints.length - 1;
  };
  const sources = listSources(font, bank).map(({ source, preset }) => {
    const samples = new Set<BasicSample>();
    if (source.drumKey === null)
      for (const zone of preset.zones) for (const inner of zone.instrument.zones) samples.add(inner.sample);
    else
      for (let velocity = 1; velocity <= 127; velocity++)
        for (const voice of preset.getVoiceParameters(source.drumKey, velocity)) samples.add(voice.sample);
    return { source, samples: [...samples].map(index) };
  });
  return { lineage: font.lineage, sources, fingerprints };
}

/** Drops the decoded audio of an SF3 sample; the next note decodes it again. Keeps a font's gigabyte out of memory. */
export function forgetAudio(sample: BasicSample): void {
  if (sample.isCompressed) (sample as unknown as { audioData?: Float32Array }).audioData = undefined;
}

/** Sources whose samples are the same recordings although the comparison does not find it: one was resampled. */
const SAME_RECORDINGS = [
  ["FreePats-046", "MSBasic-046"], // harp
  ["FreePats-044", "A320U-044"], // tremolo strings
];

/** Disjoint sets over 0..n-1; the smallest member represents its set. */
class DisjointSets {
  readonly #parent: number[];

  constructor(n: number) {
    this.#parent = Array.from({ length: n }, (_, i) => i);
  }

  find(i: number): number {
    while (this.#parent[i] !== i) i = this.#parent[i] = this.#parent[this.#parent[i]];
    return i;
  }

  union(a: number, b: number): void {
    const [low, high] = [this.find(a), this.find(b)].sort((x, y) => x - y);
    this.#parent[high] = low;
  }
}

/**
 * Groups the sources of all fonts: sources that share a raw sample, directly or through others, form one group. So do
 * equal presets and drum keys of fonts of one lineage, MSBasic and its ancestor FluidR3Mono, because samples that were
 * trimmed differently escape the comparison: the steel guitar's begin 50 ms later in one of the two. A group is named
 * after its first source.
 */
export function groupSources(fonts: readonly FontSamples[]): Map<string, string> {
  // Nodes: all sources, then all samples.
  const sources = fonts.flatMap((font) => font.sources);
  const samples = fonts.flatMap((font) => font.fingerprints);
  const sets = new DisjointSets(sources.length + samples.length);
  let firstSample = sources.length;
  let next = 0;
  for (const font of fonts) {
    for (const { samples } of font.sources) {
      for (const sample of samples) sets.union(next, firstSample + sample);
      next++;
    }
    firstSample += font.fingerprints.length;
  }
  const lineages = fonts.flatMap((font) => font.sources.map(() => font.lineage));
  const first = new Map<string, number>();
  sources.forEach(({ source }, i) => {
    const id = sourceId({ ...source, font: lineages[i] });
    if (first.has(id)) sets.union(first.get(id)!, i);
    else first.set(id, i);
  });
  for (const [a, b] of SAME_RECORDINGS)
    if (first.has(a) && first.has(b)) sets.union(first.get(a)!, first.get(b)!);
  const byLength = new Map<number, number[]>();
  samples.forEach(({ nSamples }, i) => {
    byLength.set(nSamples, [...(byLength.get(nSamples) ?? []), i]);
  });
  for (const equal of byLength.values())
    for (let i = 0; i < equal.length; i++)
      for (let j = 0; j < i; j++)
        if (isSameSample(samples[equal[i]], samples[equal[j]]))
          sets.union(sources.length + equal[i], sources.length + equal[j]);
  return new Map(
    sources.map(({ source }, i) => [sourceId(source), sourceId(sources[sets.find(i)].source)] as const),
  );
}
