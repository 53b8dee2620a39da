import { describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";
import { parseMpegFrame } from "../../src/audio/mpeg-frame.js";
import type { DecodedAudio } from "../../src/audio/waveform.js";
import { DataError } from "../../src/core/errors.js";
import { Random } from "../../src/core/random.js";
import {
  files,
  fixture,
  id3,
  id3v1,
  join,
  noise,
  plain,
  samplesOf,
  TOLERANCE,
  title,
  vbr,
} from "./mpeg-files.js";

/** The message of the only warning, and its code. */
async function warningOf(bytes: Uint8Array) {
  const { channelData, sampleRate, warnings } = await decodeAudio(bytes, "a.mp3");
  expect(warnings).toHaveLength(1);
  return { ...warnings[0], channelData, sec: channelData[0].length / sampleRate };
}

/** Where the frames of a file begin; the header of the encoder is the first. */
function framesOf(bytes: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    starts.push(at);
    at += parseMpegFrame(bytes, at)?.nBytes ?? Number.POSITIVE_INFINITY;
  }
  return starts;
}

describe("what is missing in a file", () => {
  const [whole, starts] = [fixture("crc-320.mp3"), framesOf(fixture("crc-320.mp3"))];

  it("says how much of the declared length an incomplete file holds", async () => {
    const { code, message, sec, channelData } = await warningOf(whole.subarray(0, whole.length / 2));
    expect(code).toBe("truncated");
    expect(message).toBe(
      `the file ends after ${sec.toFixed(2)} s of the 0.40 s that its header declares: ${(0.4 - sec).toFixed(2)} s are missing`,
    );
    const [all] = await samplesOf(whole);
    expect(channelData[0]).toEqual(all.subarray(0, channelData[0].length));
  });

  it("says so wherever the file is cut", async () => {
    const random = new Random(1);
    for (let i = 0; i < 12; i++) {
      const length = starts[3] + (random.uint32() % (starts[starts.length - 1] - starts[3]));
      expect((await warningOf(whole.subarray(0, length))).code).toBe("truncated");
    }
  });

  it("does not know how much is missing of a file without a header, unless it ends inside a frame", async () => {
    const lengths = framesOf(plain);
    expect((await decodeAudio(plain.subarray(0, lengths[9]), "a.mp3")).warnings).toEqual([]);
    expect(await warningOf(plain.subarray(0, lengths[9] + 50))).toMatchObject({
      code: "truncated",
      message:
        "the file ends inside a frame; no header declares its length, so how much is missing is unknown",
    });
  });

  it("does not mind a header that counts itself as a frame", async () => {
    const file = vbr.slice();
    file[0x2f]++;
    expect((await decodeAudio(file, "a.mp3")).warnings).toEqual([]);
  });

  it("reads what a stream that begins inside a frame holds", async () => {
    const [all] = await samplesOf(plain);
    const { channelData, warnings } = await decodeAudio(plain.subarray(framesOf(plain)[4] + 30), "a.mp3");
    expect(warnings).toEqual([]);
    expect(channelData[0]).toHaveLength(all.length - 5 * 1152);
    // Two frames are needed to fill the bit reservoir and the filters.
    const [tail, expected] = [channelData[0].subarray(2 * 1152), all.subarray(7 * 1152)];
    expect(Math.max(...tail.map((sample, n) => Math.abs(sample - expected[n])))).toBeLessThan(TOLERANCE);
  });

  it.each<[string, (file: Uint8Array, from: number, to: number) => Uint8Array]>([
    ["zeros", (file, from, to) => file.fill(0, from, to)],
    ["noise", (file, from, to) => join(file.subarray(0, from), noise(to - from), file.subarray(to))],
    ["nothing", (file, from, to) => join(file.subarray(0, from), file.subarray(to))],
  ])("leaves out frames in whose place is %s", async (_, damage) => {
    const [from, to] = [starts[6] + 100, starts[9] + 200];
    const { code, message, sec, channelData } = await warningOf(damage(whole.slice(), from, to));
    expect(code).toBe("damaged");
    // 4 frames of 24 ms are hit, and one or two more build on them.
    expect(0.4 - sec).toBeGreaterThanOrEqual(0.096 - 1e-9);
    expect(0.4 - sec).toBeLessThan(0.15);
    expect(message).toBe(
      `${(0.4 - sec).toFixed(2)} s of the 0.40 s that the file's header declares are damaged or missing`,
    );
    const clean = Math.max(...(await samplesOf(whole))[0].map(Math.abs));
    expect(Math.max(...channelData[0].map(Math.abs))).toBeLessThan(1.2 * clean);
  });

  it("estimates the loss in a file without a header", async () => {
    const at = framesOf(plain);
    expect(await warningOf(plain.slice().fill(0, at[4], at[8]))).toMatchObject({
      code: "damaged",
      message: expect.stringMatching(/^about 0\.1\d s are damaged or missing$/),
    });
  });

  it.each<[string, (sideInfo: Uint8Array) => void]>([
    ["declares more audio data than there are", (sideInfo) => sideInfo.fill(0xff)],
    [
      "switches windows to no type of block",
      (sideInfo) => {
        // The first granule begins at bit 20; its 34th bit is the switch, the next two are the type.
        sideInfo[6] = (sideInfo[6] & 0xf8) | 4;
        sideInfo[7] &= 0x7f;
      },
    ],
  ])("leaves out a frame whose side information %s", async (_, damage) => {
    const file = whole.slice();
    damage(file.subarray(starts[5] + 6, starts[5] + 38));
    expect(await warningOf(file)).toMatchObject({
      code: "damaged",
      message: "0.02 s of the 0.40 s that the file's header declares are damaged or missing",
    });
  });

  it("names an empty or hopeless file", async () => {
    await expect(decodeAudio(join(id3(title), whole.subarray(0, 700)), "a.mp3")).rejects.toThrow(
      "a.mp3: not audio that timbrel reads",
    );
    await expect(decodeAudio(whole.subarray(0, starts[1]), "a.mp3")).rejects.toThrow(
      "a.mp3: MP3 (MPEG layer 3) decoding gave no samples; the file is damaged or empty",
    );
  });
});

describe("damage of any kind", () => {
  const random = new Random("damage");
  const upTo = (n: number) => random.uint32() % n;
  const damages: Record<string, (file: Uint8Array, at: number, length: number) => Uint8Array> = {
    "flipped bits": (file) => {
      for (let i = 0; i < 30; i++) file[upTo(file.length)] ^= 1 << upTo(8);
      return file;
    },
    zeros: (file, at, length) => file.fill(0, at, at + length),
    noise: (file, at, length) => join(file.subarray(0, at), noise(length), file.subarray(at)),
    "missing bytes": (file, at, length) => join(file.subarray(0, at), file.subarray(at + length)),
    "a missing beginning": (file, at) => file.subarray(at),
  };
  it.each(Object.entries(damages))(
    "by %s gives samples and at most one warning of it, or a DataError",
    async (_, damage) => {
      for (const name of Object.keys(files)) {
        const file = fixture(name);
        const damaged = damage(file.slice(), upTo(file.length), upTo(3000));
        const result = await decodeAudio(damaged, name).catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(DataError);
        else
          expect(
            (result as DecodedAudio).warnings.filter(({ code }) => code !== "ignored-data").length,
          ).toBeLessThan(2);
      }
    },
  );
});

describe("files that were joined", () => {
  it("reads both, each without its encoder's delay", async () => {
    const joined = join(id3(title), vbr, id3v1, id3(title), vbr);
    const { channelData, warnings } = await decodeAudio(joined, "a.mp3");
    expect(warnings).toEqual([]);
    const [one] = await samplesOf(vbr);
    expect(channelData[0]).toHaveLength(2 * one.length);
    const apart = [...one, ...one].map((sample, n) => Math.abs(sample - channelData[0][n]));
    expect(Math.max(...apart)).toBeLessThan(TOLERANCE);
  });

  it("keeps the number of channels with which a file begins", async () => {
    const mono = fixture("mono.mp3");
    const [stereoSamples, [monoSamples]] = [await samplesOf(vbr), await samplesOf(mono)];
    const n = monoSamples.length;
    const up = await samplesOf(join(vbr, mono));
    expect(up[0].subarray(n)).toEqual(up[1].subarray(n));
    const [down] = await samplesOf(join(mono, vbr));
    expect(down).toHaveLength(2 * n);
    const mean = stereoSamples[0].map((sample, i) => (sample + stereoSamples[1][i]) / 2);
    expect(Math.max(...mean.map((sample, i) => Math.abs(sample - down[n + i])))).toBeLessThan(TOLERANCE);
  });

  it("names what has another sample rate or layer than the beginning", async () => {
    const parts = ["vbr.mp3", "crc-320.mp3", "layer2.mp2"].map(fixture);
    const { format, warnings } = await decodeAudio(join(...parts), "a.mp3");
    expect(format.nSamples).toBe(files["vbr.mp3"].nSamples);
    expect(warnings).toEqual([
      {
        code: "ignored-data",
        message:
          "0.46 s of MPEG layer 3 at 48000 Hz are not read: the file begins as MPEG layer 3 at 44100 Hz",
      },
      {
        code: "ignored-data",
        message:
          "0.42 s of MPEG layer 2 at 44100 Hz are not read: the file begins as MPEG layer 3 at 44100 Hz",
      },
    ]);
  });
});
