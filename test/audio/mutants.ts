import fc from "fast-check";
import { expect } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";
import { DataError } from "../../src/core/errors.js";

const INTERESTING = [0, 1, 2, 3, 4, 7, 8, 16, 24, 32, 127, 128, 254, 255];
const mutation = fc.record({
  at: fc.nat(200),
  bytes: fc.array(fc.oneof(fc.constantFrom(...INTERESTING), fc.nat(255)), { minLength: 1, maxLength: 8 }),
});

/** One of the files with some bytes changed, bytes added, or its end cut off; the first four bytes stay. */
export const mutantOf = (files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .record({
      file: fc.constantFrom(...files),
      mutations: fc.array(mutation, { maxLength: 6 }),
      length: fc.option(fc.nat(200)),
      tail: fc.uint8Array({ maxLength: 30 }),
    })
    .map(({ file, mutations, length, tail }) => {
      const bytes = Uint8Array.from([...file, ...tail]);
      for (const { at, bytes: values } of mutations)
        for (const [i, value] of values.entries()) bytes[(at + i) % bytes.length] = value;
      for (let i = 0; i < 4; i++) bytes[i] = file[i];
      return bytes.subarray(0, length ?? bytes.length);
    });

/** Checks that a file gives finite samples, no more than its bytes, or a one-line DataError, and stays as it was. */
export async function expectSamplesOrDataError(bytes: Uint8Array): Promise<void> {
  const before = bytes.slice();
  try {
    const { channelData, sampleRate, format } = await decodeAudio(bytes, "x.wav");
    expect(channelData.length).toBe(format.channels);
    expect(channelData.reduce((sum, samples) => sum + samples.length, 0)).toBeLessThanOrEqual(bytes.length);
    expect(
      channelData.every((samples) => samples.length === format.nSamples && samples.every(Number.isFinite)),
    ).toBe(true);
    expect(format.nSamples).toBeGreaterThan(0);
    expect(sampleRate).toBeGreaterThanOrEqual(4000);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(/^x\.wav: [^\n]+$/);
  }
  expect(bytes).toEqual(before);
}
