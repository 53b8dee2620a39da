import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";

// Written and read by the reference programs; made by scripts/fixtures/xiph.py.
const fixtures = new URL("./fixtures/xiph/", import.meta.url);
interface Expected {
  reader: string;
  sampleRate: number;
  nSamples: number;
  channels: number[][];
}
const { stride, files } = JSON.parse(readFileSync(new URL("expected.json", fixtures), "utf8")) as {
  stride: number;
  files: Record<string, Expected>;
};

// oggdec writes 16 bits, opusdec and ffmpeg floats: half a step of 16 bits, and rounding.
const LOSSY_TOLERANCE = 0.51 / 32768;

const WARNINGS: Record<string, string> = {
  "other-rate.ogg":
    "the OGG file holds the stream that begins at byte 4187 (Vorbis, 22050 Hz, 1 channel), which was not read",
};

describe("FLAC, Vorbis and Opus equal the reference programs", () => {
  it.each(Object.entries(files).filter(([, { nSamples }]) => nSamples > 0))("%s", async (name, expected) => {
    const { channelData, sampleRate, warnings } = await decodeAudio(
      readFileSync(new URL(name, fixtures)),
      name,
    );
    expect(warnings.map(({ message }) => message)).toEqual(name in WARNINGS ? [WARNINGS[name]] : []);
    expect(sampleRate).toBe(expected.sampleRate);
    expect(channelData.map(({ length }) => length)).toEqual(expected.channels.map(() => expected.nSamples));
    const picked = channelData.map((samples) => [...samples].filter((_, n) => n % stride === 0));
    const isExact = name.endsWith(".flac") || name.endsWith(".oga");
    if (isExact) expect(picked).toEqual(expected.channels.map((samples) => samples.map(Math.fround)));
    else
      for (const [c, samples] of expected.channels.entries())
        for (const [i, sample] of samples.entries())
          expect(Math.abs(picked[c][i] - sample)).toBeLessThan(LOSSY_TOLERANCE);
  });
});
