import { expect, it } from "vitest";
import type { AudioStream } from "../../src/audio/audio-stream.js";
import { durationText, MonoStream } from "../../src/audio/mono-stream.js";
import { DataError } from "../../src/core/errors.js";

const format = { container: "WAV", encoding: "16-bit PCM", channels: 2, sampleRate: 1000 };

/** Blocks of a second; `read` counts those that were decoded, `isClosed` says that the decoder was ended. */
function audioOf(nSec: number, declaredSec: number | null) {
  const state = { read: 0, isClosed: false };
  async function* blocks(): AsyncGenerator<Float32Array[]> {
    try {
      for (; state.read < nSec; state.read++)
        yield [new Float32Array(1000).fill(0.5), new Float32Array(1000).fill(0.25)];
    } finally {
      state.isClosed = true;
    }
  }
  const audio: AudioStream = {
    format,
    declaredSamples: declaredSec === null ? null : 1000 * declaredSec,
    blocks: blocks(),
    warnings: [{ code: "truncated", message: "ends early" }],
  };
  return { audio, state };
}

async function readAll(stream: MonoStream): Promise<number> {
  let sum = 0;
  for await (const samples of stream.blocks()) sum += samples.reduce((total, x) => total + x, 0);
  return sum;
}

it("gives the mean of the channels, and knows length, levels and warnings at the end", async () => {
  const stream = new MonoStream(audioOf(3, 7).audio, "a.wav");
  expect(await readAll(stream)).toBe(3000 * 0.375);
  expect([stream.declaredSec, stream.nSamples, stream.durationSec]).toEqual([7, 3000, 3]);
  expect(stream.levels.peakDbfs).toBeCloseTo(-6.02, 2);
  expect(stream.warnings).toEqual([{ code: "truncated", message: "ends early" }]);
});

it.each([
  ["as soon as it is reached", 10, null, 5],
  ["as soon as it is reached, whatever the file declares", 10, 2, 5],
])("ends a file beyond the longest duration %s, and its decoder", async (_when, nSec, declaredSec, nRead) => {
  const { audio, state } = audioOf(nSec, declaredSec);
  const stream = new MonoStream(audio, "a.wav", { maxDurationSec: 5 });
  await expect(readAll(stream)).rejects.toThrow(
    new DataError("a.wav", "lasts more than 5 s; raise `maxDurationSec`, or cut it"),
  );
  expect(state).toEqual({ read: nRead, isClosed: true });
});

it.each([5, 1e6])("reads a file of exactly the longest duration that declares %d s", async (declaredSec) => {
  const stream = new MonoStream(audioOf(5, declaredSec).audio, "a.wav", { maxDurationSec: 5 });
  await readAll(stream);
  expect(stream.durationSec).toBe(5);
});

it("names a duration in its greatest whole unit", () => {
  expect([43_200, 5400, 3600, 60, 90, 0.5].map(durationText)).toEqual([
    "12 h",
    "90 min",
    "1 h",
    "1 min",
    "90 s",
    "0.5 s",
  ]);
});
