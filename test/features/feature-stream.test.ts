import { describe, expect, it } from "vitest";
import { downmix } from "../../src/audio/downmix.js";
import { joined } from "../../src/audio/joined.js";
import { resample } from "../../src/audio/resample.js";
import { waveformStream } from "../../src/audio/waveform-stream.js";
import { raiseTo } from "../../src/features/compress.js";
import { FeatureStream } from "../../src/features/feature-stream.js";
import { type FrontEnd, frontEnd } from "../../src/features/front-end.js";
import { logMel } from "../../src/features/log-mel.js";
import { signal } from "./signals.js";

const topDb = { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 20 } as const;
const small = frontEnd({ sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 16 });

/** A stereo stream in blocks of odd lengths, which it overwrites as soon as the next one is asked for. */
function stereo(left: Float32Array, right: Float32Array, sampleRate: number) {
  async function* blocks(): AsyncGenerator<Float32Array[]> {
    for (let at = 0, length = 1; at < left.length; at += length, length = (7 * length) % 30_011) {
      const block = [left.slice(at, at + length), right.slice(at, at + length)];
      yield block;
      for (const samples of block) samples.fill(Number.NaN);
    }
  }
  const format = { container: "WAV", encoding: "16-bit PCM", channels: 2, sampleRate };
  return { format, declaredSamples: left.length, blocks: blocks(), warnings: [] };
}

async function read(features: FeatureStream): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for await (const rows of features.rows()) parts.push(rows);
  const data = joined(parts);
  raiseTo(features.least, data);
  return data;
}

describe("FeatureStream", () => {
  it.each<[string, FrontEnd, number]>([
    ["resampled", frontEnd(), 44_100],
    ["at its own rate", frontEnd(), 22_050],
    ["with topDb", frontEnd({ compression: topDb, power: 2 }), 16_000],
  ])("gives the bits of the whole, %s", async (_name, made, sampleRate) => {
    const [left, right] = [signal("chirp", 100_000), signal("noise", 100_000)];
    const samples: Float32Array[] = [];
    const features = new FeatureStream(stereo(left, right, sampleRate), made, "a.wav", {
      onWaveform: (some) => samples.push(some.slice()),
    });
    const found = await read(features);
    const format = { container: "", encoding: "", channels: 2, sampleRate, nSamples: left.length };
    const mean = downmix({ channelData: [left, right], sampleRate, format, warnings: [] });
    const whole = resample(mean, made.sampleRate);
    const expected = logMel(whole, made);
    expect(Buffer.compare(Buffer.from(found.buffer), Buffer.from(expected.data.buffer))).toBe(0);
    expect(Buffer.compare(Buffer.from(joined(samples).buffer), Buffer.from(whole.samples.buffer))).toBe(0);
    expect([features.nFrames, features.declaredFrames]).toEqual([expected.shape[0], expected.shape[0]]);
  });

  const warningsOf = async (nSamples: number, sampleRate: number, made = small) => {
    const features = new FeatureStream(
      waveformStream({ channelData: [signal("chirp", nSamples)], sampleRate }),
      made,
      "a",
    );
    await read(features);
    return features.warnings;
  };

  it("warns about a clip shorter than one frame", async () => {
    expect(await warningsOf(250, 8000)).toEqual([
      { code: "short", message: "lasts 0.031 s, less than one frame of 0.032 s" },
    ]);
    expect(await warningsOf(256, 8000)).toEqual([]);
  });

  it("warns about a rate whose band is narrower than the front end's, but not by a tenth", async () => {
    const made = frontEnd({ ...small, sampleRate: 22_050, fMax: 11_025 });
    expect(await warningsOf(9000, 8000, made)).toEqual([
      { code: "low-sample-rate", message: "has nothing above 4000 Hz; the front end hears up to 11025 Hz" },
    ]);
    expect(await warningsOf(9000, 20_000, made)).toEqual([]);
  });

  it("names a file without samples at the front end's rate, and one whose samples overflow", async () => {
    const open = (samples: Float32Array, sampleRate: number) =>
      read(new FeatureStream(waveformStream({ channelData: [samples], sampleRate }), small, "a.wav"));
    await expect(open(Float32Array.of(0.5), 44_100)).rejects.toThrow("a.wav: holds no samples");
    const largest = new Float32Array(4000).map((_, n) => (n % 200 < 100 ? 3.4e38 : -3.4e38));
    await expect(open(largest, 44_100)).rejects.toThrow("a.wav: holds samples that are not finite numbers");
  });
});
