import type { Value } from "../graph.js";
import { abs, add, div, exp, log, maximum, mul, neg, relu, sigmoid, sub } from "./elementwise.js";
import { sum } from "./shape.js";

/**
 * Mean over the batch of the cross-entropy between softmax(logits) and target probabilities:
 *
 *   loss = -sum(targets * log(softmax(logits))) / N
 *
 * Gradient with respect to the logits: (softmax(logits) - targets) / N. No gradient flows to the targets.
 * @param logits [N, K]
 * @param targets [N, K], each row non-negative with sum 1
 * @returns scalar, []
 * Same as: torch.nn.functional.cross_entropy(logits, targets)
 */
export function softmaxCrossEntropy(logits: Value, targets: Value): Value {
  const logProbabilities = logits.graph.emit("LogSoftmax", [logits], { shape: logits.shape }, { axis: -1 });
  return meanLoss(logits, [mul(targets, neg(logProbabilities))], logits.shape[0], () =>
    sub(exp(logProbabilities), targets),
  );
}

/**
 * Mean over batch and classes of the binary cross-entropy between sigmoid(logits) and targets, in the form that does not
 * overflow:
 *
 *   loss = sum(max(x, 0) - x * t + log(1 + e^-|x|)) / (N * K), with x the logits and t the targets
 *
 * Gradient with respect to the logits: (sigmoid(logits) - targets) / (N * K). No gradient flows to the targets.
 * @param logits [N, K]
 * @param targets [N, K], in [0, 1]
 * @returns scalar, []
 * Same as: torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)
 */
export function sigmoidCrossEntropy(logits: Value, targets: Value): Value {
  const terms = sigmoidTerms(logits, targets);
  return meanLoss(logits, terms, logits.shape[0] * logits.shape[1], () => sub(sigmoid(logits), targets));
}

/**
 * `sigmoidCrossEntropy` of the entries whose target is known, their mean:
 *
 *   loss = sum(known * (max(x, 0) - x * t + log(1 + e^-|x|))) / max(1, sum(known)), with x the logits and t the targets
 *
 * Gradient with respect to the logits: known * (sigmoid(logits) - targets) / max(1, sum(known)), which is exactly 0 where
 * the target is not known. No gradient flows to the targets.
 * @param logits [N, K]
 * @param targets [N, K], in [0, 1]; any finite number where the target is not known
 * @param known [N, K], 1 where the target is known, 0 elsewhere
 * @returns scalar, []; 0 if no target is known
 * Same as: torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")[known == 1].mean()
 */
export function maskedSigmoidCrossEntropy(logits: Value, targets: Value, known: Value): Value {
  const { graph } = logits;
  const terms = sigmoidTerms(logits, targets).reduce(add);
  const count = maximum(sum(known), 1);
  const out = graph.emit("Identity", [div(sum(mul(known, terms)), count)], { shape: [] });
  graph.record([logits], [out], ([g]) => [
    g === null ? null : mul(mul(sub(sigmoid(logits), targets), div(known, count)), g),
  ]);
  return out;
}

/** The three terms of max(x, 0) - x * t + log(1 + e^-|x|). */
function sigmoidTerms(logits: Value, targets: Value): Value[] {
  const softplus = log(add(exp(neg(abs(logits))), 1));
  return [relu(logits), neg(mul(logits, targets)), softplus];
}

/** The sum of all terms divided by `count`; its gradient with respect to the logits is derivative() / count. */
function meanLoss(logits: Value, terms: readonly Value[], count: number, derivative: () => Value): Value {
  const loss = mul(sum(terms.reduce(add)), 1 / count);
  const { graph } = logits;
  // A new value with its own record: the terms' records would give the same gradient in more, less stable steps.
  const out = graph.emit("Identity", [loss], { shape: [] });
  graph.record([logits], [out], ([g]) => [g === null ? null : mul(mul(derivative(), 1 / count), g)]);
  return out;
}
