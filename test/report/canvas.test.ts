import { describe, expect, it } from "vitest";
import { Canvas, elided, textWidth } from "../../src/report/canvas.js";

/** The pixels of a text, `#` where there is ink. */
function drawn(text: string): string[] {
  const canvas = new Canvas(textWidth(text), 13, [0, 0, 0]);
  canvas.text(text, 0, 2, [255, 255, 255]);
  return Array.from({ length: 13 }, (_, y) =>
    Array.from({ length: canvas.width }, (_, x) => (canvas.data[3 * (y * canvas.width + x)] > 0 ? "#" : "."))
      .join("")
      .replace(/\.+$/, ""),
  );
}

describe("a text on a canvas", () => {
  it("is drawn with its capitals from the given top on", () => {
    expect(drawn("Ig")).toEqual([
      "",
      "",
      ".#####",
      "...#",
      "...#",
      "...#......###.#",
      "...#.....#...#",
      "...#.....#...#",
      "...#......###",
      "...#.....#",
      ".#####....####",
      ".........#....#",
      "..........####",
    ]);
  });
  it("has Latin, Greek and Cyrillic letters, composed or not", () => {
    for (const text of ["é", "ő", "λ", "Ж", "…"]) expect(drawn(text)).not.toEqual(drawn("?"));
    expect(drawn("e\u0301")).toEqual(drawn("é"));
  });
  it("has no accents where the font has none, and question marks for other characters", () => {
    expect(drawn("ṽ")).toEqual(drawn("v"));
    expect(drawn("中")).toEqual(drawn("?"));
    expect(textWidth("😀")).toBe(8);
  });
  it("is shortened in its middle", () => {
    expect(elided("song.wav", 64)).toBe("song.wav");
    expect(elided("a longer song.wav", 80)).toBe("a lon….wav");
    expect(elided("abc", 8)).toBe("…");
  });
});
