import { checkInteger, checkNumber } from "../core/check.js";
import type { Random } from "../core/random.js";
import { sizeOf, type Tensor } from "../core/tensor.js";
import {
  add,
  div,
  encodeGraph,
  Graph,
  gradients,
  maskedSigmoidCrossEntropy,
  mul,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  sub,
  sum,
  type Value,
} from "../graph/index.js";
import type { NetConfig } from "./architectures.js";
import { type Augmentation, type Examples, emitAugmentation } from "./augmentation.js";
import { emitNet } from "./emit-net.js";
import { clipByNorm } from "./gradient-clipping.js";
import { constant } from "./initializers.js";
import { emitNormalization, type InputNormalization } from "./input-normalization.js";
import { Net, type RandomInput, type StateSpec } from "./net.js";
import type { Optimizer } from "./optimizer.js";
import { type OptimizerConfig, optimizerStep } from "./optimizers.js";
import { emitWatch, type WatchedSpec } from "./watch.js";

/** Whether every clip has exactly one label (softmax) or any number of labels (sigmoid). */
export type Task = "single-label" | "multi-label";

/** Everything that determines a training step's graph. */
export interface TrainingStepConfig {
  readonly net: NetConfig;
  readonly task: Task;
  readonly nLabels: number;
  /** Shape of one example: [nFrames, nMels] or [nFeatures]. */
  readonly inputShape: readonly number[];
  readonly batchSize: number;
  readonly normalization: InputNormalization;
  /** The settings of one of timbrel's optimizers, or an optimizer of the caller's own, which runs with its defaults. */
  readonly optimizer: OptimizerConfig | Optimizer;
  /** Largest norm of all gradients together; larger ones are scaled down to it. @default none */
  readonly clipNorm?: number | undefined;
  /** Whether some targets are not known: the step then also reads which are. Multi-label only. @default false */
  readonly isMasked?: boolean;
  /** Fraction of the targets spread evenly over all labels, in [0, 1). @default 0 */
  readonly labelSmoothing?: number;
  /** Decay of the moving average of all weights, in [0, 1); 0 for no average. @default 0 */
  readonly emaDecay?: number;
  /** Random changes to the input. @default none */
  readonly augmentation?: Augmentation | undefined;
  /**
   * Tensors of the net by name that the step leaves as they are: constants of its graph. They have no gradient, no
   * optimizer state and no average. A batch norm whose moving averages are among them normalizes by these. @default none
   */
  readonly fixed?: ReadonlyMap<string, Tensor>;
  /** Whether the step also reports statistics of activations and gradients in every layer. @default false */
  readonly watch?: boolean;
}

/** A training step as one ONNX model, and what it reads. */
export interface TrainingStep {
  /**
   * Feeds: `inputs`, `targets`, `known` if it is masked, `learningRate`, the random inputs, the state. Results: `loss`,
   * `next/<state>`, `watch`. The loss is NaN if the step leaves a weight or a statistic that is not finite.
   */
  readonly model: Uint8Array;
  readonly state: readonly StateSpec[];
  /** The tensors that the step leaves as they are, by name. */
  readonly fixed: ReadonlyMap<string, Tensor>;
  /** Names of the tensors of the state and of `fixed` that make up a trained net: its parameters and batch norm's moving averages. */
  readonly weightNames: readonly string[];
  readonly randomInputs: readonly RandomInput[];
  /** Shape of one example. */
  readonly inputShape: readonly number[];
  readonly nLabels: number;
  /** Whether it reads `known`, in the shape of `targets`: 1 for a target that is known, 0 for one that the loss ignores. */
  readonly isMasked: boolean;
  /** Number of values that the step trains. */
  readonly parameterCount: number;
  /** The layers of the `watch` output, which `readWatch` reads; empty if the step has no such output. */
  readonly watched: readonly WatchedSpec[];
}

/** Prefix of the names of averaged weights in the state. */
export const AVERAGE = "average/";
/** Name of the step counter in the state. */
export const STEP = "step";

/**
 * Emits a whole training step: augmentation, normalization, net, loss, gradients, optimizer, moving averages.
 * @throws UsageError for a size or a rate out of range
 */
export function buildTrainingStep(config: TrainingStepConfig): TrainingStep {
  const { batchSize, nLabels, labelSmoothing = 0, emaDecay = 0, isMasked = false } = config;
  const { fixed = new Map<string, Tensor>() } = config;
  checkInteger("batchSize", batchSize, { min: 2 });
  checkInteger("nLabels", nLabels, { min: 1 });
  checkNumber("labelSmoothing", labelSmoothing, { min: 0, below: 1 });
  checkNumber("emaDecay", emaDecay, { min: 0, below: 1 });
  if (config.clipNorm !== undefined) checkNumber("clipNorm", config.clipNorm, { above: 0 });
  const graph = new Graph();
  const net = new Net(graph, null, fixed);
  const inputs = graph.input("inputs", [batchSize, ...config.inputShape]);
  const targets = graph.input("targets", [batchSize, nLabels]);
  const known = isMasked ? graph.input("known", [batchSize, nLabels]) : undefined;
  const learningRate = graph.input("learningRate", []);

  const examples = { x: inputs, targets, known };
  const { augmentation } = config;
  const changed = augmentation === undefined ? examples : emitAugmentation(net, augmentation, examples);
  const normalized = emitNormalization(changed.x, config.normalization);
  const { logits } = emitNet(net, config.net, normalized, nLabels);
  const loss = emitLoss(config.task, logits, changed, labelSmoothing);
  const modelState = net.state;

  const extra: StateSpec[] = [];
  const zeroState = (name: string, shape: readonly number[]): Value => {
    extra.push({ name, shape, init: (random) => constant(0)(shape, random) });
    return graph.input(name, shape);
  };
  const step = add(zeroState(STEP, []), 1);
  const next = new Map([...net.updates].map(([name, update]) => [name, update(step)] as const));
  next.set(STEP, step);
  const watched = config.watch === true ? net.watched : [];
  const values = [...net.parameters, ...watched.map(({ output }) => ({ value: output }))];
  const found = gradients(
    loss,
    values.map(({ value }) => value),
  );
  const parameterGradients = found.slice(0, net.parameters.length);
  const clipped =
    config.clipNorm === undefined ? parameterGradients : clipByNorm(parameterGradients, config.clipNorm);
  net.parameters.forEach((parameter, i) => {
    const updated = optimizerStep(config.optimizer, parameter, clipped[i], {
      learningRate,
      step,
      slot: (name) => zeroState(name, parameter.value.shape),
      update: (name, value) => next.set(name, value),
    });
    next.set(parameter.name, updated);
  });
  if (watched.length > 0) {
    const gradientOf = (value: Value) => found[values.findIndex((each) => each.value === value)];
    const flow = emitWatch(
      watched,
      ({ output, weight }) => ({ output: gradientOf(output), weight: gradientOf(weight.value) }),
      next,
    );
    graph.output("watch", flow);
  }
  if (emaDecay > 0)
    for (const { name, shape } of modelState) {
      const now = next.get(name)!;
      const average = zeroState(AVERAGE + name, shape);
      next.set(AVERAGE + name, add(average, mul(sub(now, average), emaWeight(step, emaDecay))));
    }

  const results = modelState.map(({ name }) => next.get(name)!);
  graph.output("loss", lossOfFinite(loss, results));
  const state = [...modelState, ...extra];
  for (const { name } of state) graph.output(`next/${name}`, next.get(name)!);
  return {
    model: encodeGraph(graph),
    state,
    fixed,
    weightNames: net.tensors.map(({ name }) => name),
    randomInputs: net.randomInputs,
    inputShape: config.inputShape,
    nLabels,
    isMasked,
    parameterCount: net.parameters.reduce((count, { value }) => count + sizeOf(value.shape), 0),
    watched: watched.map(({ name, activation, output }) => ({
      layer: name,
      activation,
      activationCount: sizeOf(output.shape),
    })),
  };
}

/**
 * The fraction of the newest weights in their average: max(10 / (step + 9), 1 - decay). The average starts as the first
 * step's weights and reaches back over about the last tenth of all steps, until that is longer than the decay's memory.
 * In a short run the untrained start, including batch norm's early averages, would otherwise weigh on it.
 */
function emaWeight(step: Value, decay: number): Value {
  return step.graph.emit("Max", [div(10, add(step, 9)), step.graph.constant(1 - decay)], { shape: [] });
}

/** Emits the mean loss of a batch. */
export function emitLoss(
  task: Task,
  logits: Value,
  { targets, known }: Pick<Examples, "targets" | "known">,
  labelSmoothing = 0,
): Value {
  const nLabels = logits.shape[1];
  // Single-label: the mass goes to all labels; multi-label: every target moves towards 1/2.
  const spread = task === "single-label" ? labelSmoothing / nLabels : labelSmoothing / 2;
  const smooth = labelSmoothing > 0 ? add(mul(targets, 1 - labelSmoothing), spread) : targets;
  if (task === "single-label") return softmaxCrossEntropy(logits, smooth);
  return known === undefined
    ? sigmoidCrossEntropy(logits, smooth)
    : maskedSigmoidCrossEntropy(logits, smooth, known);
}

/**
 * The loss, or NaN if one of the tensors is not finite. The loss alone would not show it: ONNX Runtime's pools and
 * activations may swallow a NaN, and a running variance of Infinity shows only in predictions.
 */
function lossOfFinite(loss: Value, tensors: readonly Value[]): Value {
  const sums = tensors.map((tensor) => sum(tensor));
  return add(loss, mul(sums.reduce(add), 0));
}

/** Draws the initial values of the whole state, each tensor from a random stream of its own name. */
export function initialState(step: TrainingStep, random: Random): Map<string, Tensor> {
  return new Map(
    step.state.map(({ name, shape, init }) => [name, { shape, data: init(random.fork(name)) }] as const),
  );
}
