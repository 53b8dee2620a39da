import { type Command, Option } from "commander";
import { UsageError } from "../core/errors.js";
import {
  type Compression,
  FRONT_END_PRESETS,
  type FrontEnd,
  frontEnd,
  type PresetName,
} from "../features/front-end.js";
import { choiceOption, flagOf, integerOption, numberOption } from "./options.js";

/** Defaults of each kind of compression, for presets that have another kind. */
const COMPRESSIONS: Readonly<Record<Compression["kind"], Compression>> = {
  log10: { kind: "log10", scale: 10 },
  log1p: { kind: "log1p", scale: 10 },
  powerToDb: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 80 },
};

/** Members of the front end whose flags set them unchanged. */
const MEMBERS = [
  "sampleRate",
  "nFft",
  "winLength",
  "hopLength",
  "power",
  "nMels",
  "melScale",
  "melNorm",
  "fMin",
  "fMax",
] as const;

const COMPRESSION_MEMBERS = ["scale", "ref", "amin", "topDb"] as const;

type Given = Partial<Record<(typeof MEMBERS)[number] | (typeof COMPRESSION_MEMBERS)[number], never>> & {
  preset: PresetName;
  compression?: Compression["kind"];
};

const number = (flags: string, description: string) => numberOption(flags, description, {});
const integer = (flags: string, description: string) => integerOption(flags, description, {});

/** The flag that chooses a named front end. */
export function presetOption(): Option {
  const presets = Object.keys(FRONT_END_PRESETS);
  return choiceOption("--preset <name>", "front end to start from", presets, "gct634");
}

/** The flag that takes the front end from a model file, so that none of its other flags may be given. */
export function frontEndOfModelOption(): Option {
  const option = new Option(
    "-m, --model <file>",
    "use the front end of a model (default: the front end that the flags describe)",
  );
  return option.conflicts(["preset", ...MEMBERS, "compression", ...COMPRESSION_MEMBERS]);
}

/** Adds the flags of a front end to a command; without a flag, the preset's value applies. */
export function addFrontEndOptions(command: Command): Command {
  const options = [
    presetOption(),
    integer("--sample-rate <hz>", "rate that audio is resampled to"),
    integer("--n-fft <samples>", "length of the Fourier transform, a power of two"),
    integer("--win-length <samples>", "length of the Hann window, at most --n-fft (default: --n-fft)"),
    integer("--hop-length <samples>", "step from one frame to the next"),
    integer("--power <1|2>", "spectrum behind the mel bands: magnitude (1) or power (2)"),
    integer("--n-mels <n>", "number of mel bands"),
    choiceOption("--mel-scale <name>", "mel scale", ["slaney", "htk"]),
    choiceOption("--mel-norm <name>", "triangular filters of area 1 or of peak 1", ["slaney", "none"]),
    number("--f-min <hz>", "lower edge of the first band"),
    number("--f-max <hz>", "upper edge of the last band (default: half of --sample-rate)"),
    choiceOption("--compression <kind>", "compression of the bands", Object.keys(COMPRESSIONS)),
    number("--scale <c>", "factor c in log10(1 + c * x) and log1p(c * x)"),
    number("--ref <x>", "value that powerToDb maps to 0 dB"),
    number("--amin <x>", "floor of powerToDb; smaller values are raised to it"),
    topDbOption(),
  ];
  for (const option of options) command.addOption(option.helpGroup("Front end (default: as in --preset):"));
  return command.addHelpText("after", `\nPresets:\n${presetLines()}`);
}

/** The flag for `topDb`; `none` becomes infinity, since commander takes null for a missing value. */
function topDbOption(): Option {
  const option = new Option(
    "--top-db <db>",
    "range that powerToDb keeps below a clip's loudest value, or none",
  );
  return option.argParser((text) => {
    const value = text === "none" ? Number.POSITIVE_INFINITY : Number(text);
    if (text.trim() !== "" && value >= 0) return value;
    throw new UsageError({ setting: "--top-db", rule: "be a number of at least 0, or none", got: text });
  });
}

function presetLines(): string {
  return Object.entries(FRONT_END_PRESETS)
    .map(([name, made]) => `  ${name.padEnd(12)} ${frontEndText(made)}`)
    .join("\n");
}

/** The front end in one line. */
export function frontEndText({ sampleRate, nFft, hopLength, nMels, power, compression }: FrontEnd): string {
  const compressed =
    compression.kind === "powerToDb"
      ? `powerToDb, top ${compression.topDb ?? "none"}`
      : `${compression.kind === "log10" ? "log10" : "ln"}(1 + ${compression.scale} x)`;
  return `${sampleRate} Hz, FFT ${nFft}, hop ${hopLength}, ${nMels} bands of ${power === 1 ? "magnitude" : "power"}, ${compressed}`;
}

/**
 * The front end that the flags ask for.
 * @throws UsageError naming the setting or the flag
 */
export function frontEndOf(options: object): FrontEnd {
  const given = options as Given;
  const { preset } = given;
  const members = Object.fromEntries(MEMBERS.map((member) => [member, given[member]]));
  return frontEnd({ preset, ...members, compression: compressionOf(given) });
}

function compressionOf(given: Given): Compression {
  const { compression: own } = FRONT_END_PRESETS[given.preset];
  const kind = given.compression ?? own.kind;
  const base = kind === own.kind ? own : COMPRESSIONS[kind];
  const changes = COMPRESSION_MEMBERS.filter((member) => given[member] !== undefined);
  const strange = changes.find((member) => !(member in base));
  if (strange !== undefined)
    throw new UsageError({
      setting: flagOf(strange),
      rule: `be used with --compression ${strange === "scale" ? "log10 or log1p" : "powerToDb"}`,
      got: `--compression ${kind}`,
    });
  const changed = changes.map((member) => {
    const value: number = given[member]!;
    return [member, value === Number.POSITIVE_INFINITY ? null : value];
  });
  return { ...base, ...Object.fromEntries(changed) } as Compression;
}
