import type { Tensor } from "../core/tensor.js";
import { segmentStarts } from "../dataset/segments.js";
import type { Session } from "../runtime/session.js";

/** Clips whose frames can be read piece by piece, such as a `FeatureSet`. */
export interface FrameSource {
  readonly nClips: number;
  readonly nMels: number;
  nFrames(clip: number): number;
  readFrames(clip: number, firstFrame: number, nFrames: number, out: Float32Array, outOffset: number): void;
}

/** Segments in one run of the net: enough to fill the cores, few enough for a small memory. */
const BATCH = 32;

/**
 * The probabilities of each clip: the mean over its segments. Clips of every length share batches; since an example's
 * answer does not depend on its batch, neither does a clip's.
 *
 * @param session a net from `inputs` [batch, segmentFrames, nMels] to `probabilities` [batch, nLabels]
 * @param options.onProgress called after every batch with the number of clips begun
 * @returns one row [nLabels] a clip
 */
export async function clipProbabilities(
  session: Session,
  source: FrameSource,
  options: { segmentFrames: number; onProgress?: (done: number) => void },
): Promise<Float32Array[]> {
  const { segmentFrames, onProgress } = options;
  const { nClips, nMels } = source;
  const rows: Float32Array[] = [];
  const size = segmentFrames * nMels;
  const inputs = new Float32Array(BATCH * size);
  let pending: { clip: number; fraction: number }[] = [];
  const flush = async (): Promise<void> => {
    if (pending.length === 0) return;
    const batch: Tensor = {
      data: inputs.subarray(0, pending.length * size),
      shape: [pending.length, segmentFrames, nMels],
    };
    const { probabilities } = await session.run({ inputs: batch });
    const nLabels = probabilities.shape[1];
    pending.forEach(({ clip, fraction }, i) => {
      const row = (rows[clip] ??= new Float32Array(nLabels));
      for (let label = 0; label < nLabels; label++)
        row[label] += fraction * probabilities.data[i * nLabels + label];
    });
    onProgress?.(pending[pending.length - 1].clip + 1);
    pending = [];
  };
  for (let clip = 0; clip < nClips; clip++) {
    const starts = segmentStarts(source.nFrames(clip), segmentFrames);
    for (const start of starts) {
      source.readFrames(clip, start, segmentFrames, inputs, pending.length * size);
      pending.push({ clip, fraction: 1 / starts.length });
      if (pending.length === BATCH) await flush();
    }
  }
  await flush();
  return rows;
}
