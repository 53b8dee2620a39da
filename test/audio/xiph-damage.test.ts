import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BLOCK_SAMPLES } from "../../src/audio/audio-stream.js";
import { type ByteSource, bytesInMemory } from "../../src/audio/byte-source.js";
import { decodeAudio, openAudio } from "../../src/audio/decode.js";
import { readFrameHeader } from "../../src/audio/flac-header.js";
import type { DecodedAudio } from "../../src/audio/waveform.js";
import { DataError } from "../../src/core/errors.js";
import { Random } from "../../src/core/random.js";
import { crc, framesOf, joined, pagesOf, sealed } from "./edit-xiph.js";

const fixtures = new URL("./fixtures/xiph/", import.meta.url);
const fixture = (name: string) => new Uint8Array(readFileSync(new URL(name, fixtures)));
const decode = (bytes: Uint8Array) => decodeAudio(bytes, "a");
const messages = ({ warnings }: DecodedAudio) => warnings.map(({ code, message }) => `${code}: ${message}`);
const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

const prints = (["log", "warn", "error"] as const).map((method) => vi.spyOn(console, method));
beforeEach(() => {
  for (const spy of prints) spy.mockImplementation(() => {});
});
afterEach(() => {
  for (const spy of prints) expect(spy).not.toHaveBeenCalled();
});

describe("one flipped bit", () => {
  it.each([
    ["mono.opus", 100],
    ["pages.opus", 60],
    ["mono.ogg", 100],
    ["pages.ogg", 60],
    ["chained.ogg", 60],
    ["several-frames.flac", 150],
    ["streamed.flac", 100],
    ["tagged.flac", 100],
    ["flac.oga", 100],
  ])("in %s: all samples are right, or a warning, or an error", async (name, nFlips) => {
    const file = fixture(name);
    const { channelData } = await decode(file);
    const random = new Random(7);
    const silent: string[] = [];
    for (let i = 0; i < nFlips; i++) {
      const [at, bit] = [random.integer(file.length), random.integer(8)];
      const damaged = file.slice();
      damaged[at] ^= 1 << bit;
      try {
        const audio = await decode(damaged);
        const isSame = channelData.every(
          (samples, c) => Buffer.compare(bytesOf(samples), bytesOf(audio.channelData[c])) === 0,
        );
        if (!isSame && audio.warnings.length === 0) silent.push(`bit ${bit} of byte ${at}`);
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    }
    expect(silent).toEqual([]);
  });
});

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

describe("an OGG file with damage", () => {
  it("without a page in the middle: the rest is there, and a warning says how much is missing", async () => {
    const pages = pagesOf(fixture("pages.ogg"));
    const whole = (await decode(joined(pages))).channelData[0];
    const damaged = await decode(joined(pages.toSpliced(4, 1)));
    const [rest] = damaged.channelData;
    const missing = whole.length - rest.length;
    expect(messages(damaged)).toEqual([
      `damaged: 1 part of the OGG stream is damaged or missing: ${(missing / 8000).toFixed(3)} s of 6.250 s of audio is missing`,
    ]);
    const before = rest.findIndex((sample, n) => sample !== whole[n]);
    expect(before).toBeGreaterThan(0);
    expect(rest.subarray(before)).toEqual(whole.subarray(before + missing));
  });

  it("without a page of Opus in the middle: as many samples less as the granule positions say", async () => {
    const pages = pagesOf(fixture("pages.opus"));
    const granule = (page: number) => Number(new DataView(pages[page].buffer).getBigInt64(6, true));
    const damaged = await decode(joined(pages.toSpliced(3, 1)));
    const missing = granule(3) - granule(2);
    expect(damaged.channelData[0].length).toBe(150000 - missing);
    expect(messages(damaged)).toEqual([
      `damaged: 1 part of the OGG stream is damaged or missing: ${(missing / 48000).toFixed(3)} s of 3.125 s of audio is missing`,
    ]);
  });

  it("without the pages behind the header: the beginning is missing", async () => {
    const pages = pagesOf(fixture("pages.opus"));
    const damaged = await decode(joined(pages.toSpliced(1, 2)));
    expect(messages(damaged)).toEqual([
      expect.stringMatching(/1 part of the OGG stream .* 0\.99\d s of 3\.125 s of audio is missing$/),
    ]);
  });

  it("that ends early: a warning, and one only if a page before is missing, too", async () => {
    const pages = pagesOf(fixture("pages.opus"));
    expect(messages(await decode(joined(pages.slice(0, -1))))).toEqual([
      "truncated: the OGG stream lacks its last page; the file is probably truncated",
    ]);
    expect(messages(await decode(joined(pages.slice(0, -1).toSpliced(3, 1))))).toEqual([
      expect.stringMatching(/^damaged: 1 part .* is missing; its last page is missing, too$/),
    ]);
    const half = fixture("pages.ogg").subarray(0, 10000);
    expect(messages(await decode(half))).toEqual([expect.stringMatching(/^truncated: the OGG stream lacks/)]);
  });

  it("whose granule positions leap although no page is missing", async () => {
    const pages = pagesOf(fixture("pages.opus"));
    for (const page of pages.slice(4)) {
      const view = new DataView(page.buffer);
      view.setBigInt64(6, view.getBigInt64(6, true) + 4800n, true);
      sealed(page);
    }
    const damaged = await decode(joined(pages));
    expect(damaged.channelData[0].length).toBe(150000);
    expect(messages(damaged)).toEqual([expect.stringMatching(/: 0\.100 s of 3\.225 s of audio is missing$/)]);
  });

  it("in a packet, under a right checksum: a warning", async () => {
    const pages = pagesOf(fixture("pages.opus"));
    const [nSegments] = pages[3].subarray(26);
    pages[3].fill(0xff, 27 + nSegments, 27 + nSegments + 10); // a packet of frames that do not fit into it
    const damaged = await decode(joined(pages.map(sealed)));
    expect(messages(damaged)).toEqual([expect.stringMatching(/: 0\.020 s of 3\.125 s of audio is missing$/)]);
  });

  it("in a packet of Vorbis, under a right checksum: a warning", async () => {
    const pages = pagesOf(fixture("pages.ogg"));
    const [nSegments] = pages[4].subarray(26);
    pages[4][27 + nSegments] = 1; // marks the packet as a header
    expect(messages(await decode(joined(pages.map(sealed))))).toEqual([
      expect.stringMatching(/^damaged: 1 part of the OGG stream is damaged or missing/),
    ]);
  });

  it("in the beginning of a chained stream: its pages are counted", async () => {
    const file = fixture("chained.ogg");
    file[fixture("mono.ogg").length + 10] ^= 1;
    expect(messages(await decode(file))).toEqual([
      "damaged: 2 OGG pages belong to a stream without a beginning and were not read",
    ]);
  });

  it("with other bytes around: tags are skipped, the rest is named", async () => {
    const file = fixture("mono.ogg");
    const { channelData } = await decode(file);
    const tag = [...ascii("ID3"), 4, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5];
    const [before, after] = await Promise.all([
      decode(joined([tag, file])),
      decode(joined([file, ascii("TAG"), new Uint8Array(125)])),
    ]);
    for (const tagged of [before, after]) {
      expect(tagged.channelData).toEqual(channelData);
      expect(tagged.warnings).toEqual([]);
    }
    expect(messages(await decode(joined([file, new Uint8Array(77)])))).toEqual([
      "ignored-data: the OGG file holds 77 bytes at the end, which was not read",
    ]);
    const pages = pagesOf(fixture("pages.ogg"));
    expect(messages(await decode(joined(pages.toSpliced(4, 0, new Uint8Array(100)))))).toEqual([]);
  });

  it("with a second audio stream beside the first: a warning", async () => {
    const [first, ...rest] = pagesOf(fixture("mono.ogg"));
    const [otherFirst, ...otherRest] = pagesOf(fixture("mono.opus"));
    const both = await decode(joined([first, otherFirst, ...rest, ...otherRest]));
    expect(both.format).toMatchObject({ encoding: "Vorbis", nSamples: 4000 });
    expect(messages(both)).toEqual([
      "ignored-data: the OGG file holds another Opus stream beside the first one, which was not read",
    ]);
  });

  it.each([
    [
      "without audio",
      () => fixture("empty.ogg"),
      "OGG (Vorbis) decoding gave no samples; the file is damaged or empty",
    ],
    [
      "whose first page is damaged",
      () => withByte(fixture("mono.ogg"), 45, 9),
      "the first page of the OGG stream is damaged",
    ],
    [
      "without a Vorbis setup",
      () => joined(pagesOf(fixture("pages.ogg")).toSpliced(1, 1)),
      "the Vorbis setup header is damaged or missing",
    ],
    ["of no channels", () => withHeader("mono.ogg", 11, 0), "the Vorbis identification header is malformed"],
    [
      "of Opus with 3 channels and 2 places",
      () => withHeader("mono.opus", 9, 3),
      "the Opus header declares 3 channels, mapping family 0 has 1 or 2",
    ],
    [
      "of an unknown channel mapping",
      () => withHeader("mono.opus", 18, 3),
      "the Opus header has channel mapping family 3, timbrel reads 0, 1, 2 and 255",
    ],
    [
      "whose mapping names a stream that is not there",
      () => withHeader("six-channels.opus", 22, 77),
      "the Opus header has a channel mapping that contradicts itself",
    ],
    [
      "of a future Opus",
      () => withHeader("mono.opus", 8, 16),
      "the Opus header has version 16, timbrel reads 0 to 15",
    ],
    [
      "with thousands of bad pages",
      () =>
        joined([
          pagesOf(fixture("mono.ogg"))[0],
          ...Array.from({ length: 1100 }, () => [...ascii("OggS"), ...Array(23).fill(0)]),
        ]),
      "more than 1000 OGG pages are damaged",
    ],
    [
      "of Speex",
      () =>
        joined([ascii("OggS"), [0, 2], new Uint8Array(20), [1, 80], ascii("Speex   "), new Uint8Array(72)]),
      "Speex file, which timbrel does not read; convert it to WAV or FLAC",
    ],
  ])("%s: an error", async (_what, file, reason) => {
    await expect(decode(file())).rejects.toMatchObject({ name: "DataError", message: `a: ${reason}` });
  });
});

function withByte(file: Uint8Array, at: number, value: number): Uint8Array {
  file[at] = value;
  return file;
}

/** An OGG file with another byte in its first packet, and right checksums. */
function withHeader(name: string, at: number, value: number): Uint8Array {
  const [first, ...rest] = pagesOf(fixture(name));
  return joined([sealed(withByte(first, 28 + at, value)), ...rest]);
}

describe("a FLAC file with damage", () => {
  const FRAME = 512;

  it("in a frame in the middle: the rest is there, and a warning says how much is missing", async () => {
    const file = fixture("several-frames.flac");
    const { channelData } = await decode(file);
    const starts = framesOf(file);
    expect(starts.length).toBe(10);
    file[starts[4] + 100] ^= 4;
    const damaged = await decode(file);
    expect(messages(damaged)).toEqual([
      "damaged: 1 part of the FLAC stream is damaged or missing: 0.023 s of 0.227 s of audio is missing",
    ]);
    for (const [c, samples] of damaged.channelData.entries())
      expect([...samples]).toEqual([...channelData[c]].toSpliced(4 * FRAME, FRAME));
  });

  it("without some frames, of unknown length: the frames' numbers tell", async () => {
    const file = fixture("streamed.flac");
    const starts = framesOf(file);
    const cut = joined([file.subarray(0, starts[1]), file.subarray(starts[3])]);
    expect(messages(await decode(cut))).toEqual([
      "damaged: 1 part of the FLAC stream is damaged or missing: 0.093 s of 0.181 s of audio is missing",
    ]);
    expect(messages(await decode(file.subarray(0, starts[2] + 50)))).toEqual([
      "truncated: the FLAC stream ends in a damaged or incomplete frame",
    ]);
  });

  it("in OGG: the frames' numbers tell, too", async () => {
    const pages = pagesOf(fixture("flac.oga"));
    const [damaged, cut] = [
      await decode(joined(pages.toSpliced(3, 1))),
      await decode(joined(pages.slice(0, -1))),
    ];
    expect(messages(damaged)).toEqual([
      expect.stringMatching(/^damaged: 1 part of the FLAC stream .* of 0\.136 s of audio/),
    ]);
    expect(messages(cut)).toEqual([
      expect.stringMatching(/^truncated: the FLAC header declares 3000 samples, the file/),
    ]);
  });

  const MD5_AT = 26;
  it("whose samples are not those of its checksum", async () => {
    const file = fixture("level-8.flac");
    file[MD5_AT] ^= 1;
    expect(messages(await decode(file))).toEqual([
      "damaged: the decoded audio does not match the MD5 checksum in the FLAC header",
    ]);
    file.fill(0, MD5_AT, MD5_AT + 16);
    expect(messages(await decode(file))).toEqual([]);
  });

  it("whose header declares fewer samples", async () => {
    const file = withByte(fixture("level-8.flac"), 24, 10);
    expect(messages(await decode(file))).toEqual([
      "damaged: the FLAC header declares 2720 samples, the file holds 4000",
    ]);
  });

  it.each([
    ["bits per sample", 21, 0x8f, "bits per sample 16, not 9"],
    ["channels", 20, 0x40, "channels 2, not 1"],
    ["sample rate", 18, 0x06, "sample rate 22050, not 26146"],
  ])("whose frames have other %s than its header: an error", async (_what, at, value, difference) => {
    const damaged = withByte(fixture("level-8.flac"), at, value);
    await expect(decode(damaged)).rejects.toThrow(
      `a: the frame at byte 152 does not match the FLAC header: ${difference}`,
    );
  });

  it("with other bytes around: tags are skipped, the rest is named", async () => {
    const file = fixture("level-8.flac");
    const { channelData } = await decode(file);
    const tag = [...ascii("ID3"), 4, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5];
    for (const tagged of [joined([tag, file]), joined([file, ascii("TAG"), new Uint8Array(125)])]) {
      const audio = await decode(tagged);
      expect(audio.channelData).toEqual(channelData);
      expect(audio.warnings).toEqual([]);
    }
    expect(messages(await decode(joined([file, new Uint8Array(50)])))).toEqual([
      "ignored-data: 50 bytes after the last declared sample are no FLAC frames and were not read",
    ]);
  });

  it("in the metadata, so that it ends within it: an error", async () => {
    await expect(decode(fixture("level-8.flac").subarray(0, 43))).rejects.toThrow(
      "a: the file ends within the FLAC header",
    );
    const wrongType = withByte(fixture("level-8.flac"), 4, 1);
    await expect(decode(wrongType)).rejects.toThrow(
      "a: the FLAC file does not begin with its STREAMINFO block",
    );
  });

  it("with thousands of bad frames: an error", async () => {
    const file = fixture("level-8.flac");
    const start = framesOf(file)[0];
    const headers = Array.from({ length: 1100 }, () => file.subarray(start, start + 8));
    await expect(decode(joined([file.subarray(0, start), ...headers]))).rejects.toThrow(
      "a: more than 1000 FLAC frames are damaged",
    );
  });
});

it("takes for the header of a FLAC frame only what matches its checksum", () => {
  const file = fixture("level-8.flac");
  const frame = file.subarray(framesOf(file)[0]);
  const length = readFrameHeader(frame)?.length as number;
  expect(readFrameHeader(frame)).toMatchObject({ number: 0, channels: 2, bits: 16, sampleRate: 22050 });
  for (let bit = 0; bit < length * 8; bit++) {
    const damaged = frame.slice();
    damaged[bit >> 3] ^= 128 >> (bit & 7);
    expect(readFrameHeader(damaged)).toBeNull();
  }
});

it("reads FLAC with frames of varying size, which carry the number of their first sample", async () => {
  const file = fixture("several-frames.flac");
  const { channelData } = await decode(file);
  const starts = framesOf(file);
  const frames = starts.map((start, i) => {
    const frame = file.subarray(start, starts[i + 1] ?? file.length);
    const headerEnd = [6, 7, 8].find((end) => crc(frame.subarray(0, end), 8, 7) === 0) as number;
    const position = i * 512;
    const number = position < 128 ? [position] : [0xc0 | (position >> 6), 0x80 | (position & 63)];
    const long = [0xe0 | (position >> 12), 0x80 | ((position >> 6) & 63), 0x80 | (position & 63)];
    const header = [
      0xff,
      0xf9,
      frame[2],
      frame[3],
      ...(position < 2048 ? number : long),
      ...frame.subarray(5, headerEnd - 1),
    ];
    const content = [...header, crc(Uint8Array.from(header), 8, 7), ...frame.subarray(headerEnd, -2)];
    const sum = crc(Uint8Array.from(content), 16, 0x8005);
    return [...content, sum >> 8, sum & 255];
  });
  const varying = await decode(joined([file.subarray(0, starts[0]), ...frames]));
  expect(varying.channelData).toEqual(channelData);
  expect(varying.warnings).toEqual([]);
  const without = await decode(joined([file.subarray(0, starts[0]), ...frames.toSpliced(2, 3)]));
  expect(messages(without)).toEqual([expect.stringMatching(/: 0\.070 s of 0\.227 s of audio is missing$/)]);
});

describe("an OGG file", () => {
  it.each(["pages.ogg", "pages.opus"])("%s with a page twice gives the same samples", async (name) => {
    const pages = pagesOf(fixture(name));
    const { channelData, warnings } = await decode(joined(pages.toSpliced(4, 0, pages[4])));
    expect(warnings).toEqual([]);
    expect(channelData).toEqual((await decode(fixture(name))).channelData);
  });

  it.each(["pages.ogg", "pages.opus"])("%s that begins late in its stream says so", async (name) => {
    const offset = 7200 * 48_000;
    const pages = pagesOf(fixture(name));
    const nHeaders = pages.findIndex((page) => new DataView(page.buffer).getBigInt64(6, true) > 0n);
    for (const page of pages.slice(nHeaders)) {
      const view = new DataView(page.buffer);
      view.setBigInt64(6, view.getBigInt64(6, true) + BigInt(offset), true);
      view.setUint32(18, view.getUint32(18, true) + 5000, true);
      sealed(page);
    }
    const { channelData, warnings } = await decode(joined(pages));
    expect(warnings.map(({ code }) => code)).toEqual(["truncated"]);
    expect(warnings[0].message).toMatch(/^begins \d{4,5} s after the beginning of its stream/);
    const whole = (await decode(fixture(name))).channelData[0].length;
    expect(Math.abs(channelData[0].length - whole)).toBeLessThan(5000);
  });
});

describe("memory", () => {
  it.each(["pages.ogg", "pages.opus", "large-blocks.flac", "six-channels.flac", "flac.oga"])(
    "%s comes in blocks of bounded size",
    async (name) => {
      const { blocks, declaredSamples } = await openAudio(bytesInMemory(fixture(name)), name);
      let nSamples = 0;
      for await (const block of blocks) {
        for (const samples of block) expect(samples.length).toBe(block[0].length);
        expect(block[0].length).toBeLessThanOrEqual(BLOCK_SAMPLES);
        nSamples += block[0].length;
      }
      expect(nSamples).toBe(declaredSamples);
    },
  );

  it("of a Vorbis file with more channels than there are is not taken", async () => {
    const [first, ...rest] = pagesOf(fixture("mono.ogg"));
    first[28 + 11] = 255; // one lacing value, then the identification header
    const file = Buffer.concat([sealed(first), ...rest]);
    await expect(decodeAudio(file, "a.ogg")).rejects.toThrow(
      new DataError("a.ogg", "has 255 channels, of which timbrel reads up to 8 in Vorbis"),
    );
  });

  it("of a FLAC file does not hold its pictures, nor what its header claims", async () => {
    const file = fixture("tagged.flac");
    const start = framesOf(file)[0];
    const metadata = joined([file.subarray(0, 42), [6, 0xff, 0xff, 0xff]]);
    const gap = 0xffffff; // bytes of picture that are never asked for
    const after = joined([[0x81, 0, 0, 0], file.subarray(start)]);
    metadata[4] = 0;
    metadata[21] |= 15; // 64 billion samples
    let nRead = 0;
    const source: ByteSource = {
      size: metadata.length + gap + after.length,
      async read(from, length) {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - from)));
        const copy = (part: Uint8Array, at: number) => {
          for (let i = 0; i < bytes.length; i++) bytes[i] ||= part[from + i - at] ?? 0;
        };
        copy(metadata, 0);
        copy(after, metadata.length + gap);
        nRead += bytes.length;
        return bytes;
      },
    };
    const { blocks, warnings, declaredSamples } = await openAudio(source, "a");
    let nSamples = 0;
    for await (const [left] of blocks) nSamples += left.length;
    expect(nSamples).toBe(1000);
    expect(declaredSamples).toBeGreaterThan(6e10);
    expect(warnings.map(({ code }) => code)).toEqual(["truncated"]);
    expect(nRead).toBeLessThan(2 ** 17);
  });

  it.each(["pages.ogg", "pages.opus"])("of a %s that is not read to its end can be freed", async (name) => {
    for (let i = 0; i < 3; i++) {
      const { blocks } = await openAudio(bytesInMemory(fixture(name)), name);
      for await (const block of blocks) {
        expect(block[0].length).toBeGreaterThan(0);
        break;
      }
    }
    expect((await decode(fixture(name))).warnings).toEqual([]);
  });
});
