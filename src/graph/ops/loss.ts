import type { Value } from "../graph.js";
import { abs, add, exp, log, mul, neg, relu, sigmoid, sub } from "./elementwise.js";
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
  const softplus = log(add(exp(neg(abs(logits))), 1));
  const terms = [relu(logits), neg(mul(logits, targets)), softplus];
  return meanLoss(logits, terms, logits.shape[0] * logits.shape[1], () => sub(sigmoid(logits), targets));
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
