import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { BLOCK_SAMPLES } from "../../src/audio/audio-stream.js";
import { type ByteSource, bytesInMemory } from "../../src/audio/byte-source.js";
import { decodeAudio, openAudio } from "../../src/audio/decode.js";
import { quietly } from "../../src/audio/quietly.js";
import { ascii, buildWav, chunk, u32 } from "./build-wav.js";
import {
  ape,
  files,
  fixture,
  fixtures,
  id3,
  id3v1,
  join,
  lyrics,
  noise,
  plain,
  samplesOf,
  stride,
  synchsafe,
  TOLERANCE,
  title,
  vbr,
  zeros,
} from "./mpeg-files.js";

const decoders = vi.hoisted(() => ({ open: 0, trap: false }));
vi.mock("mpg123-decoder", async (importOriginal) => {
  const { MPEGDecoder } = await importOriginal<typeof import("mpg123-decoder")>();
  class Counted extends MPEGDecoder {
    constructor(options?: { enableGapless?: boolean }) {
      super(options);
      decoders.open++;
      const { free, decode } = this;
      this.decode = (frames) => {
        if (decoders.trap) throw new WebAssembly.RuntimeError("unreachable");
        return decode(frames);
      };
      this.free = () => {
        decoders.open--;
        free();
      };
    }
  }
  return { MPEGDecoder: Counted };
});

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

  it("names the file if the decoder stops", async () => {
    const { blocks } = await openAudio(bytesInMemory(vbr), "a.mp3");
    decoders.trap = true;
    await expect(blocks[Symbol.asyncIterator]().next()).rejects.toThrow(
      "a.mp3: MP3 decoding failed: unreachable",
    );
    decoders.trap = false;
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
