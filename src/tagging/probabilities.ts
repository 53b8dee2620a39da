import { DataError } from "../core/errors.js";

/** A mean over segments may be this far above 1: it is summed in 32 bits. */
const ROUNDING = 1e-4;

/**
 * Checks the probabilities that a model gave to a clip; one that only rounding took past 1 becomes 1.
 * @param model the model's name in errors
 * @throws DataError if one is not from 0 to 1
 */
export function checkProbabilities(row: Float32Array, model: string): void {
  for (const [i, value] of row.entries()) {
    if (!(value >= 0 && value <= 1 + ROUNDING))
      throw new DataError(model, `gave the probability ${value}, which is not from 0 to 1; train it again`);
    row[i] = Math.min(value, 1);
  }
}
