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
  trainLoss: 2 / epoch,
  cleanTrainLoss: 1 / epoch,
  cleanTrainScore: 0.75,
  score: 0.5,
  valid: { loss: 1.5 / epoch },
  layers,
});

const pageOf = (history: readonly EpochRecord[], { title = "models/mine", bestEpoch = 1 } = {}) =>
  watchPage(title, { task: "single-label", history, bestEpoch });
const drawn = (...args: Parameters<typeof pageOf>) => parseHTML(pageOf(...args)).document;
/** The figure with this title. */
const figureOf = (document: Document, title: string) =>
  [...document.querySelectorAll("figure")].find(
    (each) => each.querySelector("strong")!.textContent === title,
  )!;
const headsOf = (figure: Element) => [...figure.querySelectorAll("thead th")].map((head) => head.textContent);
const layers = [layer("hidden1"), layer("hidden2"), layer("output")];

describe("watchPage", () => {
  it("draws each measure with its table, and names the layers", () => {
    const document = drawn([record(1, layers), record(2, layers)]);
    expect(document.querySelectorAll("figure")).toHaveLength(9);
    expect(document.querySelectorAll("figure table")).toHaveLength(9);
    for (const svg of document.querySelectorAll("figure > svg, figure [role=img]"))
      expect(svg.getAttribute("aria-label")!.length).toBeGreaterThan(10);
    const main = document.querySelector("main")!.textContent;
    expect(main).not.toContain("left out");
    expect(main).toContain("Saturated");
    expect(STEPS_PER_WATCH).toBe(8);
    expect(main).toContain("over every eighth step");
    for (const figure of document.querySelectorAll("#flow figure")) {
      const rows = [...figure.querySelectorAll("tbody th")].map((head) => head.textContent);
      expect(rows.slice(0, 2)).toEqual(["hidden1", "hidden2"]);
    }
  });

  it("draws the losses of every epoch and marks the best one in every chart by epoch", () => {
    const history = [1, 2, 3].map((epoch) => record(epoch, layers));
    const document = drawn(history, { bestEpoch: 2 });
    expect(headsOf(figureOf(document, "Loss"))).toEqual(["epoch", "train", "valid", "clean"]);
    const rows = [...figureOf(document, "Loss").querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    );
    expect(rows[1]).toEqual(["2", "1", "0.75", "0.5"]);
    expect(headsOf(figureOf(document, "Score"))).toEqual(["epoch", "valid", "clean"]);
    const charts = [...document.querySelectorAll("#epochs figure svg[role=img]")];
    expect(charts).toHaveLength(3);
    for (const chart of charts) expect(chart.getAttribute("aria-label")).toContain("best: 2: at 2.");
    expect(document.querySelector("header")!.textContent).toContain(
      "Epoch 2 of 3 is the best: it has the highest balanced accuracy",
    );
  });

  it("leaves out the clean losses of a run of an earlier version", () => {
    const { cleanTrainLoss: _loss, cleanTrainScore: _score, ...older } = record(1, layers);
    const document = drawn([older]);
    expect(headsOf(figureOf(document, "Loss"))).toEqual(["epoch", "train", "valid"]);
  });

  it("draws fractions of 0 on an axis from 0 to 1", () => {
    const healthy = [layer("hidden1", { inactiveFraction: 0 }), layer("output")];
    const figure = figureOf(drawn([record(1, healthy)]), "Dead units or saturated activations");
    const texts = [...figure.querySelectorAll("svg text")].map((text) => text.textContent);
    expect(texts).toEqual(
      expect.arrayContaining(["0", "0.2", "0.4", "0.6", "0.8", "1", "hidden1", "output"]),
    );
    expect(texts.filter((text) => text.startsWith("−"))).toEqual([]);
  });

  it("draws the first epoch, the last, two in between and the best", () => {
    const history = Array.from({ length: 30 }, (_, i) => record(i + 1, layers));
    const epochsOf = (bestEpoch: number) =>
      headsOf(figureOf(drawn(history, { bestEpoch }), "Mean of activations")).slice(1);
    expect(epochsOf(17)).toEqual(["epoch 1", "epoch 11", "epoch 17, best", "epoch 20", "epoch 30"]);
    expect(epochsOf(30)).toEqual(["epoch 1", "epoch 11", "epoch 20", "epoch 30, best"]);
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
    const markup = pageOf([record(1, sick)]);
    expect(markup).not.toMatch(/(x|y|d|x1|y1|transform)="[^"]*(NaN|Infinity)/);
  });

  it("shows a title as text", () => {
    expect(drawn([record(1, layers)], { title: "<b>&" }).querySelector("h1")!.textContent).toContain("<b>&");
  });
});
