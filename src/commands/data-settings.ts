import { Option } from "commander";
import { checkNames, quoted } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { AUGMENTATION_CHECKS, type AugmentationSettings } from "../nn/augmentation-settings.js";
import {
  NORMALIZATIONS,
  type NormalizeConfig,
  TRAIN_DEFAULTS,
  type TrainConfig,
} from "../training/config.js";
import { choiceOption, integerOption, numberIn, numberOption } from "./options.js";
import { type Setting, settingsGroup, switchOption } from "./settings.js";

type NormalizeKind = NormalizeConfig["kind"];

const D = TRAIN_DEFAULTS;

const { setting, plain } = settingsGroup<TrainConfig>("Data:");

/** The flag for the fraction of clips in a split, for a store that names no clip of it. */
export function fractionOption(
  flag: "--valid-fraction <x>" | "--test-fraction <x>",
  fraction: number,
): Option {
  const description = "fraction of clips to draw for this split, if the store names none for it";
  return numberOption(flag, description, { min: 0, below: 1 }, fraction);
}

/** Settings for how clips are split, drawn and fed to the net. A later one refines the earlier ones. */
export const DATA_SETTINGS: readonly Setting<TrainConfig>[] = [
  plain(
    choiceOption(
      "--task <kind>",
      "one label per clip, or any number of them",
      ["auto", "single-label", "multi-label"],
      D.task,
    ),
  ),
  plain(
    integerOption(
      "--seed <n>",
      "seed of the splits, the initial weights and all random draws",
      { min: 0 },
      D.seed,
    ),
  ),
  plain(fractionOption("--valid-fraction <x>", D.validFraction)),
  plain(fractionOption("--test-fraction <x>", D.testFraction)),
  setting<NormalizeKind>(
    choiceOption(
      "--normalize <kind>",
      "normalization of the mel vectors, with statistics of the train split",
      Object.keys(NORMALIZATIONS),
      D.normalize.kind,
    ),
    ({ normalize }, kind) => (kind === normalize.kind ? {} : { normalize: NORMALIZATIONS[kind] }),
  ),
  setting<"band" | "global">(
    choiceOption(
      "--standardize <kind>",
      "standardize: each mel band by itself, or all together",
      ["band", "global"],
      NORMALIZATIONS.standardize.over,
    ),
    ({ normalize }, over) => ({ normalize: { ...only(normalize, "standardize", "--standardize"), over } }),
  ),
  setting<boolean>(
    switchOption("--zca", "whiten: rotate the vectors back to mel bands"),
    ({ normalize }, zca) => ({ normalize: { ...only(normalize, "whiten", "--zca"), zca } }),
  ),
  setting<number>(
    numberOption(
      "--keep-variance <fraction>",
      "whiten: keep the principal components that explain this fraction of the variance",
      { above: 0, max: 1 },
      NORMALIZATIONS.whiten.keepVariance,
    ),
    ({ normalize }, keepVariance) => ({
      normalize: { ...only(normalize, "whiten", "--keep-variance"), keepVariance },
    }),
  ),
  setting<"none" | "segment">(
    choiceOption(
      "--level <kind>",
      "level that every segment is brought to before it is normalized: none, or one for all segments, so that the loudness of a \
recording changes little",
      ["none", "segment"],
      "none",
    ),
    ({ normalize: { level: _, ...normalize } }, level) => ({
      normalize: level === "none" ? normalize : { ...normalize, level },
    }),
  ),
  plain(new Option("--no-balance", "draw every clip equally often (default: every class equally often)")),
  plain(
    numberOption(
      "--augment <strength>",
      "strength of the random changes to segments, 0 for none",
      { min: 0, max: 3 },
      D.augment,
    ),
  ),
  plain(augmentationOption()),
];

/** The flag for single settings of the augmentation: `colourDb=9,mixup=0.3`. */
function augmentationOption(): Option {
  const names = Object.keys(AUGMENTATION_CHECKS);
  const option = new Option(
    "--augmentation <list>",
    `settings of those changes in place of the strength's, e.g. colourDb=9,mixup=0.3: ${names.join(", ")} (default: all are the strength's)`,
  );
  const flag = option.long!;
  return option.argParser((text): Partial<AugmentationSettings> => {
    const settings = new Map<string, unknown>();
    for (const pair of text.split(",")) {
      const [name, value, ...rest] = pair.split("=").map((part) => part.trim());
      if (value === undefined || rest.length > 0)
        throw new UsageError({
          setting: flag,
          rule: "be a list such as colourDb=9,mixup=0.3",
          got: quoted(text),
        });
      checkNames(flag, [name], names);
      if (settings.has(name))
        throw new UsageError({ setting: flag, rule: "name each setting once", got: `${name} twice` });
      settings.set(name, numberIn(value));
      AUGMENTATION_CHECKS[name as keyof AugmentationSettings](`${flag} ${name}`, settings.get(name));
    }
    return Object.fromEntries(settings);
  });
}

/** Returns the normalization if it is of the kind that a flag refines, and throws otherwise. */
function only<K extends NormalizeKind>(
  normalize: NormalizeConfig,
  kind: K,
  flag: string,
): Extract<NormalizeConfig, { kind: K }> {
  if (normalize.kind !== kind)
    throw new UsageError({
      setting: flag,
      rule: `be used with --normalize ${kind}`,
      got: `--normalize ${normalize.kind}`,
    });
  return normalize as Extract<NormalizeConfig, { kind: K }>;
}
