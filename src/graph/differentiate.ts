import { UsageError } from "../core/errors.js";
import type { Value } from "./graph.js";
import { add } from "./ops/elementwise.js";

/**
 * Emits the gradients of a scalar `loss` with respect to `parameters`, by reverse-mode differentiation over the tape.
 *
 * An operation that is not on a path from a parameter to the loss emits nothing. An operation's gradient rule is called
 * with null for an output that the loss does not depend on.
 *
 * @param loss scalar, shape []
 * @param parameters the values to differentiate with respect to
 * @returns one gradient per parameter, in the parameter's shape
 * @throws UsageError if the loss is not a scalar, or does not depend on one of the parameters
 */
export function gradients(loss: Value, parameters: readonly Value[]): Value[] {
  if (loss.shape.length !== 0)
    throw new UsageError({ setting: "loss", rule: "be a scalar", got: `shape [${loss.shape.join(", ")}]` });
  const { graph } = loss;
  const tape = [...graph.tape];
  // Values that depend on a parameter: only they get a gradient.
  const dependent = new Set(parameters.map((parameter) => parameter.name));
  for (const entry of tape)
    if (entry.inputs.some((input) => dependent.has(input.name)))
      for (const output of entry.outputs) dependent.add(output.name);

  const gradientOf = new Map<string, Value>([[loss.name, graph.constant(1)]]);
  for (const entry of tape.reverse()) {
    if (!entry.inputs.some((input) => dependent.has(input.name))) continue;
    const outputGradients = entry.outputs.map((output) => gradientOf.get(output.name) ?? null);
    if (outputGradients.every((gradient) => gradient === null)) continue;
    const inputGradients = entry.backward(outputGradients);
    entry.inputs.forEach((input, i) => {
      const gradient = inputGradients[i];
      if (gradient === null || !dependent.has(input.name)) return;
      const before = gradientOf.get(input.name);
      gradientOf.set(input.name, before === undefined ? gradient : add(before, gradient));
    });
  }
  return parameters.map((parameter) => {
    const gradient = gradientOf.get(parameter.name);
    if (gradient === undefined)
      throw new UsageError({
        setting: "parameters",
        rule: "all contribute to the loss",
        got: `${parameter.name}, which does not`,
      });
    return gradient;
  });
}
