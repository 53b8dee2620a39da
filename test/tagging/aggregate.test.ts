import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import type { Session } from "../../src/runtime/engine.js";
import { clipAnswers, type FrameSource } from "../../src/tagging/aggregate.js";
import { ENGINE } from "../engine.js";
import { SEGMENT_FRAMES, tinyModel } from "./tiny-model.js";

// Float32 sums over segments; kernels may split their sums differently at other batch sizes.
const SAME = 1e-6;
const N_MELS = 16;

const session = await ENGINE.open(tinyModel());

/** Clips of random features with these lengths [frames]. */
function randomClips(lengths: readonly number[]): Float32Array[] {
  const random = new Random("clips");
  // Each clip has its own level, so that the answers differ.
  return lengths.map((frames, i) =>
    Float32Array.from({ length: frames * N_MELS }, () => random.uniform(0, 0.05 * (i + 1))),
  );
}

function sourceOf(clips: readonly Float32Array[]): FrameSource {
  return {
    clips: clips.map(({ length }) => ({ nFrames: length / N_MELS })),
    nMels: N_MELS,
    async readFrames(clip, first, count, out, offset) {
      out.fill(0, offset, offset + count * N_MELS);
      out.set(clips[clip].subarray(first * N_MELS, (first + count) * N_MELS), offset);
    },
  };
}

/** Runs the segments that start at these frames one at a time, and returns the mean of the answers. */
async function meanOfSegments(clip: Float32Array, starts: readonly number[]): Promise<number[]> {
  const sums = [0, 0, 0];
  for (const start of starts) {
    const data = new Float32Array(SEGMENT_FRAMES * N_MELS);
    data.set(clip.subarray(start * N_MELS, (start + SEGMENT_FRAMES) * N_MELS));
    const { probabilities } = await session.run({ inputs: { data, shape: [1, SEGMENT_FRAMES, N_MELS] } });
    probabilities.data.forEach((value, label) => {
      sums[label] += value / starts.length;
    });
  }
  return sums;
}

/** The probabilities of each clip. */
const clipProbabilities = async (...args: Parameters<typeof clipAnswers>) =>
  (await clipAnswers(...args)).map(({ probabilities }) => probabilities);

describe("clipAnswers", () => {
  const lengths = [16, 1, 40, 15, 17, 700, 16];
  const clips = randomClips(lengths);
  const together = clipProbabilities(session, sourceOf(clips), { segmentFrames: SEGMENT_FRAMES });

  it("gives the same answers in smaller runs, none of them larger than it may be", async () => {
    const sizes: number[] = [];
    const recording: Session = {
      ...session,
      run(feeds) {
        sizes.push(feeds["inputs"].shape[0]);
        return session.run(feeds);
      },
    };
    const options = { segmentFrames: SEGMENT_FRAMES, maxSegments: 5 };
    const rows = await clipProbabilities(recording, sourceOf(clips), options);
    expect(new Set(sizes)).toEqual(new Set([5, 3]));
    for (const [clip, row] of (await together).entries())
      for (const [label, value] of row.entries())
        expect(Math.abs(rows[clip][label] - value)).toBeLessThan(SAME);
  });

  it.each([
    [0, [0]],
    [1, [0]],
    [2, [0, 12, 24]],
    [4, [0, 1]],
  ])("averages the segments of clip %i that start at %j", async (clip, starts) => {
    const expected = await meanOfSegments(clips[clip], starts);
    (await together)[clip].forEach((value, label) => {
      expect(Math.abs(value - expected[label])).toBeLessThan(SAME);
    });
  });

  it("gives the same for a clip alone as together with others", async () => {
    const rows = await together;
    expect(rows).toHaveLength(clips.length);
    for (const [i, clip] of clips.entries()) {
      const [alone] = await clipProbabilities(session, sourceOf([clip]), { segmentFrames: SEGMENT_FRAMES });
      alone.forEach((value, label) => {
        expect(Math.abs(value - rows[i][label]), `clip ${i}`).toBeLessThan(SAME);
      });
    }
    const reversed = await clipProbabilities(session, sourceOf([...clips].reverse()), {
      segmentFrames: SEGMENT_FRAMES,
    });
    reversed.reverse().forEach((row, i) => {
      for (const [label, value] of row.entries()) expect(Math.abs(value - rows[i][label])).toBeLessThan(SAME);
    });
  });

  it("gives different answers for different clips, without which the tests above would prove nothing", async () => {
    const rows = await together;
    expect(Math.max(...rows[0].map((value, label) => Math.abs(value - rows[6][label])))).toBeGreaterThan(
      0.01,
    );
  });

  it("reports the clips started, up to the last", async () => {
    const done: number[] = [];
    await clipProbabilities(session, sourceOf(clips), {
      segmentFrames: SEGMENT_FRAMES,
      onProgress: (count) => done.push(count),
    });
    expect(done).toEqual([6, 6, 6, 7]); // 1 + 1 + 3 + 1 + 2 + 44 + 1 segments: 16, 32 and 48 end in the sixth clip
  });

  it("runs no empty batch after clips that fill the last one", async () => {
    const sizes: number[] = [];
    const done: number[] = [];
    const counting = {
      ...session,
      run(feeds: Parameters<typeof session.run>[0]) {
        sizes.push(feeds["inputs"].shape[0]);
        return session.run(feeds);
      },
    };
    const full = randomClips(Array<number>(32).fill(SEGMENT_FRAMES));
    const rows = await clipProbabilities(counting, sourceOf(full), {
      segmentFrames: SEGMENT_FRAMES,
      onProgress: (count) => done.push(count),
    });
    expect([rows.length, sizes, done]).toEqual([32, [16, 16], [16, 32]]);
  });

  it("gives nothing for no clips", async () => {
    expect(await clipProbabilities(session, sourceOf([]), { segmentFrames: SEGMENT_FRAMES })).toEqual([]);
  });
});
