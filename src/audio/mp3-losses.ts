import type { Mp3Track } from "./mp3-track.js";
import type { MpegFrame } from "./mpeg-frame.js";
import type { MpegPart } from "./mpeg-frames.js";
import type { AudioWarning } from "./warning.js";

/** Counts what a file of MPEG audio lacks, to say it in one warning. */
export class Mp3Losses {
  private frameBytes = 0;
  private nFrames = 0;
  private gapBytes = 0;
  private badFrames = 0;
  private isCut = false;
  /** Seconds of audio that is not read, by its format. */
  private readonly other = new Map<string, number>();

  /** @param first the file's first frame */
  constructor(private readonly first: MpegFrame) {}

  /** Takes the next part of the file. */
  add(part: MpegPart): void {
    if (part.kind === "frames") {
      this.frameBytes += part.bytes.length;
      this.nFrames += part.nFrames;
      if (part.isDamaged) this.badFrames += part.nFrames;
    } else if (part.kind === "gap" && part.isEnd) this.isCut = true;
    else if (part.kind === "gap") this.gapBytes += part.nBytes;
    else if (part.kind === "other") {
      const { nSamples, sampleRate } = part.frame;
      const name = formatName(part.frame);
      this.other.set(name, (this.other.get(name) ?? 0) + nSamples / sampleRate);
    }
  }

  /** @param tracks all tracks of the file, once it is read */
  warnings(tracks: readonly Mp3Track[]): AudioWarning[] {
    const loss = this.loss(tracks);
    const ignored = [...this.other].map(
      ([name, seconds]): AudioWarning => ({
        code: "ignored-data",
        message: `${seconds.toFixed(2)} s of ${name} are not read: the file begins as ${formatName(this.first)}`,
      }),
    );
    return loss === null ? ignored : [loss, ...ignored];
  }

  private loss(tracks: readonly Mp3Track[]): AudioWarning | null {
    const { sampleRate, nSamples } = this.first;
    const sec = (samples: number) => `${(samples / sampleRate).toFixed(2)} s`;
    const isDamaged = this.gapBytes > 0 || this.badFrames > 0;
    const declared = tracks.filter(({ declaredSamples }) => declaredSamples !== null);
    if (declared.length > 0) {
      const total = declared.reduce((sum, track) => sum + (track.declaredSamples ?? 0), 0);
      const missing = declared.reduce((sum, track) => sum + track.missingSamples, 0);
      // Some encoders count their header as a frame.
      if (missing === 0 || (missing <= nSamples && !isDamaged && !this.isCut)) return null;
      if (isDamaged)
        return {
          code: "damaged",
          message: `${sec(missing)} of the ${sec(total)} that the file's header declares are damaged or missing`,
        };
      const rest = `${sec(missing)} are missing`;
      return {
        code: "truncated",
        message: `the file ends after ${sec(total - missing)} of the ${sec(total)} that its header declares: ${rest}`,
      };
    }
    if (isDamaged) {
      const lost = this.badFrames + Math.round((this.gapBytes * this.nFrames) / Math.max(1, this.frameBytes));
      return { code: "damaged", message: `about ${sec(lost * nSamples)} are damaged or missing` };
    }
    if (!this.isCut) return null;
    return {
      code: "truncated",
      message:
        "the file ends inside a frame; no header declares its length, so how much is missing is unknown",
    };
  }
}

const formatName = ({ layer, sampleRate }: MpegFrame): string => `MPEG layer ${layer} at ${sampleRate} Hz`;
