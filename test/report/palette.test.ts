import { describe, expect, it } from "vitest";
import { PALETTE, PAPER, seriesStyle } from "../../src/report/charts/style.js";

describe("the palette", () => {
  /** Least contrast of graphical objects by WCAG 2.2, criterion 1.4.11. */
  const LEAST_CONTRAST = 3;
  /** CIE 1976 colour difference; 2.3 is just noticeable. */
  const LEAST_DIFFERENCE = 15;
  // What eyes without red or green cones see, in linear RGB: Machado, Oliveira and Fernandes, 2009, severity 1.0.
  const EYES = {
    normal: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    protan: [
      [0.152286, 1.052583, -0.204868],
      [0.114503, 0.786281, 0.099216],
      [-0.003882, -0.048116, 1.051998],
    ],
    deutan: [
      [0.367322, 0.860646, -0.227968],
      [0.280085, 0.672501, 0.047413],
      [-0.01182, 0.04294, 0.968881],
    ],
  };
  const XYZ = [
    [0.4124, 0.3576, 0.1805],
    [0.2126, 0.7152, 0.0722],
    [0.0193, 0.1192, 0.9505],
  ];
  const WHITE = [0.95047, 1, 1.08883];
  const times = (matrix: number[][], v: number[]) =>
    matrix.map((row) => row.reduce((sum, x, i) => sum + x * v[i], 0));
  const linear = (hex: string) =>
    [1, 3, 5].map((i) => {
      const fraction = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
      return fraction <= 0.04045 ? fraction / 12.92 : ((fraction + 0.055) / 1.055) ** 2.4;
    });
  const lab = (rgb: number[]) => {
    const [x, y, z] = times(XYZ, rgb).map((v, i) => Math.cbrt(Math.max(0, v) / WHITE[i]));
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  };
  const luminance = (hex: string) => times(XYZ, linear(hex))[1];
  const contrast = (a: string, b: string) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((p, q) => p - q);
    return (light + 0.05) / (dark + 0.05);
  };

  it.each(["light", "dark"] as const)("stands out from the %s page", (mode) => {
    for (const colour of PALETTE) expect(contrast(colour[mode], PAPER[mode])).toBeGreaterThan(LEAST_CONTRAST);
  });
  it.each(["light", "dark"] as const)("is distinct to every eye on the %s page", (mode) => {
    for (const eye of Object.values(EYES)) {
      const seen = PALETTE.map((colour) => lab(times(eye, linear(colour[mode]))));
      for (const [i, a] of seen.entries())
        for (const b of seen.slice(0, i))
          expect(Math.hypot(...a.map((v, k) => v - b[k]))).toBeGreaterThan(LEAST_DIFFERENCE);
    }
  });
  it("colour is never alone: no two of the series share a dash pattern or a marker", () => {
    const styles = PALETTE.map((_, i) => seriesStyle(i));
    expect(new Set(styles.map(({ dash }) => dash)).size).toBe(PALETTE.length);
    expect(new Set(styles.map(({ symbol }) => symbol)).size).toBe(PALETTE.length);
  });
});
