/** How the learning rate goes over training. */
export type ScheduleConfig =
  | { readonly kind: "constant" }
  /** From the full rate to 0 along half a cosine, after a linear warm-up over the first `warmUp` share of all steps. */
  | { readonly kind: "cosine"; readonly warmUp: number }
  /** Times `factor` whenever the valid score has not risen for more than `patience` epochs. */
  | { readonly kind: "plateau"; readonly factor: number; readonly patience: number };

/**
 * What to multiply the learning rate by.
 * @param progress share of all steps done, in [0, 1)
 * @param scores valid score of every epoch done, higher is better
 * Same as: PyTorch 2.15 torch.optim.lr_scheduler.ReduceLROnPlateau(mode="max", threshold=0) for "plateau";
 * test/nn/schedules.test.ts
 */
export function learningRateFactor(
  config: ScheduleConfig,
  progress: number,
  scores: readonly number[],
): number {
  if (config.kind === "constant") return 1;
  if (config.kind === "cosine") {
    if (progress < config.warmUp) return progress / config.warmUp;
    return 0.5 * (1 + Math.cos((Math.PI * (progress - config.warmUp)) / (1 - config.warmUp)));
  }
  let factor = 1;
  let best = Number.NEGATIVE_INFINITY;
  let bad = 0;
  for (const score of scores) {
    bad = score > best ? 0 : bad + 1;
    best = Math.max(best, score);
    if (bad > config.patience) {
      factor *= config.factor;
      bad = 0;
    }
  }
  return factor;
}
