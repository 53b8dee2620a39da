import { describe, expect, it } from "vitest";
import wavDecoder from "wav-decoder";
import { decodeAudio } from "../../src/audio/decode.js";
import { ascii, buildWav, chunk, float32, float64, int16, u32, type WavParts } from "./build-wav.js";

const decode = (parts: WavParts) => decodeAudio(buildWav(parts), "a.wav");
const LIST = chunk("LIST", [...ascii("INFO"), ...chunk("INAM", ascii("song"))]);

// [name, file, samples of each channel, encoding]
const RIGHT: [string, WavParts, number[][], string][] = [
  ["8-bit PCM", { bits: 8, data: [0, 64, 128, 255] }, [[-1, -0.5, 0, 127 / 128]], "8-bit PCM"],
  ["16-bit PCM", { data: int16(-32768, -1, 0, 32767) }, [[-1, -1 / 32768, 0, 32767 / 32768]], "16-bit PCM"],
  [
    "24-bit PCM, including -1",
    { bits: 24, data: [0, 0, 128, 0, 0, 192, 255, 255, 255, 0, 0, 64] },
    [[-1, -0.5, -1 / 2 ** 23, 0.5]],
    "24-bit PCM",
  ],
  [
    "32-bit PCM",
    { bits: 32, data: [...u32(0x80000000), ...u32(0xffffff00), ...u32(0x40000000)] },
    [[-1, -1 / 2 ** 23, 0.5]],
    "32-bit PCM",
  ],
  [
    "32-bit float",
    { tag: 3, bits: 32, data: float32(-1.5, 0.25, 1e-20) },
    [[-1.5, 0.25, 1e-20]],
    "32-bit float",
  ],
  ["64-bit float", { tag: 3, bits: 64, data: float64(-1, 0.1, 2) }, [[-1, 0.1, 2]], "64-bit float"],
  // ITU-T G.711: 0xD5 is the smallest positive A-law value, 0xAA the largest; 0xFF is mu-law's zero, 0x80 its largest.
  [
    "A-law",
    { tag: 6, bits: 8, data: [0xd5, 0x55, 0xaa, 0x2a] },
    [[8 / 32768, -8 / 32768, 32256 / 32768, -32256 / 32768]],
    "A-law",
  ],
  [
    "mu-law",
    { tag: 7, bits: 8, data: [0xff, 0x7f, 0x80, 0x00] },
    [[0, 0, 32124 / 32768, -32124 / 32768]],
    "mu-law",
  ],
  ["20 bits in 3 bytes", { bits: 20, blockBytes: 3, data: [0, 0, 64] }, [[0.5]], "20-bit PCM in 3 bytes"],
  [
    "24 bits at the top of 4 bytes",
    { bits: 24, blockBytes: 4, data: [0, 0, 0, 128, 0, 1, 0, 64] },
    [[-1, 0.5 + 1 / 2 ** 23]],
    "24-bit PCM in 4 bytes",
  ],
  [
    "24 bits at the bottom of 4 bytes",
    { bits: 24, blockBytes: 4, data: [0, 0, 128, 255, 1, 0, 64, 0] },
    [[-1, 0.5 + 1 / 2 ** 23]],
    "24-bit PCM in 4 bytes",
  ],
  ["extensible 16-bit", { subFormat: 1, data: int16(8192) }, [[0.25]], "16-bit PCM"],
  ["extensible 24-bit", { subFormat: 1, bits: 24, data: [0, 0, 128, 0, 0, 32] }, [[-1, 0.25]], "24-bit PCM"],
  [
    "extensible 24 in 32",
    { subFormat: 1, bits: 32, validBits: 24, data: [0, 0, 0, 32] },
    [[0.25]],
    "32-bit PCM",
  ],
  ["extensible float", { subFormat: 3, bits: 32, data: float32(0.75) }, [[0.75]], "32-bit float"],
  ["extensible mu-law", { subFormat: 7, bits: 8, data: [0x80] }, [[32124 / 32768]], "mu-law"],
  [
    "stereo",
    { channels: 2, data: int16(8192, -8192, 16384, -16384) },
    [
      [0.25, 0.5],
      [-0.25, -0.5],
    ],
    "16-bit PCM",
  ],
  [
    "6 channels",
    { channels: 6, bits: 8, data: [0, 64, 128, 192, 96, 160] },
    [[-1], [-0.5], [0], [0.5], [-0.25], [0.25]],
    "8-bit PCM",
  ],
  ["4 kHz", { sampleRate: 4000 }, [[0, 0.5]], "16-bit PCM"],
  ["384 kHz", { sampleRate: 384_000 }, [[0, 0.5]], "16-bit PCM"],
  ["extra chunks", { before: [...LIST, ...chunk("fact", u32(2))], after: LIST }, [[0, 0.5]], "16-bit PCM"],
  ["an odd chunk with its pad byte", { before: chunk("note", [1, 2, 3]) }, [[0, 0.5]], "16-bit PCM"],
  ["an odd chunk without pad byte", { before: chunk("note", [1, 2, 3], false) }, [[0, 0.5]], "16-bit PCM"],
  ["an odd chunk of an unknown name", { before: chunk("mine", [1]) }, [[0, 0.5]], "16-bit PCM"],
  ["odd data without pad byte", { bits: 8, data: [192], after: LIST }, [[0.5]], "8-bit PCM"],
  ["odd data with pad byte", { bits: 8, data: [192], after: [0, ...LIST] }, [[0.5]], "8-bit PCM"],
  ["streamed with size 0", { dataBytes: 0 }, [[0, 0.5]], "16-bit PCM"],
  ["streamed with size 0 and a trailing chunk", { dataBytes: 0, after: LIST }, [[0, 0.5]], "16-bit PCM"],
  ["streamed with size 0xFFFFFFFF", { dataBytes: 0xffffffff }, [[0, 0.5]], "16-bit PCM"],
  [
    "streamed with size 0xFFFFFFFF and two trailing chunks",
    { dataBytes: 0xffffffff, after: [...LIST, ...chunk("id3 ", [1])] },
    [[0, 0.5]],
    "16-bit PCM",
  ],
  [
    "streamed, samples that spell a chunk",
    { dataBytes: 0, data: [...ascii("LIST"), ...u32(99)] },
    [[0x494c, 0x5453, 99, 0].map((x) => x / 32768)],
    "16-bit PCM",
  ],
  [
    "RF64",
    { container: "RF64", dataBytes: 0xffffffff, longDataBytes: 4, after: LIST },
    [[0, 0.5]],
    "16-bit PCM",
  ],
  ["BW64", { container: "BW64", dataBytes: 0xffffffff, longDataBytes: 4 }, [[0, 0.5]], "16-bit PCM"],
  [
    "RF64 with its own short size",
    { container: "RF64", longDataBytes: 0, after: LIST },
    [[0, 0.5]],
    "16-bit PCM",
  ],
  ["RIFX", { container: "RIFX", data: [64, 0, 192, 0] }, [[0.5, -0.5]], "16-bit PCM"],
  ["RIFX 24-bit", { container: "RIFX", bits: 24, data: [64, 0, 0] }, [[0.5]], "24-bit PCM"],
  [
    "RIFX float",
    { container: "RIFX", tag: 3, bits: 32, data: float32(0.1).reverse() },
    [[0.1]],
    "32-bit float",
  ],
];

describe("decodeAudio of a WAV file", () => {
  it.each(RIGHT)("%s", async (_name, parts, channels, encoding) => {
    const { channelData, sampleRate, format, warnings } = await decode(parts);
    expect(channelData.map((samples) => [...samples])).toEqual(
      channels.map((x) => [...Float32Array.from(x)]),
    );
    expect(warnings).toEqual([]);
    expect(sampleRate).toBe(parts.sampleRate ?? 8000);
    expect(format).toMatchObject({
      encoding,
      channels: channels.length,
      sampleRate,
      nSamples: channels[0].length,
    });
  });

  it("reads a file that is a view into a larger buffer", async () => {
    const file = buildWav({ channels: 2, data: int16(8192, -8192) });
    const pool = new Uint8Array(file.length + 3);
    pool.set(file, 3);
    const { channelData } = await decodeAudio(pool.subarray(3), "a.wav");
    expect(channelData).toEqual([Float32Array.of(0.25), Float32Array.of(-0.25)]);
  });

  it("reads every value of 16-bit PCM as wav-decoder does", async () => {
    const file = buildWav({
      channels: 2,
      data: int16(...Array.from({ length: 65536 }, (_, i) => i - 32768)),
    });
    const expected = wavDecoder.decode.sync(file.buffer as ArrayBuffer, { symmetric: true });
    expect((await decodeAudio(file, "a.wav")).channelData).toEqual(expected.channelData);
  });
});

// [name, file, samples, warnings]
const WARNED: [string, WavParts, number[], string[]][] = [
  [
    "truncated data",
    { dataBytes: 882_000 },
    [0, 0.5],
    ["data chunk declares 882000 bytes, the file ends after 4"],
  ],
  [
    "data truncated inside a frame",
    { dataBytes: 6, data: [...int16(0, 16384), 7] },
    [0, 0.5],
    [
      "data chunk declares 6 bytes, the file ends after 5",
      "ends with an incomplete frame (1 of 2 bytes), which is dropped",
    ],
  ],
  [
    "a partial last frame",
    { data: [...int16(16384), 7] },
    [0.5],
    ["ends with an incomplete frame (1 of 2 bytes), which is dropped"],
  ],
  [
    "a second data chunk",
    { after: chunk("data", int16(1)) },
    [0, 0.5],
    ["a second data chunk of 2 bytes is not read"],
  ],
  [
    "24 bits in 4 bytes that could be at either end",
    { bits: 24, blockBytes: 4, data: [0, 1, 0, 0] },
    [2 ** -23],
    ["24-bit samples in 4 bytes could be at the top or the bottom; timbrel assumes the top"],
  ],
];

describe("decodeAudio warns about", () => {
  it.each(WARNED)("%s", async (_name, parts, samples, warnings) => {
    const decoded = await decode(parts);
    expect([...decoded.channelData[0]]).toEqual(samples);
    expect(decoded.warnings.map(({ message }) => message)).toEqual(warnings);
  });
});
