import { checkTrain, type FeatureSet } from "./feature-set.js";
import { segmentStarts } from "./segments.js";

/** Frames read at a time, unless they are segments. */
const READ_FRAMES = 1024;
/** Number of reads of up to 128 bands between two pauses: they take about 0.2 s, a pause a few milliseconds. */
const READS_PER_PAUSE = 64;

/** How the frames of the train split are read. */
export interface TrainFramesOptions {
  /**
   * Reads the segments on which clips are evaluated, of this many frames, without the silence after a clip that is shorter.
   * @default every frame once, in pieces of any length
   */
  readonly segmentFrames?: number | undefined;
  /** Stops at the next read. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the frames of the train split in order, in memory that does not grow with their number.
 * @param train only the train split has this type
 * @returns pieces, time-major [nFrames, nMels], which are overwritten by the next
 * @throws UsageError if the set is not the train split, or empty
 * @throws DataError naming a clip whose features are not finite; the signal's reason if it is aborted
 */
export async function* trainFrames(
  train: FeatureSet<"train">,
  { segmentFrames, signal }: TrainFramesOptions = {},
): AsyncGenerator<Float32Array> {
  checkTrain(train);
  const most = segmentFrames ?? READ_FRAMES;
  const frames = new Float32Array(most * train.nMels);
  let nReads = 0;
  for (const [clip, { nFrames }] of train.clips.entries()) {
    for (const first of segmentFrames === undefined ? pieces(nFrames) : segmentStarts(nFrames, most)) {
      const nRead = Math.min(most, nFrames - first);
      await train.readFrames(clip, first, nRead, frames, 0);
      signal?.throwIfAborted();
      yield frames.subarray(0, nRead * train.nMels);
      // Reads from memory resolve at once: without a pause, whoever would abort would never have a turn.
      nReads += Math.max(1, (train.nMels / 128) ** 2);
      if (signal !== undefined && nReads >= READS_PER_PAUSE) {
        nReads = 0;
        await new Promise((done) => setTimeout(done));
      }
    }
  }
}

function pieces(nFrames: number): number[] {
  return Array.from({ length: Math.ceil(nFrames / READ_FRAMES) }, (_, i) => i * READ_FRAMES);
}
