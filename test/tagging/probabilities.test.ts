import { expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { checkProbabilities } from "../../src/tagging/probabilities.js";

it("a mean that rounding took past 1 becomes 1, and the others stay as they are", () => {
  const row = Float32Array.of(1.0000004, 1, 0.25, 0);
  checkProbabilities(row, "m.onnx");
  expect([...row]).toEqual([1, 1, 0.25, 0]);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0.25, 1.5])(
  "a probability of %d is an error that names the model",
  (value) => {
    expect(() => checkProbabilities(Float32Array.of(0.5, value), "m.onnx")).toThrow(
      new DataError("m.onnx", `gave the probability ${value}, which is not from 0 to 1; train it again`),
    );
  },
);
