import { type Command, Option } from "commander";

/** A flag and what its value changes in a configuration. */
export interface Setting<C> {
  readonly option: Option;
  readonly change: (config: C, value: never) => Partial<C>;
}

/** Makes settings whose flags share a heading in the help. */
export function settingsGroup<C>(heading: string) {
  const setting = <T>(option: Option, change: (config: C, value: T) => Partial<C>): Setting<C> => ({
    option: option.helpGroup(heading),
    change,
  });
  return {
    setting,
    /** A flag that sets the member of the same name. */
    plain: (option: Option): Setting<C> =>
      setting(option, (_, value) => ({ [option.attributeName()]: value }) as Partial<C>),
  };
}

/** A flag without a value, off by default. */
export function switchOption(flag: string, description: string): Option {
  return new Option(flag, description).default(false);
}

/** Adds the flags of the settings. */
export function addSettings<C>(command: Command, settings: readonly Setting<C>[]): Command {
  for (const { option } of settings) command.addOption(option);
  return command;
}

/** A setting whose flag was typed, with its value. */
export interface TypedSetting<C> {
  readonly flag: string;
  readonly value: never;
  readonly change: Setting<C>["change"];
}

/** The settings whose flags were typed, in the order of `settings`. */
export function typedSettings<C>(command: Command, settings: readonly Setting<C>[]): TypedSetting<C>[] {
  return settings.flatMap(({ option, change }) => {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== "cli") return [];
    return [{ flag: option.long!, value: command.getOptionValue(name) as never, change }];
  });
}

/** Applies settings to a configuration, one after another. */
export function changed<C>(config: C, settings: readonly TypedSetting<C>[]): C {
  let now = config;
  for (const { value, change } of settings) now = { ...now, ...change(now, value) };
  return now;
}
