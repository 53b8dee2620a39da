import type { DecodedAudio } from "../audio/waveform.js";

/** Levels of audio, over all channels. */
export interface Levels {
  /** [dB relative to full scale]; null for silence. */
  readonly peakDbfs: number | null;
  readonly rmsDbfs: number | null;
  /** Samples at or beyond full scale. */
  readonly nClipped: number;
}

/** The largest 16-bit sample. */
const FULL_SCALE = 32767 / 32768;

const dbfs = (amplitude: number): number | null => (amplitude > 0 ? 20 * Math.log10(amplitude) : null);

/** Peak, root mean square and clipping of decoded audio. */
export function levels({ channelData }: DecodedAudio): Levels {
  let peak = 0;
  let energy = 0;
  let nClipped = 0;
  for (const samples of channelData)
    for (const sample of samples) {
      const magnitude = Math.abs(sample);
      if (magnitude > peak) peak = magnitude;
      if (magnitude >= FULL_SCALE) nClipped++;
      energy += sample * sample;
    }
  const nSamples = channelData.length * channelData[0].length;
  return { peakDbfs: dbfs(peak), rmsDbfs: dbfs(Math.sqrt(energy / nSamples)), nClipped };
}
