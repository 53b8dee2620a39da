import { ACTIVATION_NAMES, type ActivationName } from "../nn/activations.js";
import { NET_KINDS, type NetKind, netConfig } from "../nn/architectures.js";
import { INITIALIZER_NAMES, type InitializerName } from "../nn/initializers.js";
import { OPTIMIZERS, type OptimizerName } from "../nn/optimizers.js";
import {
  NORMALIZATIONS,
  type NormalizeConfig,
  START_LEARNING_RATE,
  type TrainSettings,
} from "../training/config.js";

/** What is chosen on the page for a run. */
export interface Choices {
  /** "model" starts from a model, "net" with drawn weights. */
  start: "model" | "net";
  epochs: number;
  net: NetKind;
  normalize: NormalizeConfig["kind"];
  init: InitializerName | "auto";
  batchNorm: "on" | "off";
  activation: ActivationName;
  optimizer: OptimizerName;
  /** null for the optimizer's own. */
  learningRate: number | null;
}

export const DEFAULT_CHOICES: Readonly<Choices> = {
  start: "model",
  epochs: 20,
  net: "vgg",
  normalize: "standardize",
  init: "auto",
  batchNorm: "on",
  activation: "relu",
  optimizer: "adamw",
  learningRate: null,
};

/** The settings of a run. Layer statistics are always recorded. */
export function settingsOf(choices: Choices): TrainSettings {
  const { start, epochs, net, normalize, init, batchNorm, activation, optimizer } = choices;
  const common = {
    epochs,
    watch: true,
    optimizer: OPTIMIZERS[optimizer].optimizer,
    learningRate: choices.learningRate ?? usualRate(choices),
  };
  if (start === "model") return common;
  return {
    ...common,
    normalize: NORMALIZATIONS[normalize],
    net: netConfig({
      kind: net,
      activation,
      ...(init === "auto" ? {} : { init }),
      ...(batchNorm === "on" ? {} : { batchNorm: null }),
    }),
  };
}

/** The learning rate of a run that names none. */
export function usualRate({ start, optimizer }: Pick<Choices, "start" | "optimizer">): number {
  const usual = OPTIMIZERS[optimizer].learningRate;
  // Lowered by the same factor as the default optimizer's rate.
  return start === "model" ? (usual * START_LEARNING_RATE) / OPTIMIZERS.adamw.learningRate : usual;
}

/** A part of the lecture that can be switched. */
export interface Switch {
  readonly name: "net" | "normalize" | "init" | "batchNorm" | "activation" | "optimizer";
  readonly title: string;
  readonly values: readonly string[];
  /** What it is, in one sentence, and what to watch, in another. */
  readonly says: string;
  /** Whether a run that starts from a model has the model's. */
  readonly isModels: boolean;
}

export const SWITCHES: readonly Switch[] = [
  {
    name: "net",
    title: "Net",
    values: NET_KINDS,
    says: "The layers: vgg and ds-cnn see patterns in time and frequency, gct634-1d in time alone, and an mlp sees no patterns, only values. \
Watch the loss of clips that the net was not trained on (valid) stay above the others where a net learns by heart.",
    isModels: true,
  },
  {
    name: "normalize",
    title: "Normalization of the input",
    values: Object.keys(NORMALIZATIONS),
    says: "Standardizing shifts and scales every mel band to mean 0 and deviation 1, and whitening also takes away what bands have in common; both \
are fitted on the training clips alone. Watch the loss fall more slowly, or not at all, with none.",
    isModels: true,
  },
  {
    name: "init",
    title: "Initial weights",
    values: ["auto", ...INITIALIZER_NAMES],
    says: "He's and Glorot's rules draw weights so large that signals and gradients keep their size from layer to layer; auto takes the rule \
that suits the activation. Watch the gradient by layer at epoch 1 with small, without batch norm: it shrinks from layer to layer.",
    isModels: true,
  },
  {
    name: "batchNorm",
    title: "Batch norm",
    values: ["on", "off"],
    says: "Each layer's values are brought to mean 0 and deviation 1 over the batch, and then scaled by what the net learns. Watch the deviation of \
activations by layer, which it keeps near 1, and how high a rate still trains.",
    isModels: true,
  },
  {
    name: "activation",
    title: "Activation",
    values: ACTIVATION_NAMES,
    says: "What a layer does to its values: relu cuts off what is below 0, sigmoid and tanh flatten what is large. Watch the gradient vanish in \
the first layers with sigmoid and no batch norm, since its slope is at most 1/4.",
    isModels: true,
  },
  {
    name: "optimizer",
    title: "Optimizer",
    values: Object.keys(OPTIMIZERS),
    says: "How a gradient becomes a step: sgd follows it, momentum and nesterov add up the last ones, the others give every weight a rate of its \
own. Watch how many epochs each needs to the same loss, each at its own rate.",
    isModels: false,
  },
];

export const RATE_SAYS =
  "The size of a step; it falls along half a cosine until the last epoch. Watch the update of the weights by layer, about a thousandth of a weight in a good \
run, and a loss that rises or is no longer a number where the rate is too high.";

/** Choices that were saved, by this version or another, as far as they are still choices. */
export function restoredChoices(saved: Partial<Choices>): Choices {
  const choices: Choices = { ...DEFAULT_CHOICES, ...saved };
  for (const { name, values } of SWITCHES)
    if (!values.includes(choices[name])) Object.assign(choices, { [name]: DEFAULT_CHOICES[name] });
  return choices;
}
