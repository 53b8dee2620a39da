import { describe, expect, it } from "vitest";
import { netConfig } from "../../src/nn/architectures.js";
import type { LayerHealth } from "../../src/nn/watch.js";
import { diagnosisText, flowTable, NewDiagnoses, remedyTexts } from "../../src/report/gradient-flow.js";
import { readable, threeDigits } from "../../src/report/numbers.js";
import type { Diagnosis, Problem } from "../../src/training/gradient-flow.js";

const diagnosis = (layer: string, problem: Problem, value = 0): Diagnosis => ({ layer, problem, value });

describe("diagnosisText", () => {
  it.each([
    [diagnosis("block3", "vanishing", 2e-6), "block3 vanishes: its gradient is 2e-6 of the output's"],
    [diagnosis("block1", "exploding", 31_234), "block1 explodes: its gradient is 31234 times the output's"],
    [diagnosis("block1", "exploding", Number.NaN), "block1 explodes: its gradient is not finite"],
    [
      diagnosis("hidden2", "dead", 0.914),
      "hidden2 is dead: 91.4 % of its units are 0 or less in every example",
    ],
    [
      diagnosis("hidden2", "saturated", 1),
      "hidden2 is saturated: 100.0 % of its activations are at a flat end of the activation function",
    ],
  ])("%o", (found, text) => {
    expect(diagnosisText(found)).toBe(text);
  });
});

describe("remedyTexts", () => {
  it("names what helps, once for each kind of problem", () => {
    const found = [diagnosis("a", "vanishing"), diagnosis("b", "vanishing"), diagnosis("b", "dead")];
    const bare = netConfig({ kind: "mlp", activation: "tanh", init: "small", batchNorm: null });
    expect(remedyTexts(found, bare)).toEqual([
      "against vanishing: batch norm, the default `net.init`, `net.activation` relu, fewer layers",
      "against dead: a smaller `learningRate`, batch norm, `net.activation` leaky-relu",
    ]);
    expect(remedyTexts([], bare)).toEqual([]);
  });

  it("leaves out what the net already has", () => {
    const found = (["vanishing", "exploding", "dead", "saturated"] as const).map((problem) =>
      diagnosis("a", problem),
    );
    expect(remedyTexts(found, netConfig({ kind: "mlp", activation: "leaky-relu" }))).toEqual([
      "against vanishing: fewer layers",
      "against exploding: a smaller `learningRate`, `clipNorm`",
      "against dead: a smaller `learningRate`",
      "against saturated: a smaller `learningRate`",
    ]);
  });
});

describe("NewDiagnoses", () => {
  it("reports each problem of a layer once, and again if it returns", () => {
    const news = new NewDiagnoses();
    const [vanishing, dead, other] = [
      diagnosis("a", "vanishing"),
      diagnosis("a", "dead"),
      diagnosis("b", "vanishing"),
    ];
    expect(news.among([vanishing])).toEqual([vanishing]);
    expect(news.among([{ ...vanishing, value: 1 }, dead, other])).toEqual([dead, other]);
    expect(news.among([vanishing, other])).toEqual([]);
    expect(news.among([vanishing, dead])).toEqual([dead]);
    expect(news.among([vanishing, dead, other])).toEqual([other]);
  });
});

describe("flowTable", () => {
  it("shows every layer on a line", () => {
    const layer: LayerHealth = {
      layer: "block1",
      activation: "relu",
      mean: 0.40211,
      std: 1,
      inactiveFraction: 0.05,
      activationGradientNorm: 1.234e-8,
      activationCount: 10,
      weightNorm: 3,
      weightGradientNorm: 0,
      updateRatio: 0.001234,
    };
    const output = { ...layer, layer: "output", activation: null, inactiveFraction: null, updateRatio: null };
    expect(flowTable([layer, output])).toBe(
      [
        "layer    mean  std  inactive  activation gradient  weight gradient  update/weight",
        "block1  0.402    1     5.0 %              1.23e-8                0        0.00123",
        "output  0.402    1         -              1.23e-8                0              -",
      ].join("\n"),
    );
  });
});

describe("threeDigits", () => {
  it.each([
    [0, "0"],
    [1, "1"],
    [0.012345, "0.0123"],
    [-0.5, "-0.5"],
    [1234.5, "1235"],
    [17490, "17490"],
    [99_999, "99999"],
    [100_000, "1e5"],
    [1.204e10, "1.2e10"],
    [-3.21e-7, "-3.21e-7"],
    [9.9999e-4, "1e-3"],
    [Number.POSITIVE_INFINITY, "infinite"],
    [Number.NaN, "NaN"],
  ])("%d", (value, text) => {
    expect(threeDigits(value)).toBe(text);
  });
});

describe("readable", () => {
  it.each([
    [null, "–"],
    [Number.NaN, "–"],
    [-0.5, "−0.5"],
    [1234.5, "1235"],
    [3.2e-7, "3.2\u00a0×\u00a010⁻⁷"],
    [1e5, "10⁵"],
    [-1e-4, "−10⁻⁴"],
  ])("%d", (value, text) => {
    expect(readable(value)).toBe(text);
  });
});
