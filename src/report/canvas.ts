import type { Rgb } from "./magma.js";

// Glyphs of 3 x 5 pixels: five rows from top to bottom, each an octal digit whose bits are pixels.
const GLYPHS: Record<string, string> = {
  "0": "75557",
  "1": "26227",
  "2": "71747",
  "3": "71717",
  "4": "55711",
  "5": "74717",
  "6": "74757",
  "7": "71122",
  "8": "75757",
  "9": "75717",
  ".": "00002",
  k: "45655",
  s: "34216",
  H: "55755",
  z: "07127",
  " ": "00000",
};
const GLYPH_SCALE = 2;
const ADVANCE = 4 * GLYPH_SCALE;
export const TEXT_HEIGHT = 5 * GLYPH_SCALE;

/** A picture in memory: `width * height` pixels of three bytes, row by row from the top, initially white. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height * 3).fill(255);
  }

  /** Fills a rectangle, clipped to the picture. */
  fill(left: number, top: number, width: number, height: number, color: Rgb): void {
    const right = Math.min(this.width, left + width);
    const bottom = Math.min(this.height, top + height);
    for (let y = Math.max(0, top); y < bottom; y++)
      for (let x = Math.max(0, left); x < right; x++) {
        const at = 3 * (y * this.width + x);
        this.data[at] = color[0];
        this.data[at + 1] = color[1];
        this.data[at + 2] = color[2];
      }
  }

  /** Writes a text of digits, `.`, `k`, `s`, `Hz` and spaces with its upper left corner at `left`, `top`. */
  text(text: string, left: number, top: number, color: Rgb): void {
    for (const [i, character] of [...text].entries())
      for (const [row, bits] of [...(GLYPHS[character] ?? GLYPHS[" "])].entries())
        for (let column = 0; column < 3; column++)
          if ((Number(bits) >> (2 - column)) & 1)
            this.fill(
              left + i * ADVANCE + column * GLYPH_SCALE,
              top + row * GLYPH_SCALE,
              GLYPH_SCALE,
              GLYPH_SCALE,
              color,
            );
  }
}

/** Width of a text [pixels]. */
export function textWidth(text: string): number {
  return Math.max(0, text.length * ADVANCE - GLYPH_SCALE);
}
