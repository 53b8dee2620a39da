import { UsageError } from "../core/errors.js";
import { canonicalJson } from "../core/hash.js";
import type { Checkpoint } from "./checkpoint.js";
import { type TrainConfig, type TrainSettings, trainConfig } from "./config.js";

/** Settings that a resumed run may change: they say when it ends. */
export const CHANGEABLE: readonly (keyof TrainConfig)[] = ["epochs", "patience"];

/**
 * The settings of a resumed run: the checkpoint's, with changes to when it ends.
 * @throws UsageError naming another setting that differs, or if fewer epochs are asked for than are done
 */
export function resumedConfig(
  { config: saved, state: { history } }: Pick<Checkpoint, "config" | "state">,
  changes: TrainSettings,
): TrainConfig {
  const before = trainConfig(saved);
  const config = trainConfig({ ...before, ...changes });
  for (const name of Object.keys(config) as (keyof TrainConfig)[])
    if (!CHANGEABLE.includes(name) && canonicalJson(config[name]) !== canonicalJson(before[name]))
      throw new UsageError({
        setting: name,
        rule: `be the resumed run's, ${JSON.stringify(before[name])}`,
        got: config[name],
        remedy: "leave it out, or start a new run",
      });
  if (config.epochs < history.length)
    throw new UsageError({
      setting: "epochs",
      rule: `be at least ${history.length}, the number of epochs that the resumed run has done`,
      got: config.epochs,
    });
  return config;
}
