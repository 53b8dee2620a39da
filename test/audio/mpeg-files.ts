import { readFileSync } from "node:fs";
import { decodeAudio } from "../../src/audio/decode.js";
import { Random } from "../../src/core/random.js";
import { ascii, u32 } from "./build-wav.js";

// Written by lame and ffmpeg, read by ffmpeg; made by scripts/fixtures/mpeg.py.
export const fixtures = new URL("./mpeg-fixtures/", import.meta.url);
export const fixture = (name: string) => new Uint8Array(readFileSync(new URL(name, fixtures)));
interface Expected {
  sampleRate: number;
  nEncoded: number;
  nSamples: number;
  channels: number[][];
}
export const { stride, files } = JSON.parse(readFileSync(new URL("expected.json", fixtures), "utf8")) as {
  stride: number;
  files: Record<string, Expected>;
};
// ffmpeg and mpg123 round differently: by less than a 16-bit step; both are exact to 24 bits for layer 3.
export const TOLERANCE = 1 / 16384;

export const join = (...parts: (Uint8Array | number[])[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
export const zeros = (length: number) => new Uint8Array(length);
export const noise = (length: number, seed = 1) => {
  const random = new Random(seed);
  return Uint8Array.from({ length }, () => random.uint32() & 255);
};
/** The samples of a file; those of a fixture are decoded once. */
export const samplesOf = (bytes: Uint8Array) => {
  const samples = decoded.get(bytes) ?? decodeAudio(bytes, "a.mp3").then(({ channelData }) => channelData);
  decoded.set(bytes, samples);
  return samples;
};
const decoded = new WeakMap<Uint8Array, Promise<Float32Array[]>>();
export const synchsafe = (size: number) => [21, 14, 7, 0].map((shift) => (size >> shift) & 127);
/** An ID3v2 tag; its length field may say something else than its length. */
export const id3 = (content: Uint8Array | number[], declared = content.length, flags = 0) =>
  join([...ascii("ID3"), 4, 0, flags, ...synchsafe(declared)], content);
export const title = [...ascii("TIT2"), 0, 0, 0, 6, 0, 0, 0, ...ascii("title")];
/** An APEv2 tag with header and footer. */
export const ape = (content: number[]) => {
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
export const id3v1 = join(ascii("TAG"), zeros(125));
export const lyrics = join(ascii("LYRICSBEGININD00002"), ascii("00"), ascii("000021LYRICS200"));

export const vbr = fixture("vbr.mp3");
export const plain = fixture("cbr-without-header.mp3");
