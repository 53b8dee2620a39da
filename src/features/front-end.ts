import { checkChoice, checkInteger, checkNames, checkNumber } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { hashRecord } from "../core/hash.js";
import { checkObject } from "../core/inputs.js";

/**
 * How a mel value `x` is compressed:
 * - `log10`: `log10(1 + scale * x)`;
 * - `log1p`: `ln(1 + scale * x)`;
 * - `powerToDb`: `10 * log10(max(amin, x) / max(amin, ref))`; with `topDb`, values more than `topDb` dB below the
 *   clip's greatest are raised to that limit.
 */
export type Compression =
  | { kind: "log10" | "log1p"; scale: number }
  | { kind: "powerToDb"; ref: number; amin: number; topDb: number | null };

/**
 * All settings that determine a clip's features: the contract between the features on disk, the model trained on them
 * and the clip to predict. Equal records have equal hashes, and only features with equal hashes are used together.
 */
export interface FrontEnd {
  /** [Hz] audio is resampled to this rate. */
  readonly sampleRate: number;
  /** Channels are averaged into one. */
  readonly downmix: "mean";
  readonly resampler: "kaiser-sinc";
  /** Length of the Fourier transform [samples], a power of two. */
  readonly nFft: number;
  /** Length of the window [samples], at most `nFft`; a shorter window is centred in the frame. */
  readonly winLength: number;
  /** Distance from one frame to the next [samples]. */
  readonly hopLength: number;
  /** Periodic Hann: `0.5 - 0.5 * cos(2 * pi * n / winLength)`. */
  readonly window: "hann";
  /** Frame `t` is centred on sample `t * hopLength`: `nFrames = 1 + floor(nSamples / hopLength)`. */
  readonly center: true;
  /** The clip is padded with zeros at both ends. */
  readonly padMode: "constant";
  /** 1: the mel bands sum magnitudes, 2: powers. */
  readonly power: 1 | 2;
  readonly nMels: number;
  /** `slaney`: linear up to 1 kHz, then logarithmic (Auditory Toolbox); `htk`: `2595 * log10(1 + f / 700)`. */
  readonly melScale: "slaney" | "htk";
  /** `slaney`: every triangle has area 1 [1/Hz]; `none`: every triangle has peak 1. */
  readonly melNorm: "slaney" | "none";
  /** [Hz] lower edge of the first band. */
  readonly fMin: number;
  /** [Hz] upper edge of the last band, at most `sampleRate / 2`. */
  readonly fMax: number;
  readonly compression: Readonly<Compression>;
}

const COMMON = {
  downmix: "mean",
  resampler: "kaiser-sinc",
  window: "hann",
  center: true,
  padMode: "constant",
  melScale: "slaney",
  melNorm: "slaney",
  fMin: 0,
} as const;

/**
 * Front ends by name.
 *
 * - `gct634` (default): KAIST GCT634 "Musical Applications of Machine Learning", homework 2 of 2018 and 2019: magnitudes,
 *   128 bands, `log10(1 + 10 * x)`.
 * - `gct634-2020`: the same course's homework 2 of fall 2020: `power_to_db` of 96 bands of power at 16 kHz.
 * - `musicnn`: the input of Pons and Serra's musicnn: power, 96 bands, `log10(1 + 10000 * x)`.
 *
 * The last two were written for librosa before 0.9, which reflected the clip at its ends; timbrel pads with zeros, as
 * librosa does today, so the first and last frames differ from features of those years.
 *
 * Reference: github.com/juhannam/gct634-2018 and gct634-2020, hw2; github.com/jordipons/musicnn, configuration.py and extractor.py.
 */
export const FRONT_END_PRESETS = {
  gct634: preset({
    sampleRate: 22050,
    nFft: 1024,
    hopLength: 512,
    power: 1,
    nMels: 128,
    compression: { kind: "log10", scale: 10 },
  }),
  "gct634-2020": preset({
    sampleRate: 16000,
    nFft: 1024,
    hopLength: 512,
    power: 2,
    nMels: 96,
    compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 80 },
  }),
  musicnn: preset({
    sampleRate: 16000,
    nFft: 512,
    hopLength: 256,
    power: 2,
    nMels: 96,
    compression: { kind: "log10", scale: 10000 },
  }),
} as const satisfies Record<string, FrontEnd>;

/** The names of the front ends that others use. */
export type PresetName = keyof typeof FRONT_END_PRESETS;

function preset(values: Omit<FrontEnd, keyof typeof COMMON | "winLength" | "fMax">): FrontEnd {
  return frozen({ ...COMMON, winLength: values.nFft, fMax: values.sampleRate / 2, ...values });
}

/**
 * Returns a checked and frozen front end: a preset with some members changed.
 * @param options members to change; `winLength` follows `nFft`, and `fMax` is `sampleRate / 2`, unless given.
 *   `preset` defaults to `gct634`.
 * @throws UsageError naming the member, its rule and its value
 * @example
 * import { frontEnd } from "timbrel";
 *
 * const { sampleRate, nFft, nMels, fMax } = frontEnd({ preset: "musicnn", nMels: 64 });
 * console.log(sampleRate, nFft, nMels, fMax); // -> 16000 512 64 8000
 */
export function frontEnd(options: Partial<FrontEnd> & { preset?: PresetName } = {}): FrontEnd {
  checkObject("frontEnd", options, "be an object of settings");
  const { preset: name = "gct634", ...members } = options;
  const presets = Object.keys(FRONT_END_PRESETS) as PresetName[];
  const base = FRONT_END_PRESETS[checkChoice("preset", name, presets)];
  checkNames("frontEnd", Object.keys(members), ["preset", ...Object.keys(base)]);
  const changed = { ...base, ...withoutUndefined(members) };
  const made: FrontEnd = {
    ...changed,
    winLength: members.winLength ?? changed.nFft,
    fMax: members.fMax ?? changed.sampleRate / 2,
    compression: checkCompression(changed.compression),
  };
  checkFraming(made);
  checkBands(made);
  return frozen(made);
}

/**
 * SHA-256 of the front end's canonical JSON: 64 hex digits, equal for equal front ends.
 * @example
 * import { frontEnd, frontEndHash } from "timbrel";
 *
 * const hash = frontEndHash(frontEnd());
 * console.log(hash === frontEndHash(frontEnd({ nMels: 128 })), hash === frontEndHash(frontEnd({ nMels: 96 })));
 * // -> true false
 */
export function frontEndHash(frontEnd: FrontEnd): string {
  checkIsFrontEnd("frontEnd", frontEnd);
  return hashRecord(frontEnd);
}

/**
 * Checks that a value is a front end.
 * @throws UsageError otherwise
 */
export function checkIsFrontEnd(setting: string, value: unknown): void {
  checkObject(setting, value, "be a front end", {
    sampleRate: "number",
    nFft: "number",
    hopLength: "number",
    nMels: "number",
    compression: "object",
  });
}

/**
 * The compressed value of silence, `x = 0`, which pads short clips.
 * With `topDb`, silence inside a clip may have a higher value, since that limit depends on the clip.
 */
export function silenceValue(frontEnd: FrontEnd): number {
  const { compression } = frontEnd;
  if (compression.kind !== "powerToDb") return 0;
  return 10 * Math.log10(compression.amin) - 10 * Math.log10(Math.max(compression.amin, compression.ref));
}

/** The rate at which mel values grow with their compressed ones: x + floor is proportional to exp(rate * y). */
export function compressionRate({ compression }: FrontEnd): number {
  if (compression.kind === "powerToDb") return Math.LN10 / 10;
  return compression.kind === "log10" ? Math.LN10 : 1;
}

function checkFraming(made: FrontEnd): void {
  checkInteger("sampleRate", made.sampleRate, { min: 4000, max: 384000 });
  checkChoice("downmix", made.downmix, ["mean"]);
  checkChoice("resampler", made.resampler, ["kaiser-sinc"]);
  checkInteger("nFft", made.nFft, { min: 4, max: 65536 });
  const nextPower = 2 ** Math.ceil(Math.log2(made.nFft));
  if (made.nFft !== nextPower)
    throw new UsageError({
      setting: "nFft",
      rule: "be a power of two",
      got: made.nFft,
      remedy: `use ${nextPower} with a \`winLength\` of ${made.nFft}`,
    });
  checkInteger("winLength", made.winLength, { min: 1 });
  if (made.winLength > made.nFft)
    throw new UsageError({
      setting: "winLength",
      rule: `be at most ${made.nFft} (\`nFft\`)`,
      got: made.winLength,
      remedy: `a window of this length needs an \`nFft\` of ${2 ** Math.ceil(Math.log2(made.winLength))}`,
    });
  checkInteger("hopLength", made.hopLength, { min: 1, max: 65536 });
  checkChoice("window", made.window, ["hann"]);
  if (made.center !== true) throw new UsageError({ setting: "center", rule: "be true", got: made.center });
  checkChoice("padMode", made.padMode, ["constant"]);
  if (made.power !== 1 && made.power !== 2)
    throw new UsageError({ setting: "power", rule: "be 1 (magnitude) or 2 (power)", got: made.power });
}

function checkBands(made: FrontEnd): void {
  checkInteger("nMels", made.nMels, { min: 1, max: 4096 });
  checkChoice("melScale", made.melScale, ["slaney", "htk"]);
  checkChoice("melNorm", made.melNorm, ["slaney", "none"]);
  checkNumber("fMin", made.fMin, { min: 0 });
  checkNumber("fMax", made.fMax, { above: 0 });
  const nyquist = made.sampleRate / 2;
  if (made.fMax > nyquist)
    throw new UsageError({
      setting: "fMax",
      rule: `be at most ${nyquist} Hz (half of \`sampleRate\`)`,
      got: `${made.fMax} Hz`,
      remedy: "lower it, or raise `sampleRate`",
    });
  if (made.fMin >= made.fMax)
    throw new UsageError({
      setting: "fMin",
      rule: `be less than ${made.fMax} Hz (\`fMax\`)`,
      got: `${made.fMin} Hz`,
    });
}

/** The compression with its own members only, so that stray ones do not change the hash. */
function checkCompression(compression: Compression): Compression {
  checkObject("compression", compression, "be an object with a kind");
  const kind = checkChoice("compression.kind", compression.kind, ["log10", "log1p", "powerToDb"]);
  if (compression.kind !== "powerToDb") {
    const scale = checkNumber("compression.scale", compression.scale, { above: 0 });
    return { kind: compression.kind, scale };
  }
  const { ref, amin, topDb } = compression;
  checkNumber("compression.ref", ref, { above: 0 });
  checkNumber("compression.amin", amin, { above: 0 });
  if (topDb !== null) checkNumber("compression.topDb", topDb, { min: 0 });
  return { kind: kind as "powerToDb", ref, amin, topDb };
}

function withoutUndefined<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

function frozen(frontEnd: FrontEnd): FrontEnd {
  Object.freeze(frontEnd.compression);
  return Object.freeze(frontEnd);
}

/**
 * Lists every member that differs, its name in backticks as errors have it: nMels 96 there, 128 here. The members of
 * compressions are compared if both are of one kind.
 */
export function describeDifference(there: FrontEnd, here: FrontEnd): string {
  const isOneKind = there.compression.kind === here.compression.kind;
  const membersOf = ({ compression: { kind, ...rest }, ...members }: FrontEnd): Record<string, unknown> => ({
    ...members,
    "compression.kind": kind,
    ...(isOneKind
      ? Object.fromEntries(Object.entries(rest).map(([name, value]) => [`compression.${name}`, value]))
      : {}),
  });
  const theirs = membersOf(there);
  return Object.entries(membersOf(here))
    .filter(([name, value]) => theirs[name] !== value)
    .map(([name, value]) => `\`${name}\` ${theirs[name] ?? "none"} there, ${value ?? "none"} here`)
    .join("; ");
}
