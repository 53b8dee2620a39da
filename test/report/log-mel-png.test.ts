import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { tensor } from "../../src/core/tensor.js";
import { frontEnd } from "../../src/features/front-end.js";
import { logMelPng } from "../../src/report/log-mel-png.js";
import { magma } from "../../src/report/magma.js";

const made = frontEnd({ nMels: 16 });
const LEFT = 56; // the spectrogram's upper left corner in the picture
const TOP = 25;
const RIGHT = 84; // of the scale
const BOTTOM = 34;
const PAPER = [24, 24, 30];

/** A picture whose bands grow upwards and whose frames are all the same; each of the 16 bands is 24 pixels high. */
function ramp(nFrames: number) {
  const data = Float32Array.from({ length: nFrames * 16 }, (_, i) => i % 16);
  return logMelPng(tensor(data, [nFrames, 16]), { frontEnd: made, title: "kick 中.wav" });
}
function pixel(png: Uint8Array, x: number, y: number): number[] {
  const { data, width } = decode(png);
  return Array.from(data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3));
}

describe("logMelPng", () => {
  it("draws frequency upwards, from black to pale yellow", () => {
    const png = ramp(40);
    expect(pixel(png, LEFT + 5, TOP + 24 * 16 - 1)).toEqual([0x00, 0x00, 0x04]);
    expect(pixel(png, LEFT + 5, TOP)).toEqual([0xfc, 0xfd, 0xbf]);
  });
  it("draws time to the right", () => {
    const data = Float32Array.from({ length: 40 * 16 }, (_, i) => (i < 20 * 16 ? 0 : 1));
    const png = logMelPng(tensor(data, [40, 16]), { frontEnd: made });
    expect(pixel(png, LEFT + 10, TOP + 100)).toEqual([...magma(0)]);
    expect(pixel(png, LEFT + 630, TOP + 100)).toEqual([...magma(1)]);
  });
  it("stretches a short clip and lets the frames of a long one share columns", () => {
    expect(decode(ramp(1)).width).toBe(LEFT + 640 + RIGHT);
    expect(decode(ramp(1292)).width).toBe(LEFT + 1292 + RIGHT);
    expect(decode(ramp(5000)).width).toBe(LEFT + 1250 + RIGHT);
    expect(decode(ramp(40)).height).toBe(TOP + 384 + BOTTOM);
  });
  it("marks frequencies and seconds at the edges of the spectrogram", () => {
    const { data, width, height } = decode(ramp(40));
    const inked = (x: number, y: number) => data[3 * (y * width + x)] > PAPER[0];
    const rows = Array.from({ length: height }, (_, y) => y).filter((y) => inked(LEFT - 2, y));
    const columns = Array.from({ length: width }, (_, x) => x).filter((x) => inked(x, TOP + 384 + 2));
    expect(rows.length).toBeGreaterThan(4);
    expect(columns.length).toBeGreaterThan(4);
  });
  it("draws silence black", () => {
    const png = logMelPng(tensor(new Float32Array(160), [10, 16]), { frontEnd: made });
    expect(pixel(png, LEFT + 300, TOP + 200)).toEqual([0x00, 0x00, 0x04]);
  });
  it("keeps the title in the file's metadata, in Latin-1", () => {
    expect(decode(ramp(2)).text).toMatchObject({ Title: "kick ?.wav", Software: "timbrel" });
  });
  it("has a dark margin with light ink", () => {
    const png = ramp(40);
    const { width, height } = decode(png);
    for (const [x, y] of [
      [0, 0],
      [width - 1, 0],
      [0, height - 1],
      [width - 1, height - 1],
    ])
      expect(pixel(png, x, y)).toEqual(PAPER);
  });
  it("draws the scale of the values beside them, from the highest to the lowest", () => {
    const png = ramp(40);
    const bar = LEFT + 640 + 16;
    expect(pixel(png, bar, TOP)).toEqual([...magma(1)]);
    expect(pixel(png, bar + 11, TOP + 383)).toEqual([...magma(0)]);
    // Ticks at 0, 5, 10 and 15 of 0 to 15.
    const { data, width, height } = decode(png);
    const ticks = Array.from({ length: height }, (_, y) => y).filter(
      (y) => data[3 * (y * width + bar + 14)] > PAPER[0] && y >= TOP,
    );
    expect(ticks).toEqual([0, 1, 2, 3].map((i) => TOP + Math.round((383 * i) / 3)));
  });
  it("draws the title above the spectrogram, at most as wide", () => {
    const mel = tensor(new Float32Array(160), [10, 16]);
    const inked = (title: string) => {
      const { data, width } = decode(logMelPng(mel, { frontEnd: made, title }));
      const columns = Array.from({ length: width }, (_, x) => x).filter((x) =>
        [8, 9, 10, 11, 12, 13, 14, 15, 16].some((y) => data[3 * (y * width + x)] > PAPER[0]),
      );
      return columns.filter((x) => x >= LEFT && x < LEFT + 640);
    };
    expect(inked("")).toEqual([]);
    expect(Math.max(...inked("song.wav"))).toBeLessThan(LEFT + 8 * 8);
    expect(Math.max(...inked("song.wav"))).toBeGreaterThan(LEFT + 7 * 8);
    expect(Math.max(...inked("folder/".repeat(50)))).toBeGreaterThan(LEFT + 600);
  });

  describe("with segments", () => {
    const tag = (label: string, probability: number) => ({
      ...{ label, probability, threshold: null },
      isPresent: true,
    });
    const tags = (a: number, b: number) => [tag("a", a), tag("b", b), tag("c", 0.01)];
    // 16 frames a second; two segments of 2 s, which overlap from 1 s to 2 s, in a clip of 4 s.
    const front = frontEnd({ sampleRate: 8192, nFft: 512, hopLength: 512, nMels: 16 });
    const mel = tensor(new Float32Array(64 * 16), [64, 16]);
    const segments = [
      { startSec: 0, endSec: 2, tags: tags(0, 0.25) },
      { startSec: 1, endSec: 3, tags: tags(1, 0.25) },
    ];
    const png = logMelPng(mel, { frontEnd: front, segments, top: 2 });
    const row = (i: number) => TOP + 384 + 8 + i * 21 + 9;
    const at = (sec: number, i: number) => pixel(png, LEFT + 160 * sec, row(i));

    it("draws a row for each of the most probable tags, brighter where they are more probable", () => {
      expect(decode(png).height).toBe(TOP + 384 + 8 + 2 * 21 + BOTTOM);
      const [dark, bright] = [
        [44, 46, 58],
        [110, 231, 213],
      ];
      expect([0.5, 1.5, 2.5, 3.5].map((sec) => at(sec, 0))).toEqual([
        dark,
        dark.map((low, i) => Math.round((low + bright[i]) / 2)), // the mean of both
        bright,
        PAPER, // in no segment
      ]);
      for (const sec of [0.5, 1.5, 2.5])
        expect(at(sec, 1)).toEqual(dark.map((low, i) => Math.round(low + (bright[i] - low) / 4)));
    });
    it("draws unknown segments in a row of their own, without tags", () => {
      const some = [segments[0], { ...segments[1], startSec: 2, endSec: 4, isUnknown: true }];
      const unknown = logMelPng(mel, { frontEnd: front, segments: some, top: 1 });
      expect(decode(unknown).height).toBe(TOP + 384 + 8 + 2 * 21 + BOTTOM);
      const left = Math.max(LEFT, 16 + 8 * "unknown".length);
      const colours = [0, 1].map((i) => [1, 3].map((sec) => pixel(unknown, left + 160 * sec, row(i))));
      expect(colours[0][1]).toEqual(PAPER);
      expect(colours[1]).toEqual([
        [44, 46, 58],
        [110, 231, 213],
      ]);
    });
    it("makes room for long labels, and shortens longer ones", () => {
      const widthOf = (label: string) =>
        decode(
          logMelPng(mel, {
            frontEnd: front,
            segments: [{ startSec: 0, endSec: 1, tags: [tag(label, 1)] }],
          }),
        ).width;
      expect(widthOf("short")).toBe(LEFT + 640 + RIGHT);
      expect(widthOf("a longer label")).toBe(16 + 14 * 8 + 640 + RIGHT);
      expect(widthOf("an endless label ".repeat(9))).toBe(16 + 22 * 8 + 640 + RIGHT);
    });
  });
});
