import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { placeAxis } from "../../src/report/charts/axis.js";
import { contourChart } from "../../src/report/charts/contour-chart.js";
import { type LineSeries, lineChart } from "../../src/report/charts/line-chart.js";
import { scatterChart } from "../../src/report/charts/scatter-chart.js";
import type { Html } from "../../src/report/html.js";

const parsed = (figure: Html) => parseHTML(`<!doctype html><html><body>${figure}</body></html>`).document;
const described = (figure: Html) =>
  parsed(figure).querySelector("svg[role=img]")!.getAttribute("aria-label")!;
const rowsOf = (figure: Html) =>
  [...parsed(figure).querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent));
/** All texts in the picture. */
const textsOf = (figure: Html) =>
  [...parsed(figure).querySelectorAll("svg text")].map((text) => text.textContent);
const logLines = (series: readonly LineSeries[]) =>
  lineChart({ title: "T", x: { label: "layer" }, y: { label: "std", scale: "log" }, series });

describe("placeAxis", () => {
  it("puts zeros of a log axis on a floor below every positive value, and says so", () => {
    const axis = placeAxis({ label: "y", scale: "log" }, [0, 1e-3, 1, 0]);
    expect(axis.place(0)).toBe(axis.domain[0]);
    expect(axis.place(0)!).toBeLessThan(1e-3);
    expect(axis.tickLabel(axis.ticks[0])).toBe("0");
    expect(axis.notes).toEqual(["2 values are exactly 0 and drawn at the lowest tick."]);
  });
  it("calls negatives 0 or less", () => {
    const axis = placeAxis({ label: "y", scale: "log" }, [-2, 1, 10]);
    expect(axis.tickLabel(axis.place(-2)!)).toBe("≤ 0");
    expect(axis.notes).toEqual(["One value is 0 or less and drawn at the lowest tick."]);
  });
  it("keeps a tiny value from flattening the rest", () => {
    const axis = placeAxis({ label: "y", scale: "log" }, [1e-40, 0.1, 1]);
    expect(axis.domain[0]).toBeGreaterThan(1e-20);
    expect(axis.notes[0]).toBe("One value is below 10⁻¹⁶ and drawn at the lowest tick.");
  });
  it("leaves out and counts values that are not finite", () => {
    for (const scale of ["log", "linear"] as const) {
      const values = [1, Number.NaN, Number.POSITIVE_INFINITY, null, 3];
      const axis = placeAxis({ label: "y", scale }, values);
      expect(values.map(axis.place)).toEqual([1, null, null, null, 3]);
      expect(axis.notes).toEqual(["3 values are not finite and left out."]);
    }
  });
  it("draws values above the ceiling at the ceiling", () => {
    const axis = placeAxis({ label: "y", ceiling: 5 }, [1, 1e30]);
    expect(axis.place(1e30)).toBe(5);
    expect(axis.domain[1]).toBeLessThan(6);
    expect(axis.notes).toEqual(["One value is above 5 and drawn at that value."]);
  });
  it("lays out any values: none, one, all equal, all zero, none finite", () => {
    for (const scale of ["log", "linear"] as const)
      for (const values of [[], [3], [3, 3], [0, 0], [Number.NaN], [-1, -1]]) {
        const { domain, ticks } = placeAxis({ label: "y", scale }, values);
        expect(domain.every(Number.isFinite)).toBe(true);
        expect(domain[1]).toBeGreaterThan(domain[0]);
        expect(ticks.length).toBeLessThan(12);
      }
  });
  it("has from 2 to 8 ticks on any range from a fraction of a decade to thirty decades", () => {
    for (const high of [1.1, 3, 10, 95, 1e4, 1e30]) {
      const { ticks } = placeAxis({ label: "y", scale: "log" }, [1, high]);
      expect(ticks.length, String(high)).toBeGreaterThanOrEqual(2);
      expect(ticks.length, String(high)).toBeLessThanOrEqual(8);
    }
  });
  it("does not go below 0 if no value does", () => {
    expect(placeAxis({ label: "fraction" }, [0, 0]).domain).toEqual([0, 1]);
    expect(placeAxis({ label: "loss" }, [0.01, 2]).domain[0]).toBe(0);
    expect(placeAxis({ label: "mean" }, [-0.1, 2]).domain[0]).toBeLessThan(-0.1);
  });
  it("has ticks that can be told apart, and whole ones where asked", () => {
    const close = placeAxis({ label: "loss" }, [2.3979, 2.3984]);
    const labels = close.ticks.map(close.tickLabel);
    expect(labels).toContain("2.398");
    expect(new Set(labels).size).toBe(labels.length);
    expect(placeAxis({ label: "epoch", domain: [1, 3], isWhole: true }, []).ticks).toEqual([1, 2, 3]);
  });
  it("shows names in the place of 1, 2, 3, ..., some of them if there are many", () => {
    const few = placeAxis({ label: "layer", names: ["a", "b", "output"] }, [1, 2, 3]);
    expect([few.domain, few.ticks.map(few.tickLabel)]).toEqual([
      [1, 3],
      ["a", "b", "output"],
    ]);
    const names = Array.from({ length: 60 }, (_, i) => `block${i + 1}`);
    const labels = placeAxis({ label: "layer", names }, []).ticks.map((tick) => names[tick - 1]);
    expect(labels.length).toBeLessThanOrEqual(16);
    expect([labels[0], labels.at(-1)]).toEqual(["block1", "block60"]);
  });
  it("fraction and at undo each other", () => {
    for (const scale of ["log", "linear"] as const) {
      const axis = placeAxis({ label: "y", scale }, [0.5, 20]);
      expect(axis.at(axis.fraction(3))).toBeCloseTo(3, 12);
      expect([0, 1].map(axis.at)).toEqual(axis.domain.map((end) => expect.closeTo(end, 12)));
    }
  });
});

describe("lineChart", () => {
  it("describes what it draws in words and in a table", () => {
    const points = [
      [1, 0.5],
      [2, 0.25],
      [3, 2],
    ] as const;
    const chart = logLines([{ name: "tanh", points }]);
    expect(described(chart)).toBe("T. std against layer. tanh: 0.5 at 1, 2 at 3; minimum 0.25, maximum 2.");
    expect(rowsOf(chart)).toEqual([
      ["layer", "tanh"],
      ["1", "0.5"],
      ["2", "0.25"],
      ["3", "2"],
    ]);
    expect(textsOf(chart)).toContain("tanh");
  });
  it("no coordinate is NaN or infinite, even if values are", () => {
    const values = [0, Number.NaN, Number.POSITIVE_INFINITY, -1, 1e-300, 1e300, null];
    const mixed = { name: "mixed", points: values.map((value, i) => [i, value] as const) };
    const none = { name: "none", points: [] };
    const lost = { name: "lost", points: [[0, Number.NaN]] as const };
    for (const series of [[mixed], [mixed, none, lost], [none], [lost], []])
      for (const scale of ["log", "linear"] as const) {
        const chart = lineChart({ title: "T", x: { label: "x" }, y: { label: "y", scale }, series });
        expect(parsed(chart).querySelector("svg")!.outerHTML).not.toMatch(/NaN|Infinity/);
      }
    expect(described(logLines([lost]))).toContain("lost: no finite value.");
  });
  it("keeps the peak of a series that is too long to draw every point", () => {
    const points = Array.from({ length: 5000 }, (_, i) => [i, i === 2345 ? 50 : 1] as const);
    const chart = lineChart({
      title: "T",
      x: { label: "x" },
      y: { label: "y" },
      series: [{ name: "a", points }],
    });
    const lines = [...parsed(chart).querySelectorAll("svg path")].map((path) => path.getAttribute("d")!);
    const longest = lines.reduce((most, d) => (d.length > most.length ? d : most));
    const heights = [...longest.matchAll(/,([\d.]+)/g)].map((match) => Number(match[1]));
    expect(Math.max(...heights) - Math.min(...heights)).toBeGreaterThan(150);
    expect(String(chart).length).toBeLessThan(12_000);
  });
  it("names the places of a named axis in its words, its table and its picture", () => {
    const chart = lineChart({
      title: "T",
      x: { label: "layer", names: ["block1", "output"] },
      y: { label: "std" },
      series: [
        {
          name: "epoch 1",
          points: [
            [1, 2],
            [2, 3],
          ],
        },
      ],
    });
    expect(described(chart)).toContain("epoch 1: 2 at block1, 3 at output;");
    expect(rowsOf(chart).slice(1)).toEqual([
      ["block1", "2"],
      ["output", "3"],
    ]);
    expect(textsOf(chart)).toEqual(expect.arrayContaining(["block1", "output"]));
    const [, , , height] = parsed(chart).querySelector("svg")!.getAttribute("viewBox")!.split(" ");
    expect(Number(height)).toBeGreaterThan(300); // room for the slanted names
  });
  it("marks values of x with a vertical line and a name", () => {
    const chart = lineChart({
      title: "T",
      x: { label: "epoch" },
      y: { label: "loss" },
      series: [
        {
          name: "train",
          points: [
            [1, 2],
            [5, 1],
          ],
        },
      ],
      marked: [
        { name: "best epoch", x: 4 },
        { name: "nowhere", x: Number.NaN },
      ],
    });
    expect(described(chart)).toContain("best epoch: at 4.");
    expect(textsOf(chart)).toContain("best epoch");
    expect(textsOf(chart)).not.toContain("nowhere");
  });
  it("has a second picture for wide screens if it is wide", () => {
    const series = [{ name: "a", points: [[1, 2]] as const }];
    const chart = { title: "T", x: { label: "x" }, y: { label: "y" }, series };
    expect(parsed(lineChart(chart)).querySelectorAll("figure:not(.wide) svg[role=img]")).toHaveLength(1);
    const wide = parsed(lineChart({ ...chart, isWide: true }));
    const boxOf = (selector: string) =>
      wide.querySelector(`figure.wide ${selector} svg`)!.getAttribute("viewBox");
    expect([boxOf(".on-narrow"), boxOf(".on-wide")]).toEqual(["0 0 440 300", "0 0 1100 420"]);
  });
  it("keeps names apart if lines end together", () => {
    const series = [1, 1.001, 1.002, 1.003, 0.5].map((end, i) => ({
      name: `run ${i}`,
      points: [
        [0, 1],
        [1, end],
      ] as const,
    }));
    const chart = lineChart({ title: "T", x: { label: "x" }, y: { label: "y" }, series });
    const heights = [...parsed(chart).querySelectorAll("svg text")]
      .filter((text) => text.textContent!.startsWith("run"))
      .map((text) => Number(/,([\d.]+)\)/.exec(text.getAttribute("transform")!)![1]));
    expect(heights).toHaveLength(5);
    const sorted = [...heights].sort((a, b) => a - b);
    sorted.slice(1).forEach((height, i) => {
      expect(height - sorted[i]).toBeGreaterThan(14);
    });
  });
  it("escapes titles, names and labels, in the picture too", () => {
    const nasty = `<script>alert("1")</script>&amp;'`;
    const chart = lineChart({
      title: nasty,
      caption: nasty,
      x: { label: nasty },
      y: { label: nasty },
      series: [{ name: nasty, points: [[0, 1]] }],
    });
    expect(String(chart)).not.toContain("<script");
    expect(parsed(chart).querySelector("figcaption strong")!.textContent).toBe(nasty);
    expect(described(chart)).toContain(nasty);
    expect(textsOf(chart)).toContain(nasty);
  });
});

it("scatterChart draws measured against expected values, including zeros", () => {
  const chart = scatterChart({
    title: "T",
    xLabel: "expected",
    yLabel: "measured",
    groups: [
      { name: "zeros", points: [[0, 0, "3 x 4"]] },
      { name: "he", points: [[0.5, 0.25, "3 x 4"]] },
    ],
  });
  expect(described(chart)).toContain("he: 3 x 4: 0.25 where 0.5 is expected.");
  const document = parsed(chart);
  const filled = [...document.querySelectorAll("svg g[stroke^='var(--series']")].map((mark) =>
    mark.getAttribute("fill"),
  );
  // Two in the legend, two in the picture: the legend shows hollow marks hollow.
  expect(filled).toEqual(["none", "none", "none", "none"]);
  expect(rowsOf(chart)).toEqual([
    ["", "", "expected", "measured"],
    ["zeros", "3 x 4", "0", "0"],
    ["he", "3 x 4", "0.5", "0.25"],
  ]);
  expect(String(chart)).not.toMatch(/NaN|Infinity/);
});

it("contourChart draws paths, and says how many points are out of view", () => {
  const at = (x: number, y: number) => x * x + y * y;
  const points = [
    [1, 0, 1],
    [-3, 0, 9],
    [Number.POSITIVE_INFINITY, Number.NaN, Number.NaN],
  ] as const;
  const chart = contourChart({
    title: "Bowl",
    domain: { x: [-2, 2], y: [-2, 2] },
    at,
    minima: [[0, 0]],
    paths: [{ name: "SGD", points }],
  });
  expect(described(chart)).toBe(
    "Bowl. Minimum at (0, 0): 0. SGD: from (1, 0), value 1, to (−3, 0), value 9, in 1 steps. SGD: 2 of 3 points are out of view.",
  );
  expect(String(chart)).not.toMatch(/NaN|Infinity/);
  expect(rowsOf(chart)[1]).toEqual(["SGD", "2", "1", "9", "–", "1", "–", "–"]);
});
