import { Option } from "commander";
import { checkInteger } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { MAX_BLOCKS } from "../nn/architectures.js";
import { type Freeze, START_DEFAULTS, type StartConfig, type TrainConfig } from "../training/config.js";
import { choiceOption } from "./options.js";
import { type Setting, settingsGroup } from "./settings.js";

const D = START_DEFAULTS;

const { setting } = settingsGroup<TrainConfig>("Start from a model, with --from:");

/** Settings of a run that starts from a model. */
export const START_SETTINGS: readonly Setting<TrainConfig>[] = [
  startSetting<Freeze>(freezeOption(), "freeze"),
  startSetting<StartConfig["statistics"]>(
    choiceOption(
      "--statistics <whose>",
      "statistics that normalize the input, of the model or of the train split",
      ["model", "train"],
      D.statistics,
    ),
    "statistics",
  ),
  startSetting<StartConfig["batchNorm"]>(
    choiceOption(
      "--bn-statistics <what>",
      "batch norm's moving averages in the blocks that train, kept or adapted to the train split",
      ["keep", "adapt"],
      D.batchNorm,
    ),
    "batchNorm",
  ),
  startSetting<StartConfig["lastLayer"]>(
    choiceOption(
      "--last-layer <how>",
      "a new last layer starts fitted to the embeddings of the training clips, or drawn at random",
      ["fitted", "drawn"],
      D.lastLayer,
    ),
    "lastLayer",
  ),
];

function startSetting<T>(option: Option, member: keyof StartConfig): Setting<TrainConfig> {
  return setting<T>(option, ({ start }, value) => {
    if (start === undefined)
      throw new UsageError({
        setting: option.long!,
        rule: "be used with --from",
        got: "a run that starts from no model",
        remedy: "name the model with --from, or leave it out",
      });
    return { start: { ...start, [member]: value } };
  });
}

function freezeOption(): Option {
  const option = new Option(
    "--freeze <blocks>",
    "blocks that keep the model's weights: none; half, the first half, rounded up; body, all of them, so that only the last layer \
trains; a number, the first ones, counted from the input; gradual, all at first, and one less after each of equal parts of the run's first half, from the last down",
  );
  return option.default(D.freeze).argParser((text): Freeze => {
    if (text === "none" || text === "half" || text === "body" || text === "gradual") return text;
    const count = Number(text);
    if (text.trim() !== "" && !Number.isNaN(count))
      return checkInteger("--freeze", count, { min: 0, max: MAX_BLOCKS });
    throw new UsageError({
      setting: "--freeze",
      rule: "be none, half, body, gradual or a number of blocks",
      got: text,
    });
  });
}
