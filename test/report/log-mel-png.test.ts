import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { tensor } from "../../src/core/tensor.js";
import { frontEnd } from "../../src/features/front-end.js";
import { logMelPng } from "../../src/report/log-mel-png.js";
import { magma } from "../../src/report/magma.js";

const made = frontEnd({ nMels: 16 });
const LEFT = 52; // the spectrogram's upper left corner in the picture
const TOP = 14;

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
    expect(decode(ramp(1)).width).toBe(LEFT + 640 + 16);
    expect(decode(ramp(1292)).width).toBe(LEFT + 1292 + 16);
    expect(decode(ramp(5000)).width).toBe(LEFT + 1250 + 16);
    expect(decode(ramp(40)).height).toBe(TOP + 384 + 34);
  });
  it("marks frequencies and seconds at the edges of the spectrogram", () => {
    const { data, width, height } = decode(ramp(40));
    const inked = (x: number, y: number) => data[3 * (y * width + x)] < 255;
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
});
