import { GLYPH_RANGES } from "./glyphs.js";
import type { Rgb } from "./magma.js";

const GLYPH_WIDTH = 8;
const GLYPH_HEIGHT = 13;
/** Distance from the top of a glyph to the line that its letters stand on. */
const ASCENT = 11;
/** Height of capitals and digits, above that line. */
export const TEXT_HEIGHT = 9;
const UNKNOWN = "?";

/** The rows of each glyph, a byte each, whose greatest bit is the leftmost pixel. */
const glyphs = new Map<string, Uint8Array>();
for (const [first, rows] of GLYPH_RANGES) {
  const bytes = Uint8Array.from(atob(rows), (byte) => byte.charCodeAt(0));
  for (let at = 0; at < bytes.length; at += GLYPH_HEIGHT) {
    const character = String.fromCharCode(first + at / GLYPH_HEIGHT);
    const glyph = bytes.subarray(at, at + GLYPH_HEIGHT);
    if (character === " " || glyph.some((row) => row > 0)) glyphs.set(character, glyph);
  }
}

/** A picture in memory: `width * height` pixels of three bytes, row by row from the top. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;

  constructor(width: number, height: number, background: Rgb) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height * 3);
    this.fill(0, 0, width, height, background);
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

  /**
   * Writes a text with the upper left corner of its capitals at `left`, `top`. A letter that the font does not have is
   * written without its accents, and any other character as a question mark.
   */
  text(text: string, left: number, top: number, color: Rgb): void {
    for (const [i, character] of lettersOf(text).entries()) {
      const rows = glyphs.get(character)!;
      for (let row = 0; row < GLYPH_HEIGHT; row++)
        for (let column = 0; column < GLYPH_WIDTH; column++)
          if ((rows[row] >> (GLYPH_WIDTH - 1 - column)) & 1)
            this.fill(left + i * GLYPH_WIDTH + column, top + row - (ASCENT - TEXT_HEIGHT), 1, 1, color);
    }
  }
}

/** The characters that are drawn for a text. */
function lettersOf(text: string): string[] {
  return [...text.normalize("NFC")].map((character) => {
    const plain = character.normalize("NFKD")[0];
    return [character, plain].find((each) => glyphs.has(each)) ?? UNKNOWN;
  });
}

/** Width of a text [pixels]. */
export function textWidth(text: string): number {
  return lettersOf(text).length * GLYPH_WIDTH;
}

/** A text that is at most this wide [pixels], with an ellipsis in place of what is left out of its middle. */
export function elided(text: string, width: number): string {
  const letters = [...text.normalize("NFC")];
  const most = Math.max(1, Math.floor(width / GLYPH_WIDTH));
  if (letters.length <= most) return text;
  const nEnd = Math.floor((most - 1) / 2);
  return [...letters.slice(0, most - 1 - nEnd), "…", ...letters.slice(letters.length - nEnd)].join("");
}
