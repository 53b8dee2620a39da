import { checkInteger, checkNumber } from "../core/check.js";
import type { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import {
  add,
  div,
  encodeModel,
  Graph,
  gradients,
  mul,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  sub,
  type Value,
} from "../graph/index.js";
import { emitNet, type NetConfig } from "./architectures.js";
import { type Augmentation, emitAugmentation } from "./augmentation.js";
import { constant } from "./initializers.js";
import { Net, type RandomInput, type StateSpec } from "./net.js";
import { type OptimizerConfig, optimizerStep } from "./optimizers.js";

/** Whether every clip has exactly one label (softmax) or any number (sigmoid). */
export type Task = "single-label" | "multi-label";

/** Mean and standard deviation that the net's input is normalized by, one each for every feature. */
export interface InputStatistics {
  readonly mean: Float32Array;
  readonly std: Float32Array;
}

/** All that determines a training step's graph. */
export interface TrainingStepConfig {
  readonly net: NetConfig;
  readonly task: Task;
  readonly nLabels: number;
  /** Shape of one example: [nFrames, nMels] or [nFeatures]. */
  readonly inputShape: readonly number[];
  readonly batchSize: number;
  readonly statistics: InputStatistics;
  readonly optimizer: OptimizerConfig;
  /** Share of the targets spread evenly over all labels, in [0, 1). @default 0 */
  readonly labelSmoothing?: number;
  /** Decay of the moving average of all weights, in [0, 1); 0 keeps none. @default 0 */
  readonly averageDecay?: number;
  /** Random changes of the input. @default none */
  readonly augmentation?: Augmentation;
}

/** A training step as one ONNX model, and what it reads. */
export interface TrainingStep {
  /** Feeds: `inputs`, `targets`, `learningRate`, the random inputs, the state. Results: `loss`, `next/<state>`. */
  readonly model: Uint8Array;
  readonly state: readonly StateSpec[];
  readonly randomInputs: readonly RandomInput[];
  readonly parameterCount: number;
}

/** Prefix of the state that holds averaged weights. */
export const AVERAGE = "average/";
/** Name of the step counter in the state. */
export const STEP = "step";

/** (x - mean) / std over the last axis. */
export function emitNormalization(x: Value, { mean, std }: InputStatistics): Value {
  const constants = (data: Float32Array) => x.graph.constant([...data]);
  return div(sub(x, constants(mean)), constants(std));
}

/**
 * Emits a whole training step: augmentation, normalization, net, loss, gradients, optimizer, moving averages.
 * @throws UsageError for a size or a rate out of range
 */
export function buildTrainingStep(config: TrainingStepConfig): TrainingStep {
  const { batchSize, nLabels, labelSmoothing = 0, averageDecay = 0 } = config;
  checkInteger("buildTrainingStep: batchSize", batchSize, { min: 2 });
  checkInteger("buildTrainingStep: nLabels", nLabels, { min: 1 });
  checkNumber("buildTrainingStep: labelSmoothing", labelSmoothing, { min: 0, below: 1 });
  checkNumber("buildTrainingStep: averageDecay", averageDecay, { min: 0, below: 1 });
  const graph = new Graph();
  const net = new Net(graph);
  const inputs = graph.input("inputs", [batchSize, ...config.inputShape]);
  const targets = graph.input("targets", [batchSize, nLabels]);
  const learningRate = graph.input("learningRate", []);

  const examples = { x: inputs, targets };
  const { augmentation } = config;
  const changed = augmentation === undefined ? examples : emitAugmentation(net, augmentation, examples);
  const logits = emitNet(net, config.net, emitNormalization(changed.x, config.statistics), nLabels);
  const loss = emitLoss(config.task, logits, changed.targets, labelSmoothing);
  const modelState = [...net.state];

  const extra: StateSpec[] = [];
  const zeroState = (name: string, shape: readonly number[]): Value => {
    extra.push({ name, shape, init: (random) => constant(0)(shape, random) });
    return graph.input(name, shape);
  };
  const next = new Map<string, Value>(net.updates);
  const step = add(zeroState(STEP, []), 1);
  next.set(STEP, step);
  const gradientOf = gradients(
    loss,
    net.parameters.map(({ value }) => value),
  );
  net.parameters.forEach((parameter, i) => {
    const updated = optimizerStep(config.optimizer, parameter, gradientOf[i], {
      learningRate,
      step,
      slot: (name) => zeroState(name, parameter.value.shape),
      update: (name, value) => next.set(name, value),
    });
    next.set(parameter.name, updated);
  });
  if (averageDecay > 0)
    for (const { name, shape } of modelState) {
      const now = next.get(name)!;
      const average = zeroState(AVERAGE + name, shape);
      next.set(AVERAGE + name, add(average, mul(sub(now, average), averageShare(step, averageDecay))));
    }

  graph.output("loss", loss);
  const state = [...modelState, ...extra];
  for (const { name } of state) graph.output(`next/${name}`, next.get(name)!);
  return {
    model: encodeModel(graph),
    state,
    randomInputs: net.randomInputs,
    parameterCount: net.parameters.reduce(
      (count, { value }) => count + value.shape.reduce((a, b) => a * b, 1),
      0,
    ),
  };
}

/**
 * The share of the newest weights in their average: max(10 / (step + 9), 1 - decay). The average begins as the first
 * step's weights and reaches back over about the last tenth of all steps, until that is longer than the decay's memory:
 * in a short run the untrained beginning, and batch norm's averages of then, would otherwise weigh on it.
 */
function averageShare(step: Value, decay: number): Value {
  return step.graph.emit("Max", [div(10, add(step, 9)), step.graph.constant(1 - decay)], { shape: [] });
}

function emitLoss(task: Task, logits: Value, targets: Value, labelSmoothing: number): Value {
  const nLabels = logits.shape[1];
  // Single label: the mass goes to all labels; multi-label: every target moves towards 1/2.
  const spread = task === "single-label" ? labelSmoothing / nLabels : labelSmoothing / 2;
  const smooth = labelSmoothing > 0 ? add(mul(targets, 1 - labelSmoothing), spread) : targets;
  return task === "single-label" ? softmaxCrossEntropy(logits, smooth) : sigmoidCrossEntropy(logits, smooth);
}

/** First values of the whole state; each tensor draws from a stream of its own name. */
export function initialState(step: TrainingStep, random: Random): Map<string, Tensor> {
  return new Map(
    step.state.map(({ name, shape, init }) => [name, { shape, data: init(random.fork(name)) }] as const),
  );
}
