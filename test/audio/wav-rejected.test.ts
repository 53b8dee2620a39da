import { describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";
import { ascii, buildWav, chunk, float32, float64, int16, u16, u32 } from "./build-wav.js";

const LIST = chunk("LIST", [...ascii("INFO"), ...chunk("INAM", ascii("song"))]);
const badGuid = buildWav({ subFormat: 1 });
badGuid[50] ^= 1;
const shortFmt = Uint8Array.from([...ascii("RIFF"), ...u32(0), ...ascii("WAVE"), ...chunk("fmt ", u16(1))]);
const compressed = "which timbrel does not read; convert it to PCM";

const REJECTED: [string, Uint8Array, string][] = [
  ["an empty file", new Uint8Array(0), "the file is empty"],
  [
    "text",
    Uint8Array.from(ascii("hello, this is no audio")),
    "not audio that timbrel reads (WAV, AIFF, AU, MP3, OGG Vorbis, Opus or FLAC)",
  ],
  ["four bytes", Uint8Array.from(ascii("RIFF")), "the file ends after 4 bytes, inside its RIFF header"],
  [
    "an AVI file",
    buildWav({ form: "AVI " }),
    "AVI file, which timbrel does not read; convert it to WAV or FLAC",
  ],
  ["a sound font", buildWav({ form: "sfbk" }), 'RIFF file of form "sfbk", not WAVE'],
  ["only a header", buildWav().subarray(0, 12), "the file has no fmt chunk"],
  ["no data chunk", buildWav().subarray(0, 36), "the file has no data chunk"],
  [
    "a chunk that runs past the end",
    buildWav({ before: [...ascii("LIST"), ...u32(9999)] }),
    'chunk "LIST" at byte 36 declares 9999 bytes, the file ends after 56; no data chunk was found',
  ],
  [
    "data before fmt",
    Uint8Array.from([...ascii("RIFF"), ...u32(0), ...ascii("WAVE"), ...chunk("data", [1, 2])]),
    "the data chunk comes before any fmt chunk",
  ],
  ["empty data", buildWav({ data: [] }), "the data chunk is empty"],
  ["empty data before another chunk", buildWav({ data: [], after: LIST }), "the data chunk is empty"],
  [
    "less than one frame",
    buildWav({ channels: 2, data: int16(1) }),
    "the data chunk holds 2 bytes, less than one frame of 4",
  ],
  [
    "a short fmt chunk",
    Uint8Array.from([...shortFmt, ...chunk("data", [1, 2])]),
    "the fmt chunk needs at least 16 bytes, has 2",
  ],
  [
    "RF64 without ds64",
    buildWav({ container: "RF64", dataBytes: 0xffffffff }),
    "RF64 file has no ds64 chunk",
  ],
  ["no channels", buildWav({ channels: 0, blockBytes: 0 }), "has 0 channels, timbrel reads 1 to 1024"],
  [
    "65535 channels",
    buildWav({ channels: 65535, blockBytes: 65535 }),
    "has 65535 channels, timbrel reads 1 to 1024",
  ],
  ["rate 0", buildWav({ sampleRate: 0 }), "has a sample rate of 0 Hz, timbrel reads 4000 to 384000 Hz"],
  ["rate 1", buildWav({ sampleRate: 1 }), "has a sample rate of 1 Hz, timbrel reads 4000 to 384000 Hz"],
  [
    "rate 2^32 - 1",
    buildWav({ sampleRate: 0xffffffff }),
    "has a sample rate of 4294967295 Hz, timbrel reads 4000 to 384000 Hz",
  ],
  [
    "block size 0",
    buildWav({ blockBytes: 0 }),
    "a block size of 0 bytes does not fit 16-bit pcm on 1 channel",
  ],
  [
    "block size 100",
    buildWav({ blockBytes: 100 }),
    "a block size of 100 bytes does not fit 16-bit pcm on 1 channel",
  ],
  [
    "0 bits",
    buildWav({ bits: 0, blockBytes: 1 }),
    "a block size of 1 bytes does not fit 0-bit pcm on 1 channel",
  ],
  ["16-bit float", buildWav({ tag: 3 }), "a block size of 2 bytes does not fit 16-bit float on 1 channel"],
  [
    "Microsoft ADPCM",
    buildWav({ tag: 2, bits: 4, blockBytes: 256 }),
    `the WAV file holds Microsoft ADPCM (format 0x0002), ${compressed}`,
  ],
  [
    "IMA ADPCM",
    buildWav({ tag: 0x11, bits: 4, blockBytes: 256 }),
    `the WAV file holds IMA ADPCM (format 0x0011), ${compressed}`,
  ],
  [
    "GSM",
    buildWav({ tag: 0x31, bits: 0, blockBytes: 65 }),
    `the WAV file holds GSM 6.10 (format 0x0031), ${compressed}`,
  ],
  [
    "MP3 in WAV",
    buildWav({ tag: 0x55, bits: 0, blockBytes: 1 }),
    `the WAV file holds MP3 (format 0x0055), ${compressed}`,
  ],
  ["an unknown format", buildWav({ tag: 0x1234 }), `the WAV file holds format 0x1234, ${compressed}`],
  [
    "ADPCM as extensible",
    buildWav({ subFormat: 2, bits: 4, blockBytes: 256 }),
    `the WAV file holds Microsoft ADPCM (format 0x0002), ${compressed}`,
  ],
  [
    "an unknown GUID",
    badGuid,
    `the WAV file holds sub-format 0100000000001100800000aa00389b71, ${compressed}`,
  ],
  [
    "a short extensible fmt chunk",
    buildWav({ tag: 0xfffe }),
    "the extensible fmt chunk needs 40 bytes, has 16",
  ],
  [
    "floats under a 24-bit header",
    buildWav({ bits: 24, blockBytes: 4, data: float32(0.1, 0.7) }),
    "has 24-bit samples at neither end of their 4 bytes; convert it to PCM",
  ],
  [
    "NaN",
    buildWav({ tag: 3, bits: 32, channels: 2, data: float32(0, 0, 0, Number.NaN) }),
    "sample 1 of channel 1 (at 0.000 s) is NaN, not a finite number",
  ],
  [
    "infinity",
    buildWav({ tag: 3, bits: 32, data: float32(Number.NEGATIVE_INFINITY) }),
    "sample 0 of channel 0 (at 0.000 s) is -Infinity, not a finite number",
  ],
  [
    "64-bit floats beyond the range of 32",
    buildWav({ tag: 3, bits: 64, data: float64(1e300) }),
    "sample 0 of channel 0 (at 0.000 s) is Infinity, not a finite number",
  ],
];

describe("decodeAudio rejects", () => {
  it.each(REJECTED)("%s", async (_name, bytes, reason) => {
    await expect(decodeAudio(bytes, "a.wav")).rejects.toMatchObject({
      name: "DataError",
      path: "a.wav",
      message: `a.wav: ${reason}`,
    });
  });
});
