import { describe, expect, it } from "vitest";
import { learningRatePage } from "../../src/report/learning-rate-page.js";
import { type RangeStep, rateOf } from "../../src/training/find-learning-rate.js";

const steps: RangeStep[] = Array.from({ length: 150 }, (_, i) => {
  const smoothedLoss = i < 140 ? 3 - i / 100 : 1e6;
  return { learningRate: rateOf(i), loss: smoothedLoss + 0.01, smoothedLoss };
});
const [steepest, lowest] = [rateOf(70), rateOf(139)];

describe("learningRatePage", () => {
  const page = learningRatePage("a <store>", {
    steps,
    ended: "diverged",
    suggested: { steepest, tenthOfLowest: lowest / 10 },
  });
  it("says what the curve shows, and marks the suggested rates on it", () => {
    expect(page).toContain("The loss falls fastest at a learning rate of 2.9 × 10⁻⁴."); // 1e-6 * 1e7^(70 / 199)
    expect(page).toContain("It is lowest at 0.0775; a tenth of that, 0.00775, is a good rate to start with.");
    expect(page).toContain("150 steps at learning rates from 10⁻⁶ to 0.174, where the loss diverged.");
    for (const name of ["smoothed loss", "steepest descent", "tenth of lowest"])
      expect(page).toMatch(new RegExp(`<text[^>]*>${name}<`));
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
    const flat = learningRatePage("flat", { steps: steps.slice(0, 3), ended: "finished", suggested });
    expect(flat).toContain("The loss did not fall at any rate.");
    expect(flat).not.toContain("steepest descent");
  });
});
