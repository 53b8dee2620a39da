import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { BLOCK_SAMPLES } from "../../src/audio/audio-stream.js";
import { type ByteSource, bytesInMemory } from "../../src/audio/byte-source.js";
import { decodeAudio, openAudio } from "../../src/audio/decode.js";
import { parseMpegFrame } from "../../src/audio/mpeg-frame.js";
import { quietly } from "../../src/audio/quietly.js";
import type { DecodedAudio } from "../../src/audio/waveform.js";
import { DataError } from "../../src/core/errors.js";
import { Random } from "../../src/core/random.js";
import { ascii, buildWav, chunk, u32 } from "./build-wav.js";

const decoders = vi.hoisted(() => ({ open: 0 }));
vi.mock("mpg123-decoder", async (importOriginal) => {
  const { MPEGDecoder } = await importOriginal<typeof import("mpg123-decoder")>();
  class Counted extends MPEGDecoder {
    constructor(options?: { enableGapless?: boolean }) {
      super(options);
      decoders.open++;
      const { free } = this;
      this.free = () => {
        decoders.open--;
        free();
      };
    }
  }
  return { MPEGDecoder: Counted };
});

// Written by lame and ffmpeg, read by ffmpeg; made by scripts/fixtures/mpeg.py.
const fixtures = new URL("./mpeg-fixtures/", import.meta.url);
const fixture = (name: string) => new Uint8Array(readFileSync(new URL(name, fixtures)));
interface Expected {
  sampleRate: number;
  nEncoded: number;
  nSamples: number;
  channels: number[][];
}
const { stride, files } = JSON.parse(readFileSync(new URL("expected.json", fixtures), "utf8")) as {
  stride: number;
  files: Record<string, Expected>;
};
// ffmpeg and mpg123 round differently: by less than a 16-bit step; both are exact to 24 bits for layer 3.
const TOLERANCE = 1 / 16384;

const join = (...parts: (Uint8Array | number[])[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
const zeros = (length: number) => new Uint8Array(length);
const noise = (length: number, seed = 1) => {
  const random = new Random(seed);
  return Uint8Array.from({ length }, () => random.uint32() & 255);
};
/** The samples of a file; those of a fixture are decoded once. */
const samplesOf = (bytes: Uint8Array) => {
  const samples = decoded.get(bytes) ?? decodeAudio(bytes, "a.mp3").then(({ channelData }) => channelData);
  decoded.set(bytes, samples);
  return samples;
};
const decoded = new WeakMap<Uint8Array, Promise<Float32Array[]>>();
const synchsafe = (size: number) => [21, 14, 7, 0].map((shift) => (size >> shift) & 127);
/** An ID3v2 tag; its length field may say something else than its length. */
const id3 = (content: Uint8Array | number[], declared = content.length, flags = 0) =>
  join([...ascii("ID3"), 4, 0, flags, ...synchsafe(declared)], content);
const title = [...ascii("TIT2"), 0, 0, 0, 6, 0, 0, 0, ...ascii("title")];
/** An APEv2 tag with header and footer. */
const ape = (content: number[]) => {
  const block = (flags: number) => [
    ...ascii("APETAGEX"),
    ...u32(2000),
    ...u32(content.length + 32),
    ...u32(1),
    ...u32(flags),
    ...zeros(8),
  ];
  return join(block(0xa0000000), content, block(0x80000000));
};
const id3v1 = join(ascii("TAG"), zeros(125));
const lyrics = join(ascii("LYRICSBEGININD00002"), ascii("00"), ascii("000021LYRICS200"));

const vbr = fixture("vbr.mp3");
const plain = fixture("cbr-without-header.mp3");

describe("MP3 equals ffmpeg", () => {
  it("has an expectation for each file", () => {
    const names = readdirSync(fixtures).filter((name) => name !== "expected.json");
    expect(Object.keys(files).sort()).toEqual(names.sort());
  });

  it.each(Object.entries(files))("%s", async (name, expected) => {
    const { channelData, format, warnings } = await decodeAudio(fixture(name), name);
    const layer = name.endsWith(".mp2") ? 2 : 3;
    expect(format).toEqual({
      container: `MP${layer}`,
      encoding: `MPEG layer ${layer}`,
      channels: expected.channels.length,
      sampleRate: expected.sampleRate,
      nSamples: expected.nSamples,
    });
    expect(warnings).toEqual([]);
    for (const [c, samples] of expected.channels.entries()) {
      const picked = [...channelData[c]].filter((_, n) => n % stride === 0);
      expect(picked).toHaveLength(samples.length);
      for (const [n, sample] of samples.entries())
        expect(Math.abs(picked[n] - sample)).toBeLessThan(TOLERANCE);
    }
  });

  it("gives as many samples as were encoded, if a header tells the encoder's delay", async () => {
    for (const [name, { nEncoded }] of Object.entries(files)) {
      const { declaredSamples, blocks } = await openAudio(bytesInMemory(fixture(name)), name);
      let nSamples = 0;
      for await (const [first] of blocks) nSamples += first.length;
      const hasHeader = !/without-header|mp2/.test(name);
      expect(declaredSamples).toBe(hasHeader ? nEncoded : null);
      if (hasHeader) expect(nSamples).toBe(nEncoded);
      else expect(nSamples).toBeGreaterThan(nEncoded);
    }
  });
});

describe("what is around the frames", () => {
  const picture = noise(40_000);
  it.each<[string, Uint8Array]>([
    ["an ID3 tag", join(id3(title), vbr)],
    ["two ID3 tags", join(id3(title), id3([...title, ...picture]), vbr)],
    ["an ID3 tag that is longer than it says", join(id3([...title, ...picture], 20), vbr)],
    ["an ID3 tag that says it has no length", join(id3(picture, 0), vbr)],
    ["an ID3 tag that is shorter than it says", join(id3(title, 1500), vbr)],
    ["an ID3 tag that says it is longer than the file", join(id3(title, 2 ** 27), vbr)],
    [
      "an ID3 tag whose length is no synchsafe number",
      join(ascii("ID3"), [3, 0, 0, 0, 0, 2, 0xff], zeros(767), vbr),
    ],
    [
      "an ID3 tag with a footer",
      join(id3(title, title.length, 16), ascii("3DI"), [4, 0, 16, 0, 0, 0, 16], vbr),
    ],
    ["an ID3 tag and zeros", join(id3(title), zeros(5000), vbr)],
    ["an APE tag", join(ape(title), vbr)],
    ["an ID3 and an APE tag", join(id3(title), ape(title), vbr)],
    ["zeros", join(zeros(100_000), vbr)],
    ["zeros and more zeros", join(zeros(2 ** 21), vbr)],
    ["zeros and an ID3 tag", join(zeros(1000), id3([...title, ...picture]), vbr)],
    ["noise", join(noise(100_000), vbr)],
    ["text", join(ascii("HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n"), vbr)],
    ["the end of another frame", join(vbr.subarray(700, 900), vbr)],
  ])("reads a file that begins with %s", async (_, file) => {
    const { channelData, warnings } = await decodeAudio(file, "a.mp3");
    expect(warnings).toEqual([]);
    expect(channelData).toEqual(await samplesOf(vbr));
  });

  it.each<[string, Uint8Array | number[]]>([
    ["an ID3v1 tag", id3v1],
    ["an extended ID3v1 tag", join(ascii("TAG+"), zeros(223), id3v1)],
    ["an APE tag", ape(title)],
    ["an APE tag with frames of MP3 in it", ape([...vbr])],
    ["a Lyrics3 tag", join(lyrics, id3v1)],
    ["a Lyrics3 tag of version 1", join(ascii("LYRICSBEGINla la laLYRICSEND"), id3v1)],
    ["an ID3v2 tag", id3(title)],
    [
      "an ID3v2 tag with a footer",
      join(id3(title, title.length, 16), ascii("3DI"), [4, 0, 16, ...synchsafe(title.length)]),
    ],
    ["several tags", join(ape(title), lyrics, id3v1)],
    ["zeros", zeros(3000)],
    ["noise", noise(3000)],
  ])("reads a file that ends with %s", async (_, tail) => {
    for (const file of [vbr, plain]) {
      const { channelData, warnings } = await decodeAudio(join(file, tail), "a.mp3");
      expect(warnings).toEqual([]);
      expect(channelData).toEqual(await samplesOf(file));
    }
  });

  it("takes a VBRI header for none of the audio", async () => {
    const header = vbr.slice(0, 417).fill(0, 4);
    header.set(ascii("VBRI"), 36);
    header.set([0, 0, 0, 18], 36 + 14);
    const audio = vbr.subarray(417);
    const { channelData, warnings } = await decodeAudio(join(header, audio), "a.mp3");
    expect(warnings).toEqual([]);
    expect(channelData).toEqual(await samplesOf(audio));
  });

  it("reads MP3 inside a WAV or RMP file", async () => {
    const wav = join(buildWav({ tag: 0x55, bits: 0, blockBytes: 1, data: [...plain] }));
    const rmp = join(ascii("RIFF"), u32(plain.length + 12), ascii("RMP3"), chunk("data", [...plain]));
    expect(await samplesOf(wav)).toEqual(await samplesOf(plain));
    expect(await samplesOf(rmp)).toEqual(await samplesOf(plain));
  });
});

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

describe("what is not MP3", () => {
  const pixels = (...pixel: number[]) =>
    Uint8Array.from({ length: 30_000 }, (_, i) => pixel[i % pixel.length]);
  it.each<[string, Uint8Array]>([
    ["noise", noise(2 ** 19)],
    ["ones", new Uint8Array(2 ** 18).fill(0xff)],
    ["zeros", zeros(2 ** 18)],
    ["text", Uint8Array.from(ascii("la ".repeat(10_000)))],
    ["pixels like headers of MP3", pixels(0xff, 0xfb, 0x90)],
    ["pixels like headers of layer 2", pixels(0xff, 0xfd, 0x80)],
    ["a table like headers of MP3", pixels(0xff, 0xfb, 0x90, 0, 1, 2, 3, 4)],
    ["an archive with an MP3 file", join(ascii("PK"), [3, 4], zeros(26), ascii("a.mp3"), vbr)],
    ["a picture and an MP3 file", join([0xff, 0xd8, 0xff, 0xe0], zeros(100), vbr)],
    ["an MP3 file behind more than 1 MiB of something else", join(noise(2 ** 20 + 1), vbr)],
    ["two frames in noise", join(noise(5000), vbr.subarray(417, 417 + 600), noise(5000, 2))],
  ])("does not take %s for it", async (_, bytes) => {
    await expect(decodeAudio(bytes, "a")).rejects.toThrow("a: not audio that timbrel reads");
  });

  it("reads FLAC behind an ID3 tag of any length, and names AAC", async () => {
    const flac = readFileSync(new URL("fixtures/flac.flac", import.meta.url));
    const big = id3([...title, ...noise(9000)]);
    expect((await decodeAudio(join(big, flac), "a")).format.container).toBe("FLAC");
    await expect(decodeAudio(join(big, [0xff, 0xf1, 0x50, 0x80]), "a")).rejects.toThrow("a: AAC file");
  });
});

describe("decoding in pieces", () => {
  // 350 KB, 44 s.
  const long: ByteSource = {
    size: 100 * plain.length,
    read: async (start, length) =>
      Uint8Array.from(
        { length: Math.min(length, long.size - start) },
        (_, i) => plain[(start + i) % plain.length],
      ),
  };

  it("reads and gives a bounded part at a time", async () => {
    const read = vi.spyOn(long, "read");
    const { blocks } = await openAudio(long, "a.mp3");
    let nSamples = 0;
    for await (const block of blocks) {
      expect(block[0].length).toBeLessThanOrEqual(BLOCK_SAMPLES);
      nSamples += block[0].length;
    }
    expect(nSamples).toBe(100 * files["cbr-without-header.mp3"].nSamples);
    expect(Math.max(...read.mock.calls.map(([, length]) => length))).toBeLessThanOrEqual(2 ** 18);
  });

  it("closes its decoder, at the end and where reading stops", async () => {
    await decodeAudio(vbr, "a.mp3");
    expect(decoders.open).toBe(0);
    for await (const _ of (await openAudio(long, "a.mp3")).blocks) {
      expect(decoders.open).toBe(1);
      break;
    }
    expect(decoders.open).toBe(0);
  });

  it("prints nothing, and lets others print", () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(quietly(() => console.error("from the decoder") ?? 1)).toBe(1);
    expect(() =>
      quietly(() => {
        throw new Error("a failure");
      }),
    ).toThrow("a failure");
    console.error("from others");
    expect(error.mock.calls).toEqual([["from others"]]);
    error.mockRestore();
  });
});
