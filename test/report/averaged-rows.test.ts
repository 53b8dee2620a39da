import { expect, it } from "vitest";
import { AveragedRows } from "../../src/report/averaged-rows.js";

/** Rows [t, -t] for t below `nRows`. */
function rowsOf(nRows: number): AveragedRows {
  const rows = new AveragedRows(2);
  for (let t = 0, n = 1; t < nRows; t += n, n = Math.min(nRows - t, n + 1))
    rows.push(Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? t + i / 2 : -t - (i - 1) / 2)));
  return rows;
}

it.each([1, 1000, 65_536])("keeps %i rows as they are", (nRows) => {
  const rows = rowsOf(nRows);
  const { data, shape } = rows.end();
  expect([shape, rows.factor]).toEqual([[nRows, 2], 1]);
  expect(data.every((value, i) => value === (i % 2 === 0 ? i / 2 : -(i - 1) / 2))).toBe(true);
});

it.each([
  [65_537, 2],
  [131_072, 2],
  [131_073, 4],
  [262_144, 4],
])("of %i rows, averages each %i, and the last that are left", (nRows, factor) => {
  const rows = rowsOf(nRows);
  const { data, shape } = rows.end();
  expect([shape, rows.factor]).toEqual([[Math.ceil(nRows / factor), 2], factor]);
  const mean = (first: number) => (first + Math.min(nRows, first + factor) - 1) / 2;
  expect(data.every((value, i) => Math.abs(value) === mean(factor * (i >> 1)))).toBe(true);
});
