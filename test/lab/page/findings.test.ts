import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { batchNormSection } from "../../../src/lab/page/batch-norm.js";
import { gradientFlowSection } from "../../../src/lab/page/gradient-flow.js";
import { initializationSection } from "../../../src/lab/page/initialization.js";
import { inputNormalizationSection } from "../../../src/lab/page/input-normalization.js";
import { optimizationSection } from "../../../src/lab/page/optimization.js";
import type { LabResult } from "../../../src/lab/results.js";
import { SHARPNESS_NET } from "../../../src/lab/sharpness.js";
import type { Section } from "../../../src/report/html-page.js";
import { madeUpResult } from "./lab-result.js";

const result = madeUpResult();

/** What a section says. */
const findingOf = ({ body }: Section) =>
  parseHTML(`<!doctype html><html><body>${body}</body></html>`).document.querySelector(".finding")!
    .textContent!;

describe("what the page says of gradient flow", () => {
  const run = { depth: 20, activation: "tanh", activationStd: [1, 1] } as const;
  const flow = (plain: readonly [number, number], normalized: readonly [number, number]) =>
    findingOf(
      gradientFlowSection({
        width: 64,
        runs: [
          { ...run, init: "small", isBatchNorm: false, gradientStd: plain },
          { ...run, init: "small", isBatchNorm: true, gradientStd: normalized },
        ],
      }),
    );
  it("says where it vanishes, and that batch norm lets it pass", () => {
    const text = flow([1e-9, 1], [0.5, 1]);
    expect(text).toContain("first layer is below 1 / 1000 of the last layer's in all (tanh with small)");
    expect(text).toContain("now passes in 1 of the 1 nets where it did not");
    expect(text).toContain("goes from 10⁻⁹ to 0.5");
  });
  it("does not say that batch norm helps where it does not", () => {
    expect(flow([1e-9, 1], [1e-8, 1])).toContain("now passes in 0 of the 1 nets where it did not");
    const worse = flow([0.5, 1], [0, 1]);
    expect(worse).toContain("With batch norm it is exactly 0 in all");
    expect(worse).toContain("in 1 where it did it no longer passes");
  });
  it("gives the median of an even number of nets as the mean of the middle two", () => {
    const net = (init: "small" | "he-normal", isBatchNorm: boolean, first: number) => ({
      ...run,
      init,
      isBatchNorm,
      gradientStd: [first, 1],
    });
    const runs = [
      ...[net("small", false, 0.01), net("he-normal", false, 0.5)],
      ...[net("small", true, 1), net("he-normal", true, 4)],
    ];
    expect(findingOf(gradientFlowSection({ width: 64, runs }))).toContain("goes from 0.255 to 2.5");
  });
  it("says where it explodes", () => {
    expect(flow([5000, 1], [1, 1])).toContain("above 1000 times the last layer's");
  });
});

describe("what the page says of input normalization", () => {
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

  it("names the run of lowest loss, whichever it is", () => {
    expect(said({ runs: [ending("none", 0.1), ending("whiten", 0.9)] })).toContain(
      "the lowest training loss is 0.1 with none (learning rate 0.1), against 0.9 with whiten",
    );
  });
  it("calls a tie a tie", () => {
    expect(said({ runs: [ending("none", 0.5), ending("whiten", 0.501)] })).toContain(
      "equal within 1 % to 0.501 with whiten",
    );
  });
  it("takes no diverged run for the best", () => {
    const text = said({ runs: [ending("none", 0.9), ending("whiten", 0.1, 11)] });
    expect(text).toContain(
      "the lowest training loss is 0.9 with none (learning rate 0.1); every run of whiten diverged.",
    );
    expect(said({ runs: [ending("none", 1, 3)] })).toContain("1.02 whitened; every run of none diverged.");
  });
  it("says whether the pitfall's difference can be told from 0", () => {
    expect(leak([0.52, 0.621, 0.719])).toContain(
      "+2 ± 0.0577 points (mean of 3 paired seeds and its standard error), which is distinguishable from 0",
    );
    expect(leak([0.48, 0.62, 0.7])).toContain(
      "0 ± 1.15 points (mean of 3 paired seeds and its standard error), which is not distinguishable",
    );
    expect(leak([0.5, 0.6, 0.7])).toContain("by nothing with any of 3 seeds");
    expect(leak([])).toContain("Without test clips there is no telling");
    expect(leak([0.55])).toContain("+5 points with the one seed that was run, too few to tell from chance");
  });
});

describe("what the page says of initialization", () => {
  const draw = { init: "he-normal", shape: [100, 200], fanIn: 200, fanOut: 100, count: 20_000 } as const;
  const said = (draws: LabResult["initialization"]["draws"]) => findingOf(initializationSection({ draws }));
  it("holds deviations against what sampling leaves, sqrt(2 / 20000) = 1 %", () => {
    const near = said([{ ...draw, variance: 0.01, measured: 0.0102 }]);
    expect(near).toContain("deviates from the law by 2.0 % at most (he-normal, 100 × 200)");
    expect(near).toContain("all 1 lie within 3 standard errors");
    expect(near).toContain("the farthest is 2 off");
    expect(said([{ ...draw, variance: 0.01, measured: 0.0105 }])).toContain(
      "1 of 1 lies more than 3 standard errors",
    );
    expect(said([{ ...draw, variance: 0, measured: 0 }])).toContain("by 0.0 % at most");
    expect(said([{ ...draw, variance: 0, measured: 1 }])).toContain(
      "1 of 1 lies more than 3 standard errors",
    );
  });
});

describe("what the page says of batch norm", () => {
  const run = { learningRate: 0.1, curve: [], divergedAt: null, spread: [] };
  const said = (runs: LabResult["batchNorm"]["runs"]) =>
    findingOf(batchNormSection({ net: "a net", runs }, result.data));
  const baseline = { ...run, name: "baseline", best: 0.7, stepsToBaselineBest: 100 } as const;
  it("counts the steps to the baseline's best: fewer, more, never", () => {
    const text = said([
      baseline,
      { ...run, name: "BN", best: 0.72, stepsToBaselineBest: 50 },
      { ...run, name: "BN x5", best: 0.7, stepsToBaselineBest: 150 },
      { ...run, name: "BN x30", best: 0.5, stepsToBaselineBest: null, divergedAt: 7 },
    ]);
    expect(text).toBe(
      "The baseline has its best score, 70.0 %, after 100 steps; BN after 50 (2 times fewer) and BN x5 after 150 (1.5 times as many); BN x30 never. The highest score is 72.0 %, by BN; BN x30 diverged at step 7.",
    );
  });
  it("says so where batch norm did not help, and where runs tie", () => {
    const text = said([
      baseline,
      { ...run, name: "BN", best: 0.6, stepsToBaselineBest: null },
      { ...run, name: "BN x5", best: 0.7, stepsToBaselineBest: 100 },
    ]);
    expect(text).toContain("BN x5 after 100 (as many); BN never");
    expect(text).toContain("The highest score is 70.0 %, by baseline and BN x5.");
  });
});

describe("what the page says of optimization", () => {
  it("says which paths arrive and which do not, and how near the edge of stability is", () => {
    const text = findingOf(optimizationSection(result.optimization));
    expect(text).toContain("on the local minimum momentum 24, not in 150 by sgd.");
    const points = [10, 50, 39].map((eigenvalue, step) => ({ step, loss: 1, eigenvalue }));
    const sharp = findingOf(
      optimizationSection({ ...result.optimization, sharpness: [{ learningRate: 0.05, points }] }),
    );
    expect(sharp).toContain("goes, in units of 2 / learning rate, from 0.25 to 0.975 at rate 0.05.");
  });
  it("does not show the sharpness of one net under the name of another", () => {
    const body = String(optimizationSection(result.optimization).body);
    const [ofTheNet, ofTheOther] = body.slice(body.indexOf("<h3>The net:")).split("<h3>Sharpness</h3>");
    expect(ofTheNet).not.toContain("eigenvalue");
    expect(ofTheOther).toContain(SHARPNESS_NET);
    expect(ofTheOther.match(/<figure>/g)).toHaveLength(2);
  });
  it("leaves out of the ranking what diverged", () => {
    const runs = result.optimization.runs.map((run) =>
      run.optimizer === "adam" ? { ...run, divergedAt: 50 } : run,
    );
    const text = findingOf(optimizationSection({ ...result.optimization, runs }));
    expect(text).toContain("lowest first, are rmsprop");
    expect(text).toContain("every run of adam diverged");
  });
});
