import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvText } from "../../src/core/csv.js";

describe("csvText", () => {
  it("quotes what a reader would take for something else, and nothing more", () => {
    const rows = [
      ["file", "score"],
      ['a "b", c', 0.5],
      ["two\nlines", null],
      [" padded", "plain text"],
    ];
    expect(csvText(rows)).toBe('file,score\n"a ""b"", c",0.5\n"two\nlines",\n" padded",plain text\n');
  });
  it("gives rows back to a reader of CSV, whatever their cells hold", () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(",", '"', "\n", "\r", " ", "a") }));
    const table = fc.array(fc.tuple(text, text), { minLength: 1 });
    fc.assert(
      fc.property(table, (rows) => {
        expect(parse(csvText(rows), { recordDelimiter: "\n" })).toEqual(rows);
      }),
    );
  });
});
