import { expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";
import { downmix } from "../../src/audio/downmix.js";
import { encodeWav } from "../../src/audio/encode-wav.js";
import type { DecodedAudio } from "../../src/audio/waveform.js";

const decoded = (...channels: number[][]): DecodedAudio => ({
  channelData: channels.map((samples) => Float32Array.from(samples)),
  sampleRate: 8000,
  format: {
    container: "WAV",
    encoding: "16-bit PCM",
    channels: channels.length,
    sampleRate: 8000,
    nSamples: 2,
  },
  warnings: [],
});

it.each([
  ["one channel", [[0.5, -1]], [0.5, -1]],
  [
    "two",
    [
      [0.5, -1],
      [0.25, 1],
    ],
    [0.375, 0],
  ],
  [
    "three",
    [
      [0.5, -1],
      [0.25, 1],
      [0, 1],
    ],
    [0.25, 1 / 3],
  ],
])("the mean of %s", (_name, channels, mean) => {
  expect(downmix(decoded(...channels))).toEqual({ samples: Float32Array.from(mean), sampleRate: 8000 });
});

it("encodeWav rounds and clips, and decodeAudio gives back every 16-bit value", async () => {
  const samples = Float32Array.of(-2, -1, -0.5, 1.4 / 32768, 1.6 / 32768, 0.5, 32767 / 32768, 1, 2);
  const file = encodeWav({ samples, sampleRate: 22050 });
  const { channelData, sampleRate, format, warnings } = await decodeAudio(file, "a.wav");
  const steps = [-32768, -32768, -16384, 1, 2, 16384, 32767, 32767, 32767];
  expect([...channelData[0]]).toEqual(steps.map((x) => x / 32768));
  expect([sampleRate, format.encoding, warnings]).toEqual([22050, "16-bit PCM", []]);
  expect(encodeWav({ samples: channelData[0], sampleRate })).toEqual(file);
});
