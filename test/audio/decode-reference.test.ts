import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";

// Written by sox and ffmpeg, read by libsndfile or ffmpeg; made by scripts/fixtures/audio.py.
const fixtures = new URL("./fixtures/", import.meta.url);
interface Expected {
  sampleRate: number;
  nSamples: number;
  stride: number;
  channels: number[][];
}
const { files } = JSON.parse(readFileSync(new URL("expected.json", fixtures), "utf8")) as {
  files: Record<string, Expected>;
};
const decodeFixture = (name: string) => decodeAudio(readFileSync(new URL(name, fixtures)), name);

// Two decoders of a lossy format round differently, by less than one 16-bit step.
const LOSSY_TOLERANCE = 1 / 32768;
const LOSSY = new Set(["mp3.mp3", "vorbis.ogg", "opus.opus"]);
const FORMATS: Record<string, [string, string]> = {
  "pcm24-extensible.wav": ["WAV", "24-bit PCM"],
  "pcm32-extensible.wav": ["WAV", "32-bit PCM"],
  "pcm16.wav": ["WAV", "16-bit PCM"],
  "pcm8.wav": ["WAV", "8-bit PCM"],
  "float32.wav": ["WAV", "32-bit float"],
  "float64.wav": ["WAV", "64-bit float"],
  "a-law.wav": ["WAV", "A-law"],
  "mu-law.wav": ["WAV", "mu-law"],
  "big-endian.wav": ["RIFX", "16-bit PCM"],
  "six-channels.wav": ["WAV", "16-bit PCM"],
  "streamed.wav": ["WAV", "16-bit PCM"],
  "rf64.wav": ["RF64", "16-bit PCM"],
  "vorbis.ogg": ["OGG", "Vorbis"],
  "opus.opus": ["OGG", "Opus"],
  "flac.flac": ["FLAC", "FLAC"],
  "flac24.flac": ["FLAC", "FLAC"],
  "ogg-flac.ogg": ["OGG", "FLAC"],
  "mp3.mp3": ["MP3", "MPEG layer 3"],
};

describe("decodeAudio equals libsndfile and ffmpeg", () => {
  it("has an expectation for each file", () => {
    expect(Object.keys(files).sort()).toEqual(Object.keys(FORMATS).sort());
  });

  it.each(Object.entries(files))("%s", async (name, expected) => {
    const { channelData, sampleRate, format, warnings } = await decodeFixture(name);
    expect([format.container, format.encoding]).toEqual(FORMATS[name]);
    expect(warnings).toEqual([]);
    expect(sampleRate).toBe(expected.sampleRate);
    expect(channelData.map((samples) => samples.length)).toEqual(
      expected.channels.map(() => expected.nSamples),
    );
    const picked = channelData.map((samples) => [...samples].filter((_, n) => n % expected.stride === 0));
    if (!LOSSY.has(name)) expect(picked).toEqual(expected.channels);
    else
      for (const [c, samples] of expected.channels.entries())
        for (const [n, sample] of samples.entries())
          expect(Math.abs(picked[c][n] - sample)).toBeLessThan(LOSSY_TOLERANCE);
  });

  it.each([
    ["ms-adpcm.wav", "Microsoft ADPCM (format 0x0002)"],
    ["ima-adpcm.wav", "IMA ADPCM (format 0x0011)"],
    ["gsm.wav", "GSM 6.10 (format 0x0031)"],
  ])("rejects %s and names its encoding", async (name, encoding) => {
    await expect(decodeFixture(name)).rejects.toThrow(
      `${name}: the WAV file holds ${encoding}, which timbrel does not read; convert it to PCM`,
    );
  });
});
