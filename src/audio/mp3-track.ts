import type { MpegInfo } from "./mpeg-info.js";

/** The frames behind one header of an encoder, or of a file without: what to keep of them, and what is missing. */
export class Mp3Track {
  /** Decoded so far, with what is cut off [samples]. */
  private position = 0;
  private kept = 0;

  /** @param frameSamples length of a frame [samples] */
  constructor(
    private readonly info: MpegInfo | null,
    private readonly frameSamples: number,
  ) {}

  /** Samples that are left of the declared frames without the delays of encoder and decoder; null if none are declared. */
  get declaredSamples(): number | null {
    if (this.info?.nFrames == null) return null;
    return Math.max(0, this.info.nFrames * this.frameSamples - this.info.startSamples - this.info.endSamples);
  }

  /** Takes the next decoded samples; returns what is left of them. Frames beyond the declared number are kept. */
  keep(channels: readonly Float32Array[]): Float32Array[][] {
    const [from, length] = [this.position, channels[0].length];
    this.position += length;
    const { nFrames = null, startSamples = 0, endSamples = 0 } = this.info ?? {};
    const end = nFrames === null ? Number.POSITIVE_INFINITY : nFrames * this.frameSamples;
    const blocks = [
      [startSamples, end - endSamples],
      [Math.max(end, startSamples), Number.POSITIVE_INFINITY],
    ].map(([start, stop]) => channels.map((samples) => samples.subarray(within(start), within(stop))));
    const kept = blocks.filter(([samples]) => samples.length > 0);
    for (const [samples] of kept) this.kept += samples.length;
    return kept;

    function within(position: number): number {
      return Math.min(Math.max(position - from, 0), length);
    }
  }

  /** Declared samples that the file does not hold. */
  get missingSamples(): number {
    return Math.max(0, (this.declaredSamples ?? 0) - this.kept);
  }
}
