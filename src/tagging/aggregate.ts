import { segmentStarts } from "../dataset/segments.js";
import type { Session } from "../runtime/engine.js";

/** Clips whose frames can be read in pieces, with silence past their ends, such as a `FeatureSet`. */
export interface FrameSource {
  readonly clips: readonly { readonly nFrames: number }[];
  readonly nMels: number;
  /** See `FeatureSet.readFrames`. */
  readFrames(clip: number, first: number, count: number, out: Float32Array, offset: number): Promise<void>;
}

/** Number of segments in one run of the net: enough to keep the cores busy, few enough to need little memory. */
const BATCH = 32;
/** In a sum of more probabilities, the rounding of 32-bit floats would show: it reaches 3e-8 times their number. */
const MANY_SEGMENTS = 1000;

/**
 * Computes the probabilities of each clip: the mean over its segments. Clips of any length share batches; since an
 * example's output does not depend on its batch, neither does a clip's.
 *
 * @param session a net from `inputs` [batch, segmentFrames, nMels] to `probabilities` [batch, nLabels]
 * @param options.maxSegments largest number of segments in one run of the net, `@default` 32 and at most that
 * @param options.onProgress called after every batch with the number of clips started
 * @returns one row [nLabels] per clip
 */
export async function clipProbabilities(
  session: Session,
  source: FrameSource,
  options: { segmentFrames: number; maxSegments?: number | undefined; onProgress?: (done: number) => void },
): Promise<Float32Array[]> {
  const { segmentFrames, maxSegments = BATCH, onProgress } = options;
  const batch = Math.min(BATCH, maxSegments);
  const { clips, nMels } = source;
  const rows: (Float32Array | Float64Array)[] = [];
  const size = segmentFrames * nMels;
  const inputs = new Float32Array(batch * size);
  let pending: { clip: number; start: number; nSegments: number }[] = [];
  const flush = async (): Promise<void> => {
    if (pending.length === 0) return;
    await Promise.all(
      pending.map(({ clip, start }, i) => source.readFrames(clip, start, segmentFrames, inputs, i * size)),
    );
    const data = inputs.subarray(0, pending.length * size);
    const { probabilities } = await session.run({
      inputs: { data, shape: [pending.length, segmentFrames, nMels] },
    });
    const nLabels = probabilities.shape[1];
    pending.forEach(({ clip, nSegments }, i) => {
      const row = (rows[clip] ??= new (nSegments > MANY_SEGMENTS ? Float64Array : Float32Array)(nLabels));
      for (let label = 0; label < nLabels; label++)
        row[label] += (1 / nSegments) * probabilities.data[i * nLabels + label];
    });
    onProgress?.(pending[pending.length - 1].clip + 1);
    pending = [];
  };
  for (const [clip, { nFrames }] of clips.entries()) {
    const starts = segmentStarts(nFrames, segmentFrames);
    for (const start of starts) {
      pending.push({ clip, start, nSegments: starts.length });
      if (pending.length === batch) await flush();
    }
  }
  await flush();
  return rows.map((row) => (row instanceof Float32Array ? row : Float32Array.from(row)));
}
