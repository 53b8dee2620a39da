/** How an epoch did on the validation split. */
export interface EpochScore {
  /** Higher is better. */
  readonly score: number;
  /** Lower is better, among equal scores. */
  readonly loss: number;
}

/** Whether an epoch is better than another: it has a higher score, or an equal score and a lower loss. */
export function isBetter(epoch: EpochScore, other: EpochScore): boolean {
  return epoch.score > other.score || (epoch.score === other.score && epoch.loss < other.loss);
}

/** The warm-up that most schedules can start with. */
export interface WarmUp {
  /** Fraction of all steps over which the rate rises linearly from 0, in [0, 1). @default 0 */
  readonly warmUp?: number;
}

/** How the learning rate changes over training. */
export type ScheduleConfig =
  | ({ readonly kind: "constant" } & WarmUp)
  /** Multiplied by `factor` after every `everyEpochs` epochs. */
  | ({ readonly kind: "step"; readonly everyEpochs: number; readonly factor: number } & WarmUp)
  /** Multiplied by `factor` whenever no epoch was better than the best before for more than `patience` epochs. */
  | ({ readonly kind: "plateau"; readonly factor: number; readonly patience: number } & WarmUp)
  /** Falls from the full rate to 0 along half a cosine over the steps after the warm-up. */
  | ({ readonly kind: "cosine" } & WarmUp)
  /** Rises to the full rate at fraction `peakAt` of all steps, in (0, 1), and falls again, along half a cosine each. */
  | {
      readonly kind: "one-cycle";
      readonly peakAt: number;
      /** Rate at the start, as a fraction of the full rate. */
      readonly startFactor: number;
      /** Rate at the end, as a fraction of the full rate. */
      readonly endFactor: number;
    };

/**
 * The factor to multiply the learning rate by.
 *
 *   step:       factor ^ floor(epochs done / everyEpochs)
 *   cosine:     half a cosine from 1 to 0 over (progress - warmUp) / (1 - warmUp)
 *   one-cycle:  half a cosine from startFactor to 1 over progress / peakAt,
 *               then from 1 to endFactor over (progress - peakAt) / (1 - peakAt)
 *   all except one-cycle are also multiplied by min(progress / warmUp, 1)
 *
 * @param progress fraction of all steps done, in [0, 1]
 * @param epochs validation score and loss of every epoch done
 * Same as: PyTorch 2.15 torch.optim.lr_scheduler StepLR, ReduceLROnPlateau(mode="max", threshold=0) if the losses are
 * equal, CosineAnnealingLR, LinearLR as the warm-up of each, and OneCycleLR; test/nn/schedules.test.ts.
 * OneCycleLR(total_steps=n) ends at its last step, and its pct_start is a fraction of n: step k is progress k / (n - 1),
 * peakAt = (pct_start * n - 1) / (n - 1), startFactor = 1 / div_factor, endFactor = startFactor / final_div_factor.
 * References: Loshchilov and Hutter, 2017, https://arxiv.org/abs/1608.03983; Smith and Topin, 2018,
 * https://arxiv.org/abs/1708.07120
 */
export function learningRateFactor(
  config: ScheduleConfig,
  progress: number,
  epochs: readonly EpochScore[],
): number {
  if (config.kind === "one-cycle") {
    const { peakAt, startFactor, endFactor } = config;
    return progress < peakAt
      ? halfCosine(startFactor, 1, progress / peakAt)
      : halfCosine(1, endFactor, (progress - peakAt) / (1 - peakAt));
  }
  const { warmUp = 0 } = config;
  const ramp = progress < warmUp ? progress / warmUp : 1;
  return ramp * warmFactor(config, Math.max(progress - warmUp, 0) / (1 - warmUp), epochs);
}

/** The factor without the warm-up; `progress` is the fraction done of the steps after it. */
function warmFactor(
  config: Exclude<ScheduleConfig, { kind: "one-cycle" }>,
  progress: number,
  epochs: readonly EpochScore[],
): number {
  switch (config.kind) {
    case "constant":
      return 1;
    case "step":
      return config.factor ** Math.floor(epochs.length / config.everyEpochs);
    case "plateau":
      return config.factor ** plateaus(epochs, config.patience);
    case "cosine":
      return halfCosine(1, 0, progress);
  }
}

/** Half a cosine from `start` at fraction 0 to `end` at fraction 1. */
function halfCosine(start: number, end: number, fraction: number): number {
  return end + ((start - end) * (1 + Math.cos(Math.PI * fraction))) / 2;
}

/** How many times more than `patience` epochs passed without a better one; each time the count restarts. */
function plateaus(epochs: readonly EpochScore[], patience: number): number {
  let [found, bad] = [0, 0];
  let best: EpochScore | undefined;
  for (const epoch of epochs) {
    if (best === undefined || isBetter(epoch, best)) {
      best = epoch;
      bad = 0;
    } else bad += 1;
    if (bad > patience) {
      found += 1;
      bad = 0;
    }
  }
  return found;
}
