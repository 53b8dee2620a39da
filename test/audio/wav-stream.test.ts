import { describe, expect, it } from "vitest";
import { type AudioStream, BLOCK_SAMPLES } from "../../src/audio/audio-stream.js";
import { bytesInMemory } from "../../src/audio/byte-source.js";
import { decodeAudio, openAudio } from "../../src/audio/decode.js";
import { buildWav, chunk, int16, u32, type WavParts } from "./build-wav.js";
import { sparseSource } from "./sparse-source.js";

async function blocksOf({ blocks }: AudioStream): Promise<Float32Array[][]> {
  const all: Float32Array[][] = [];
  for await (const block of blocks) all.push(block.map((samples) => samples.slice()));
  return all;
}

/** A WAV file with these samples. */
const wavOf = (parts: WavParts, data: Uint8Array) =>
  Uint8Array.from(Buffer.concat([buildWav({ ...parts, data: [], dataBytes: data.length }), data]));

/** Three blocks and one frame of bytes that differ everywhere. */
const longData = (frameBytes: number) =>
  new Uint8Array((3 * BLOCK_SAMPLES + 1) * frameBytes).map((_, i) => (i * 2654435761) >>> 24);

// A sample's bytes do not depend on its position, so the end of a long file must decode like a short file of its own.
const LAYOUTS: [string, WavParts & { frameBytes: number }][] = [
  ["8-bit PCM", { bits: 8, frameBytes: 1 }],
  ["16-bit PCM, stereo", { channels: 2, frameBytes: 4 }],
  ["24-bit PCM", { bits: 24, frameBytes: 3 }],
  ["32-bit PCM, big-endian", { container: "RIFX", bits: 32, frameBytes: 4 }],
  ["mu-law", { tag: 7, bits: 8, frameBytes: 1 }],
];

describe("a WAV file opened as a stream", () => {
  it.each(LAYOUTS)("gives %s in blocks of whole frames", async (_, { frameBytes, ...parts }) => {
    const data = longData(frameBytes);
    const stream = await openAudio(bytesInMemory(wavOf(parts, data)), "a.wav");
    const blocks = await blocksOf(stream);
    expect(blocks.map(([first]) => first.length)).toEqual([BLOCK_SAMPLES, BLOCK_SAMPLES, BLOCK_SAMPLES, 1]);
    expect(stream.declaredSamples).toBe(3 * BLOCK_SAMPLES + 1);
    const last = await decodeAudio(wavOf(parts, data.slice(-frameBytes)), "a.wav");
    expect(blocks[3]).toEqual(last.channelData);
    const second = data.slice(BLOCK_SAMPLES * frameBytes, (BLOCK_SAMPLES + 500) * frameBytes);
    const { channelData } = await decodeAudio(wavOf(parts, second), "a.wav");
    expect(blocks[1].map((samples) => samples.slice(0, 500))).toEqual(channelData);
  });

  it("decides once for the whole file where 24 bits are in 4 bytes", async () => {
    // Only the last sample shows that all of them are at the bottom.
    const data = new Uint8Array(4 * BLOCK_SAMPLES + 4);
    data.set([1, 0, 128, 255], 4 * BLOCK_SAMPLES);
    const file = wavOf({ bits: 24, blockBytes: 4 }, data);
    const blocks = await blocksOf(await openAudio(bytesInMemory(file), "a.wav"));
    expect(blocks[1][0][0]).toBe(-1 + 2 ** -23);
  });

  it("reads samples that begin behind the fourth gigabyte", async () => {
    const data = int16(8192, -8192);
    const head = buildWav({ before: [...chunk("JUNK", []).slice(0, 4), ...u32(0xfffffff0)], data: [] });
    const dataAt = 36 + 8 + 0xfffffff0;
    const source = sparseSource(dataAt + 8 + data.length, [
      [0, head.subarray(0, 44)],
      [dataAt, chunk("data", data)],
    ]);
    const blocks = await blocksOf(await openAudio(source, "a.wav"));
    expect(blocks).toEqual([[Float32Array.of(0.25, -0.25)]]);
    expect(source.longestRead).toBeLessThan(5000);
  });

  // A header of 12 hours of 44.1 kHz stereo: 7.6 GB.
  const NBYTES = 12 * 3600 * 44100 * 4;
  const long = { channels: 2, sampleRate: 44100, data: [] } satisfies WavParts;
  it.each<[string, Uint8Array, string[]]>([
    ["RF64", buildWav({ ...long, container: "RF64", dataBytes: 0xffffffff, longDataBytes: NBYTES }), []],
    ["a RIFF file without a size", buildWav({ ...long, dataBytes: 0xffffffff }), []],
    [
      "a RIFF file that keeps 32 bits of the size",
      buildWav({ ...long, dataBytes: NBYTES % 2 ** 32 }),
      [
        `data chunk declares ${NBYTES % 2 ** 32} bytes of ${NBYTES + 30}; timbrel assumes ${NBYTES}, which do not fit into the header`,
      ],
    ],
  ])("knows the length of 12 hours in %s, and holds little of them", async (_, head, warnings) => {
    const tail = chunk("LIST", new Array(22).fill(0));
    const source = sparseSource(head.length + NBYTES + tail.length, [
      [0, head],
      [head.length + NBYTES, tail],
    ]);
    const stream = await openAudio(source, "a.wav");
    expect(stream.declaredSamples).toBe(12 * 3600 * 44100);
    expect(stream.warnings.map(({ message }) => message)).toEqual(warnings);
    for await (const block of stream.blocks) {
      expect(block.map((samples) => samples.length)).toEqual([BLOCK_SAMPLES, BLOCK_SAMPLES]);
      break;
    }
    expect(source.longestRead).toBeLessThanOrEqual(2 ** 24);
  });

  it("keeps blocks of 1024 channels small", async () => {
    const head = buildWav({ channels: 1024, bits: 32, dataBytes: 1e9, data: [] });
    const source = sparseSource(head.length + 1e9, [[0, head]]);
    for await (const block of (await openAudio(source, "a.wav")).blocks) {
      expect(block.length * block[0].length).toBeLessThan(2 ** 20);
      break;
    }
  });

  it("reads to the end of a file that SoX wrote to a pipe", async () => {
    const { warnings, format } = await decodeAudio(buildWav({ dataBytes: 0x7ffff000 }), "a.wav");
    expect([format.nSamples, warnings]).toEqual([2, []]);
  });

  it("gives up on a header of endless empty chunks", async () => {
    const source = sparseSource(1e9, [[0, buildWav().subarray(0, 36)]]);
    await expect(openAudio(source, "a.wav")).rejects.toThrow("a.wav: the file has no data chunk");
  });

  it("says if the file shrinks while it is read", async () => {
    const { read, ...rest } = bytesInMemory(buildWav());
    const shrinking = {
      ...rest,
      read: (start: number, length: number) => read(start, Math.min(length, 46 - start)),
    };
    const stream = await openAudio(shrinking, "a.wav");
    await expect(blocksOf(stream)).rejects.toThrow("a.wav: was cut short while it was read");
  });
});
