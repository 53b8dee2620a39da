import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { learningRatePage } from "../../src/report/learning-rate-page.js";
import { type RangeStep, rateOf } from "../../src/training/find-learning-rate.js";

const steps: RangeStep[] = Array.from({ length: 150 }, (_, i) => {
  const smoothedLoss = i < 140 ? 3 - i / 100 : 1e6;
  return { learningRate: rateOf(i), loss: smoothedLoss + 0.01, smoothedLoss };
});
const [steepest, lowest] = [rateOf(70), rateOf(139)];

describe("learningRatePage", () => {
  const suggested = { steepest, tenthOfLowest: lowest / 10 };
  const page = learningRatePage("a <store>", { steps, ended: "diverged", suggested }, 0.001);
  it("says what the curve shows, and marks on it the suggested rates and the one of the settings", () => {
    expect(page).toContain("The loss falls fastest at a learning rate of 2.9\u00a0×\u00a010⁻⁴."); // 1e-6 * 1e7^(70 / 199)
    expect(page).toContain("These settings have a learning rate of 0.001.");
    expect(page).toContain("It is lowest at 0.0775; a tenth of that, 0.00775, is a good rate to start with.");
    expect(page).toContain("150 steps at learning rates from 10⁻⁶ to 0.174, where the loss diverged.");
    const texts = [...parseHTML(page).document.querySelectorAll("svg text")].map((text) => text.textContent);
    const rates = [
      "suggested: 0.00775",
      "steepest descent: 2.9\u00a0×\u00a010⁻⁴",
      "of these settings: 0.001",
    ];
    // A narrow picture and a wide one.
    for (const name of rates) expect(texts.filter((text) => text === name)).toHaveLength(2);
  });
  it("draws no line through a name, however near the marked rates are", () => {
    const names = [...parseHTML(page).document.querySelectorAll("svg text")].filter((text) =>
      text.textContent.includes("settings:"),
    );
    for (const name of names) {
      const group = name.closest("g")!;
      expect(["stroke", "paint-order"].map((key) => group.getAttribute(key))).toEqual([
        "var(--paper)",
        "stroke",
      ]);
      expect(group.getAttribute("fill")).not.toBe("none");
    }
  });
  it("is not flattened by the loss that diverged", () => {
    expect(page).toContain("10 values are above 3.3 and drawn at that value.");
  });
  it("is self-contained, and escapes the store's name", () => {
    expect(page).not.toMatch(/<script|<link|src=|url\(|https?:\/\/(?!www\.w3\.org)/);
    expect(page).toContain("a &lt;store&gt;");
  });
  it("says so if the loss did not fall", () => {
    const suggested = { steepest: null, tenthOfLowest: null };
    const flat = learningRatePage("flat", { steps: steps.slice(0, 3), ended: "finished", suggested }, 0.001);
    expect(flat).toContain("The loss did not fall at any rate.");
    expect(flat).not.toContain("steepest descent");
  });
});
