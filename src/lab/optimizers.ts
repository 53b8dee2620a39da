import { OPTIMIZERS, type OptimizerConfig } from "../nn/optimizers.js";

/** The optimizers that the lab compares. */
const NAMES = ["sgd", "momentum", "rmsprop", "adam"] as const;

export type ComparedName = (typeof NAMES)[number];

/** The optimizers with `train`'s default settings, but no weight decay, which would move the minima. */
export const COMPARED: readonly { readonly optimizer: ComparedName; readonly config: OptimizerConfig }[] =
  NAMES.map((optimizer) => ({ optimizer, config: { ...OPTIMIZERS[optimizer].optimizer, weightDecay: 0 } }));
