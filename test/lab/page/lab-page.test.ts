import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { labPage } from "../../../src/lab/page/lab-page.js";
import type { LabResult } from "../../../src/lab/results.js";
import { madeUpResult } from "./lab-result.js";

const MOST_BYTES = 1.5e6;
const result = madeUpResult();
const pageOf = (shown: LabResult) => labPage(shown, "timbrel lab 'my data'");
const page = pageOf(result);

const documentOf = (text: string) => parseHTML(text).document;
/** Text that no reader should see, with its surroundings. */
const broken = (text: string) => text.match(/.{0,60}(?:NaN|Infinity|undefined|\bnull\b).{0,20}/g) ?? [];

/** Keys of numbers that the lab sets rather than measures. */
const SET = new Set([
  "validFraction",
  "testFraction",
  "seed",
  "data",
  "depth",
  "width",
  "shape",
  "step",
  "learningRate",
  "seeds",
  "landscapes",
]);

/** The result with `value` for every measured number. */
function withNumbers(value: number | null): LabResult {
  const change = (part: unknown): unknown => {
    if (typeof part === "number") return value;
    if (Array.isArray(part)) return part.map(change);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, inner]) => [key, SET.has(key) ? inner : change(inner)]),
    );
  };
  return change(result) as LabResult;
}

describe("labPage", () => {
  it("is well-formed: every element is closed, every id is unique", () => {
    const VOID = new Set(["meta"]);
    const open: string[] = [];
    for (const [, end, name, closed] of page.matchAll(/<(\/?)([a-zA-Z][\w-]*)(?:"[^"]*"|[^>"])*?(\/?)>/g)) {
      if (end === "/") expect(open.pop()).toBe(name);
      else if (closed === "" && !VOID.has(name)) open.push(name);
    }
    expect(open).toEqual([]);
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("is self-contained: no script, no address except SVG's namespace", () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|@import|url\(|@font-face/i);
    expect([...new Set(page.match(/\w+:\/\/[^"'\s<]+/g))]).toEqual(["http://www.w3.org/2000/svg"]);
  });

  it("every picture has a description with numbers, and a table", () => {
    const document = documentOf(page);
    const pictures = [...document.querySelectorAll("svg")].filter(
      (svg) => svg.getAttribute("aria-hidden") !== "true",
    );
    expect(pictures.length).toBeGreaterThan(30);
    for (const svg of pictures) {
      expect(svg.getAttribute("role")).toBe("img");
      expect(svg.getAttribute("aria-label")).toMatch(/\d.*\d/);
      const rows = svg.closest("figure")!.querySelectorAll("details table tr");
      expect(rows.length).toBeGreaterThan(1);
    }
  });

  it("pictures use only the page's colours, which change with light and dark", () => {
    const colours = new Set(page.match(/(?:fill|stroke)="[^"]*"/g)?.map((text) => text.replace(/\d/, "N")));
    expect([...colours].sort()).toEqual(
      ["fill", "stroke"].flatMap((name) =>
        ["currentColor", "none", "var(--series-N)"].flatMap((value) =>
          name === "stroke" && value === "none" ? [] : [`${name}="${value}"`],
        ),
      ),
    );
    const defined = [...page.matchAll(/(--series-\d):/g)].map((match) => match[1]);
    for (const [, name] of page.matchAll(/var\((--series-\d)\)/g))
      expect(defined.filter((other) => other === name)).toHaveLength(2);
  });

  it("is the same for the same numbers", () => {
    expect(pageOf(madeUpResult())).toBe(page);
  });

  it("stays small even for a full run", () => {
    const depths = Array.from({ length: 19 }, (_, i) => i + 2);
    const sample = result.gradientFlow.runs.filter(({ depth }) => depth === 20);
    const runs = depths.flatMap((depth) =>
      sample.map((run) => ({
        ...run,
        depth,
        activationStd: run.activationStd.slice(0, depth),
        gradientStd: run.gradientStd.slice(0, depth),
      })),
    );
    const long = Array.from({ length: 5000 }, (_, i) => ({
      step: i,
      trainLoss: 1 + Math.sin(i),
      validLoss: 1,
      score: 0.5 + 0.4 * Math.cos(i),
    }));
    const full = {
      ...result,
      gradientFlow: { width: 64, runs },
      batchNorm: { ...result.batchNorm, runs: result.batchNorm.runs.map((run) => ({ ...run, curve: long })) },
    };
    expect(pageOf(full).length).toBeLessThan(MOST_BYTES);
  });

  it.each([
    ["null", null],
    ["0", 0],
    ["a huge number", 1e300],
    ["a tiny one", 1e-300],
    ["-1", -1],
  ])("can show a result whose every measured number is %s", (_name, value) => {
    expect(broken(pageOf(withNumbers(value)))).toEqual([]);
  });

  it("can show NaN and infinities", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const runs = result.gradientFlow.runs.map((run) => ({
        ...run,
        gradientStd: run.gradientStd.map(() => value),
      }));
      const curve = result.batchNorm.runs[0].curve.map((point) => ({
        ...point,
        trainLoss: value,
        score: value,
      }));
      const batchNorm = { net: "a net", runs: result.batchNorm.runs.map((run) => ({ ...run, curve })) };
      const text = pageOf({ ...result, gradientFlow: { width: 64, runs }, batchNorm });
      expect(broken(text)).toEqual([]);
      expect(text).toContain('<th scope="row">not finite</th>');
    }
  });

  it("escapes text from the user", () => {
    const nasty = `<script>alert('1')</script>"&amp;`;
    const text = pageOf({
      ...result,
      store: nasty,
      data: { ...result.data, labels: [nasty] },
      batchNorm: { ...result.batchNorm, net: nasty },
      optimization: {
        ...result.optimization,
        net: nasty,
        runs: result.optimization.runs.map((run) => ({ ...run, optimizer: nasty })),
      },
    });
    expect(text).not.toContain("<script");
    expect(documentOf(text).querySelector("dd code")!.textContent).toBe(nasty);
  });

  it("names the run and how to repeat it", () => {
    const header = documentOf(page).querySelector("header")!.textContent!;
    expect(header).toContain("1200 training, 200 validation, 210 test");
    expect(header).toContain("timbrel lab 'my data'");
  });
});
