import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { batchNormSection } from "../../../src/lab/page/batch-norm.js";
import { gradientFlowSection } from "../../../src/lab/page/gradient-flow.js";
import { initializationSection } from "../../../src/lab/page/initialization.js";
import { inputNormalizationSection } from "../../../src/lab/page/input-normalization.js";
import { optimizationSection } from "../../../src/lab/page/optimization.js";
import type { LabResult } from "../../../src/lab/results.js";
import { SHARPNESS_NET } from "../../../src/lab/sharpness.js";
import type { Html } from "../../../src/report/html.js";
import type { Section } from "../../../src/report/html-page.js";
import { madeUpResult } from "./lab-result.js";

const result = madeUpResult();

const pageOf = (body: Html) => parseHTML(`<!doctype html><html><body>${body}</body></html>`).document;
/** The finding of a section. */
const findingOf = ({ body }: Section) =>
  pageOf(body).querySelector(".finding")!.textContent!.replaceAll("\u00a0", " ");

describe("the finding on gradient flow", () => {
  const run = { depth: 20, activation: "tanh", activationStd: [1, 1] } as const;
  const net = (init: "small" | "he-normal", isBatchNorm: boolean, first: number) => ({
    ...run,
    init,
    isBatchNorm,
    gradientStd: [first, 1],
  });
  const sectionOf = (runs: LabResult["gradientFlow"]["runs"]) => gradientFlowSection({ width: 64, runs });
  const flow = (plain: number, normalized: number) =>
    sectionOf([net("small", false, plain), net("small", true, normalized)]);
  const textOf = ({ body }: Section) => pageOf(body).body.textContent!;
  const rowsOf = ({ body }: Section) =>
    [...pageOf(body).querySelector("table")!.querySelectorAll("tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    );

  it("leads with one line and a small table", () => {
    const section = flow(1e-9, 0.5);
    expect(findingOf(section)).toBe(
      "With 20 hidden layers, the gradient at the first layer is within a factor of 1000 of the last layer's in 0 of 1 nets without batch norm and 1 of 1 nets with batch norm.",
    );
    expect(rowsOf(section)).toEqual([
      ["gradient at the first layer", "nets without batch norm", "nets with batch norm"],
      ["within a factor of 1000 of the last layer's", "0", "1"],
      ["below 1 / 1000 of the last layer's", "1", "0"],
      ["median of first layer's over last layer's", "10⁻⁹", "0.5"],
    ]);
    expect(textOf(section)).toContain(
      "Below 1 / 1000 of the last layer's, without batch norm: tanh with small.",
    );
    expect(textOf(section)).toContain("Batch norm brings it there in 1 of the 1 nets where it was not.");
  });
  it("does not say that batch norm helps where it does not", () => {
    expect(textOf(flow(1e-9, 1e-8))).toContain("brings it there in 0 of the 1 nets where it was not.");
    const worse = flow(0.5, 0);
    expect(rowsOf(worse)).toContainEqual(["exactly 0", "0", "1"]);
    expect(textOf(worse)).toContain("Batch norm takes it away in 1 where it was.");
  });
  it("gives the median of an even number of nets as the mean of the middle two", () => {
    const runs = [
      ...[net("small", false, 0.01), net("he-normal", false, 0.5)],
      ...[net("small", true, 1), net("he-normal", true, 4)],
    ];
    expect(rowsOf(sectionOf(runs)).at(-1)).toEqual([expect.stringContaining("median"), "0.255", "2.5"]);
  });
  it("says where it explodes", () => {
    expect(rowsOf(flow(5000, 1))).toContainEqual(["above 1000 times the last layer's", "1", "0"]);
  });
});

describe("the finding on input normalization", () => {
  const said = (change: Partial<LabResult["inputNormalization"]>) =>
    findingOf(inputNormalizationSection({ ...result.inputNormalization, ...change }, result.data));
  const ending = (normalize: "none" | "whiten", trainLoss: number, divergedAt: number | null = null) => ({
    normalize,
    learningRate: 0.1,
    curve: [{ step: 10, trainLoss, validLoss: 1, score: 0.5 }],
    divergedAt,
  });
  const leak = (allData: readonly number[]) =>
    said({
      leak: { seeds: allData.map((_, i) => i), trainOnly: [0.5, 0.6, 0.7].slice(0, allData.length), allData },
    });

  it("names the run of lowest loss", () => {
    expect(said({ runs: [ending("none", 0.1), ending("whiten", 0.9)] })).toContain(
      "the lowest training loss is 0.1 with raw input (learning rate 0.1), against 0.9 with whitened input",
    );
  });
  it("calls a tie a tie", () => {
    expect(said({ runs: [ending("none", 0.5), ending("whiten", 0.501)] })).toContain(
      "is 0.5 with raw input (learning rate 0.1), a tie within 1 % with 0.501 with whitened input",
    );
  });
  it("never takes a diverged run for the best", () => {
    const text = said({ runs: [ending("none", 0.9), ending("whiten", 0.1, 11)] });
    expect(text).toContain(
      "the lowest training loss is 0.9 with raw input (learning rate 0.1). Every run with whitened input diverged.",
    );
    expect(said({ runs: [ending("none", 1, 3)] })).toContain(
      "1.02 for whitened input. Every run with raw input diverged.",
    );
  });
  it("says whether the change by statistics of all data is distinguishable from 0", () => {
    expect(leak([0.52, 0.621, 0.719])).toContain(
      "+2 ± 0.0577 points (mean and standard error of 3 pairs of runs), which is distinguishable from 0",
    );
    expect(leak([0.48, 0.62, 0.7])).toContain(
      "0 ± 1.15 points (mean and standard error of 3 pairs of runs), which is not distinguishable",
    );
    expect(leak([0.5, 0.6, 0.7])).toContain("by 0 points with each of 3 seeds.");
    expect(leak([])).toContain("There are no test clips to show");
    expect(leak([0.55])).toContain("+5 points with the one seed that was run, which may be chance.");
  });
});

describe("the finding on initialization", () => {
  const draw = { init: "he-normal", shape: [100, 200], fanIn: 200, fanOut: 100, count: 20_000 } as const;
  const said = (draws: LabResult["initialization"]["draws"]) => findingOf(initializationSection({ draws }));
  it("compares deviations with their standard error, sqrt(2 / 20000) = 1 %", () => {
    const near = said([{ ...draw, variance: 0.01, measured: 0.0102 }]);
    expect(near).toContain("deviates from the formula by at most 2.0 % (he-normal, 100 × 200)");
    expect(near).toContain("all 1 are within 3 standard errors of it");
    expect(near).toContain("the largest deviation is 2 standard errors (he-normal, 100 × 200)");
    expect(said([{ ...draw, variance: 0.01, measured: 0.0105 }])).toContain(
      "1 of 1 is more than 3 standard errors off",
    );
    expect(said([{ ...draw, variance: 0, measured: 0 }])).toContain("by at most 0.0 %");
    const endless = said([{ ...draw, variance: 0, measured: 1 }]);
    expect(endless).toContain("by at most ∞ %");
    expect(endless).toContain("1 of 1 is more than 3 standard errors off");
  });
});

describe("the finding on batch norm", () => {
  type Run = LabResult["batchNorm"]["runs"][number];
  /** A run whose scores end with `last`. */
  const run = (name: Run["name"], best: number, last: number, stepsToBaselineBest: number | null): Run => ({
    name,
    best,
    stepsToBaselineBest,
    learningRate: 0.1,
    curve: [best, last].map((score, i) => ({ step: 10 * (i + 1), trainLoss: 1, validLoss: 1, score })),
    divergedAt: null,
    spread: [],
  });
  const section = (runs: readonly Run[], nValid = 200) =>
    batchNormSection({ net: "a net", runs }, { measure: "accuracy", nValid });
  const said = (runs: readonly Run[], nValid?: number) => findingOf(section(runs, nValid));
  const baseline = run("baseline", 0.7, 0.7, 100);
  it("compares the steps to the baseline's best score: faster, slower, never", () => {
    const text = said([
      baseline,
      run("BN", 0.72, 0.72, 50),
      run("BN x5", 0.7, 0.7, 150),
      { ...run("BN x30", 0.5, 0.5, null), divergedAt: 7 },
    ]);
    expect(text).toBe(
      "At the end, the highest score is 72.0 %, of BN; BN x30 diverged at step 7. The baseline reaches its best score, 70.0 %, after 100 steps. Reaching it takes 50 steps with BN (2 times faster) and 150 steps with BN x5 (1.5 times slower); BN x30 never reaches it.",
    );
  });
  it("says so if batch norm did not help, and if runs tie", () => {
    const text = said([baseline, run("BN", 0.6, 0.6, null), run("BN x5", 0.7, 0.7, 100)]);
    expect(text).toContain("Reaching it takes 100 steps with BN x5 (equally fast); BN never reaches it.");
    expect(text).toContain("At the end, the highest score is 70.0 %, of baseline and BN x5.");
  });
  it("does not call a run the best that collapsed after a high score", () => {
    const text = said([baseline, run("BN", 1, 0.2, 50)]);
    expect(text).toContain("At the end, the highest score is 70.0 %, of baseline.");
    expect(text).not.toContain("100.0");
  });
  it("gives no ratios of few clips, and says what one clip is worth", () => {
    const runs = [baseline, run("BN", 0.72, 0.72, 50)];
    const few = section(runs, 18);
    expect(findingOf(few)).toContain("Reaching it takes 50 steps with BN.");
    expect(findingOf(few)).toContain(
      "Scores are of 18 validation clips: one clip is worth 5.56 points, and smaller differences mean nothing.",
    );
    expect(String(few.body)).not.toMatch(/times (faster|slower)|compared with/);
    expect(findingOf(section(runs, 100))).not.toContain("worth");
  });
});

describe("the finding on optimization", () => {
  it("says which paths arrive and which do not, and how near descent is to the edge of stability", () => {
    const text = findingOf(optimizationSection(result.optimization));
    expect(text).toContain("on the local minimum, momentum 24, but sgd not within 150.");
    const points = [10, 50, 39].map((eigenvalue, step) => ({ step, loss: 1, eigenvalue }));
    const sharp = findingOf(
      optimizationSection({ ...result.optimization, sharpness: [{ learningRate: 0.05, points }] }),
    );
    expect(sharp).toContain("in units of 2 / learning rate, goes from 0.25 to 0.975 at rate 0.05.");
  });
  it("does not show the sharpness of one net under the name of another", () => {
    const body = String(optimizationSection(result.optimization).body);
    const [ofTheNet, ofTheOther] = body.slice(body.indexOf("<h3>The net:")).split("<h3>Sharpness</h3>");
    expect(ofTheNet).not.toContain("eigenvalue");
    expect(ofTheOther).toContain(SHARPNESS_NET);
    expect(ofTheOther.match(/<figure>/g)).toHaveLength(2);
  });
  it("leaves diverged runs out of the ranking", () => {
    const runs = result.optimization.runs.map((run) =>
      run.optimizer === "adam" ? { ...run, divergedAt: 50 } : run,
    );
    const text = findingOf(optimizationSection({ ...result.optimization, runs }));
    expect(text).toContain("lowest first, are rmsprop");
    expect(text).toContain("every run with adam diverged");
  });
});
