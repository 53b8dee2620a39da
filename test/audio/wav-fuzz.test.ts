import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";
import { ascii, buildWav, chunk, float32, int16, u32, type WavParts } from "./build-wav.js";
import { expectSamplesOrDataError, mutantOf } from "./mutants.js";

// Whatever bytes a WAV header holds, the result is samples or a DataError, soon, in memory bounded by the file's size.
const LIST = chunk("LIST", [...ascii("INFO"), ...chunk("INAM", ascii("title"))]);
const SEEDS: WavParts[] = [
  {},
  { channels: 2, data: int16(...Array.from({ length: 40 }, (_, i) => i * 800)) },
  { bits: 8, data: [1, 2, 3, 4, 5], before: LIST, after: LIST },
  { bits: 24, blockBytes: 4, data: [...u32(256), ...u32(512)] },
  { subFormat: 1, bits: 24, channels: 6, data: Array.from({ length: 36 }, (_, i) => i) },
  { tag: 3, bits: 32, data: float32(0.1, -0.2, 0.3), dataBytes: 0, after: LIST },
  { tag: 7, bits: 8, data: [1, 2, 3], dataBytes: 0xffffffff, after: [0, ...LIST] },
  { container: "RF64", dataBytes: 0xffffffff, longDataBytes: 4, after: LIST },
  { container: "RIFX", subFormat: 1, bits: 32, data: u32(0x11223344) },
];
const files = SEEDS.map(buildWav);

it("a damaged WAV file gives finite samples, no more than its bytes, or a one-line DataError", async () => {
  await fc.assert(fc.asyncProperty(mutantOf(files), expectSamplesOrDataError), { numRuns: 5000, seed: 2 });
});

it("a long streamed file full of chunk headers is searched in time linear in its size", async () => {
  // Every eight bytes are a chunk of size 0, and the end breaks each run of them: a search that goes back is quadratic.
  const repeated = Array.from({ length: 100_000 }, () => [...ascii("LIST"), ...u32(0)]).flat();
  const file = buildWav({ dataBytes: 0xffffffff, data: [...repeated, 1, 2] });
  const { format } = await decodeAudio(file, "x.wav");
  expect(format.nSamples).toBe(400_001);
});
