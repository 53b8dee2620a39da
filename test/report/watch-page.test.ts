import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import type { LayerHealth } from "../../src/nn/watch.js";
import { watchPage } from "../../src/report/watch-page.js";
import { type EpochRecord, STEPS_PER_WATCH } from "../../src/training/fit.js";

const layer = (name: string, changes: Partial<LayerHealth> = {}): LayerHealth => ({
  layer: name,
  activation: name === "output" ? null : "tanh",
  mean: 0.1,
  std: 0.5,
  inactiveFraction: name === "output" ? null : 0.2,
  activationGradientNorm: 1e-3,
  activationCount: 64,
  weightNorm: 2,
  weightGradientNorm: 0.1,
  updateRatio: 1e-3,
  ...changes,
});

const record = (epoch: number, layers: LayerHealth[]): EpochRecord => ({
  epoch,
  learningRate: 0.1,
  trainLoss: 1,
  score: 0.5,
  valid: { loss: 1 },
  layers,
});

const drawn = (history: readonly EpochRecord[], title = "models/mine") =>
  parseHTML(watchPage(title, history)).document;
const layers = [layer("hidden1"), layer("hidden2"), layer("output")];

describe("watchPage", () => {
  it("draws each measure with its table, and names the layers", () => {
    const document = drawn([record(1, layers), record(2, layers)]);
    expect(document.querySelectorAll("figure")).toHaveLength(6);
    expect(document.querySelectorAll("figure table")).toHaveLength(6);
    for (const svg of document.querySelectorAll("figure > svg, figure [role=img]"))
      expect(svg.getAttribute("aria-label")!.length).toBeGreaterThan(10);
    expect(document.querySelector("main")!.textContent).not.toContain("left out");
    expect(document.querySelector("header")!.textContent).toContain("1 = hidden1, 2 = hidden2, 3 = output");
    expect(document.querySelector("header")!.textContent).toContain("Saturated");
    expect(STEPS_PER_WATCH).toBe(8);
    expect(document.querySelector("header")!.textContent).toContain("over every eighth step");
  });

  it("draws the first epoch, the last and three in between", () => {
    const history = Array.from({ length: 30 }, (_, i) => record(i + 1, layers));
    const heads = [...drawn(history).querySelector("table")!.querySelectorAll("thead th")];
    const epochs = heads.map((head) => head.textContent).filter((text) => text.startsWith("epoch"));
    expect(epochs).toEqual(["epoch 1", "epoch 8", "epoch 16", "epoch 23", "epoch 30"]);
  });

  it("draws gradients of 0, exploded norms and a single layer", () => {
    const sick = [
      layer("a", {
        activationGradientNorm: 0,
        weightGradientNorm: Number.POSITIVE_INFINITY,
        std: Number.NaN,
        updateRatio: null,
        inactiveFraction: null,
      }),
    ];
    const markup = watchPage("a", [record(1, sick)]);
    expect(markup).not.toMatch(/(x|y|d|x1|y1|transform)="[^"]*(NaN|Infinity)/);
  });

  it("shows a title as text", () => {
    expect(drawn([record(1, layers)], "<b>&").querySelector("h1")!.textContent).toContain("<b>&");
  });
});
