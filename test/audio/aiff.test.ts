import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";
import { UnreadFormatError } from "../../src/audio/foreign-format.js";
import { type AiffParts, auHeader, be16, big, buildAiff, aiffChunk as chunk } from "./build-aiff.js";
import { ascii, float32, u32 } from "./build-wav.js";
import { expectSamplesOrDataError, mutantOf } from "./mutants.js";

// Written by sox, ffmpeg and libsndfile, read by libsndfile; made by scripts/fixtures/aiff.py.
const fixtures = new URL("./fixtures/aiff/", import.meta.url);
const { files } = JSON.parse(readFileSync(new URL("expected.json", fixtures), "utf8")) as {
  files: Record<string, { sampleRate: number; channels: number[][] }>;
};
const FORMATS: Record<string, [string, string]> = {
  "pcm8.aiff": ["AIFF", "8-bit PCM"],
  "pcm16.aiff": ["AIFF", "16-bit PCM"],
  "pcm24.aiff": ["AIFF", "24-bit PCM"],
  "pcm32.aiff": ["AIFF", "32-bit PCM"],
  "sowt.aifc": ["AIFF-C", "16-bit PCM"],
  "raw.aifc": ["AIFF-C", "8-bit PCM"],
  "fl32.aifc": ["AIFF-C", "32-bit float"],
  "fl64.aifc": ["AIFF-C", "64-bit float"],
  "a-law.aifc": ["AIFF-C", "A-law"],
  "mu-law.aifc": ["AIFF-C", "mu-law"],
  "pcm16.au": ["AU", "16-bit PCM"],
  "pcm24.au": ["AU", "24-bit PCM"],
  "float32.au": ["AU", "32-bit float"],
  "float64.au": ["AU", "64-bit float"],
  "a-law.au": ["AU", "A-law"],
  "mu-law.au": ["AU", "mu-law"],
};

describe("decodeAudio equals libsndfile", () => {
  it("has an expectation for each file", () => {
    expect(Object.keys(files).sort()).toEqual(Object.keys(FORMATS).sort());
  });
  it.each(Object.entries(files))("%s", async (name, expected) => {
    const bytes = readFileSync(new URL(name, fixtures));
    const { channelData, sampleRate, format, warnings } = await decodeAudio(bytes, name);
    expect([format.container, format.encoding]).toEqual(FORMATS[name]);
    expect(warnings).toEqual([]);
    expect(sampleRate).toBe(expected.sampleRate);
    expect(channelData.map((samples) => [...samples])).toEqual(expected.channels);
  });
});

const MARK = chunk("MARK", [1, 2, 3]);
const READ: [string, AiffParts, number[]][] = [
  ["COMM after SSND", { order: "sound first" }, [0.25, -0.25]],
  ["odd chunks with their pad byte", { before: MARK, after: MARK }, [0.25, -0.25]],
  ["unused bytes before the samples", { offset: 5 }, [0.25, -0.25]],
  ["12 bits in 2 bytes", { bits: 12, nFrames: 2 }, [0.25, -0.25]],
  ["sizes of 0, as ffmpeg writes to a pipe", { soundBytes: 0, nFrames: 0 }, [0.25, -0.25]],
  ["sizes as SoX writes to a pipe", { soundBytes: 0x7f000008, nFrames: 0x3f800000 }, [0.25, -0.25]],
  ["a size of 0 and a number of samples", { soundBytes: 0, nFrames: 1 }, [0.25]],
  ["fewer samples declared than there are", { nFrames: 1 }, [0.25, -0.25]],
  ["bits that do not fit the encoding's", { code: "in24", bits: 16, data: [0x20, 0, 0] }, [0.25]],
];

describe("decodeAudio of an AIFF file", () => {
  it.each(READ)("reads %s", async (_, parts, samples) => {
    const { channelData, warnings, sampleRate } = await decodeAudio(buildAiff(parts), "a.aiff");
    expect([...channelData[0]]).toEqual(samples);
    expect(warnings).toEqual([]);
    expect(sampleRate).toBe(22050);
  });

  it("rounds a rate that is not a whole number", async () => {
    const rate = [0x40, 0x0d, 0xad, 0xdd, 0x17, 0x43, 0, 0, 0, 0]; // the first Macintosh's: 22254.545 Hz
    expect((await decodeAudio(buildAiff({ rate }), "a.aiff")).sampleRate).toBe(22255);
  });

  it.each<[string, AiffParts, number[], string]>([
    [
      "a file that ends early",
      { soundBytes: 888 },
      [0.25, -0.25],
      "SSND chunk declares 880 bytes of samples, the file ends after 4",
    ],
    [
      "more samples declared than there are",
      { nFrames: 9 },
      [0.25, -0.25],
      "COMM chunk declares 9 samples, the SSND chunk holds 2",
    ],
    [
      "an incomplete frame",
      { data: [...be16(8192), 7], nFrames: 1 },
      [0.25],
      "ends with an incomplete frame (1 of 2 bytes), which is dropped",
    ],
  ])("warns about %s", async (_, parts, samples, warning) => {
    const { channelData, warnings } = await decodeAudio(buildAiff(parts), "a.aiff");
    expect([...channelData[0]]).toEqual(samples);
    expect(warnings.map(({ message }) => message)).toEqual([warning]);
  });

  const whole = buildAiff();
  it.each<[string, Uint8Array, string]>([
    ["only a header", whole.subarray(0, 12), "the file has no COMM chunk"],
    ["no samples", whole.subarray(0, 38), "the file has no SSND chunk"],
    ["empty samples", buildAiff({ data: [] }), "the SSND chunk is empty"],
    ["samples that begin behind the file's end", whole.subarray(0, 46), "the SSND chunk is empty"],
    ["a COMM chunk cut short", whole.subarray(0, 30), "the COMM chunk needs at least 18 bytes, has 10"],
    [
      "a chunk that runs past the end",
      buildAiff({ before: [...ascii("MARK"), ...big(u32(9999))] }),
      'chunk "MARK" at byte 38 declares 9999 bytes, the file ends after 66; no SSND chunk was found',
    ],
    ["no channels", buildAiff({ channels: 0, nFrames: 2 }), "has 0 channels, timbrel reads 1 to 1024"],
    ["0 bits", buildAiff({ bits: 0, nFrames: 2 }), "the COMM chunk declares samples of 0 bits"],
    [
      "a rate of 0",
      buildAiff({ rate: new Array(10).fill(0) }),
      "has a sample rate of 0 Hz, timbrel reads 4000 to 384000 Hz",
    ],
    [
      "an infinite rate",
      buildAiff({ rate: [0x7f, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0] }),
      "has a sample rate of Infinity Hz, timbrel reads 4000 to 384000 Hz",
    ],
    [
      "compressed samples",
      buildAiff({ code: "ima4" }),
      'the AIFF-C file holds the encoding "ima4", which timbrel does not read; convert it to WAV or FLAC',
    ],
  ])("rejects %s", async (_, bytes, reason) => {
    await expect(decodeAudio(bytes, "a.aiff")).rejects.toMatchObject({
      name: "DataError",
      message: `a.aiff: ${reason}`,
    });
  });
});

describe("decodeAudio of an AU file", () => {
  const decode = (bytes: number[]) => decodeAudio(Uint8Array.from(bytes), "a.au");

  it("reads to the end if the size is unknown, and skips a comment", async () => {
    const { channelData } = await decode([...auHeader(28, 0xffffffff), 1, 2, 3, 4, ...be16(8192)]);
    expect(channelData).toEqual([Float32Array.of(0.25)]);
  });
  it("warns if the file ends early", async () => {
    const { warnings } = await decode([...auHeader(24, 99), ...be16(8192)]);
    expect(warnings.map(({ message }) => message)).toEqual([
      "AU header declares 99 bytes of samples, the file ends after 2",
    ]);
  });
  it.each<[string, number[], string]>([
    [
      "a header cut short",
      auHeader(24, 2).slice(0, 20),
      "the file ends after 20 bytes, inside its AU header",
    ],
    ["no samples", auHeader(24, 0), "the AU data is empty"],
    ["no channels", auHeader(24, 2, 3, 0), "has 0 channels, timbrel reads 1 to 1024"],
    [
      "samples inside the header",
      auHeader(8, 2),
      "the AU header declares that samples begin at byte 8, inside it",
    ],
    [
      "compressed samples",
      auHeader(24, 2, 23),
      "the AU file holds encoding 23, which timbrel does not read; convert it to WAV or FLAC",
    ],
  ])("rejects %s", async (_, bytes, reason) => {
    await expect(decode(bytes)).rejects.toThrow(`a.au: ${reason}`);
  });
});

it("a damaged AIFF or AU file gives finite samples, no more than its bytes, or a one-line DataError", async () => {
  const seeds = [
    buildAiff({ before: MARK, after: MARK }),
    buildAiff({ channels: 2, bits: 24, data: [1, 2, 3, 4, 5, 6], order: "sound first" }),
    buildAiff({ code: "fl32", bits: 32, data: [...big(float32(0.5)), ...big(float32(-1))] }),
    buildAiff({ code: "sowt", soundBytes: 0, nFrames: 0, offset: 3 }),
    Uint8Array.from([...auHeader(28, 0xffffffff), 1, 2, 3, 4, ...be16(8192, 5)]),
    Uint8Array.from([...auHeader(24, 8, 6, 2), ...big(float32(0.5)), ...big(float32(-1))]),
  ];
  await fc.assert(fc.asyncProperty(mutantOf(seeds), expectSamplesOrDataError), { numRuns: 3000, seed: 3 });
});

it("an encoding that only other programs read is an error of its own kind", async () => {
  const error = await decodeAudio(buildAiff({ code: "ima4" }), "a").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnreadFormatError);
  expect((error as UnreadFormatError).container).toEqual({ container: "AIFF-C", encoding: '"ima4"' });
});
