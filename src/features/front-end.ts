import { checkChoice, checkInteger, checkNumber, nearest } from "../core/check.js";
import { UsageError } from "../core/errors.js";
import { hashRecord } from "../core/hash.js";

/**
 * What happens to a mel value `x`:
 * - `log10`: `log10(1 + scale * x)`;
 * - `log1p`: `ln(1 + scale * x)`;
 * - `powerToDb`: `10 * log10(max(amin, x) / max(amin, ref))`, and with `topDb` nothing more than `topDb` dB below the
 *   clip's greatest value.
 */
export type Compression =
  | { kind: "log10" | "log1p"; scale: number }
  | { kind: "powerToDb"; ref: number; amin: number; topDb: number | null };

/**
 * Everything that decides what numbers a clip becomes: the contract between the features on disk, the model trained on
 * them and the clip to predict. Equal records have equal hashes, and only features of equal hashes mix.
 */
export interface FrontEnd {
  /** [Hz] the audio is resampled to it. */
  readonly sampleRate: number;
  /** Channels become one by their mean. */
  readonly downmix: "mean";
  readonly resampler: "kaiser-sinc";
  /** Length of the Fourier transform [samples], a power of two. */
  readonly nFft: number;
  /** Length of the window [samples], at most `nFft`; a shorter window stands in the middle of the frame. */
  readonly winLength: number;
  /** From one frame to the next [samples]. */
  readonly hopLength: number;
  /** Periodic Hann: `0.5 - 0.5 * cos(2 * pi * n / winLength)`. */
  readonly window: "hann";
  /** Frame `t` is centred on sample `t * hopLength`: `nFrames = 1 + floor(nSamples / hopLength)`. */
  readonly center: true;
  /** Past the ends of the clip stand zeros. */
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
 * Both of the latter were written for a librosa that reflected the clip at its ends (before 0.9); timbrel puts zeros
 * there, as librosa does today, so their first and last frames differ from features of those years.
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

export type PresetName = keyof typeof FRONT_END_PRESETS;

function preset(values: Omit<FrontEnd, keyof typeof COMMON | "winLength" | "fMax">): FrontEnd {
  return frozen({ ...COMMON, winLength: values.nFft, fMax: values.sampleRate / 2, ...values });
}

/**
 * A checked and frozen front end: a preset with some members changed.
 * @param options members to change; `winLength` follows `nFft`, and `fMax` is `sampleRate / 2`, where not given.
 *   `preset` defaults to `gct634`.
 * @throws UsageError that names the member, its rule and its value
 */
export function frontEnd(options: Partial<FrontEnd> & { preset?: PresetName } = {}): FrontEnd {
  const { preset: name = "gct634", ...members } = options;
  const presets = Object.keys(FRONT_END_PRESETS) as PresetName[];
  const base = FRONT_END_PRESETS[checkChoice("frontEnd: preset", name, presets)];
  checkMemberNames(Object.keys(members), Object.keys(base));
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

/** SHA-256 of the front end's canonical JSON: 64 hex digits, equal for equal front ends. */
export function frontEndHash(frontEnd: FrontEnd): string {
  return hashRecord(frontEnd);
}

/**
 * What the compression gives for silence, `x = 0`: the value that pads short clips.
 * With `topDb` a clip's own silence may lie higher, since that limit moves with the clip.
 */
export function silenceValue(frontEnd: FrontEnd): number {
  const { compression } = frontEnd;
  if (compression.kind !== "powerToDb") return 0;
  return 10 * Math.log10(compression.amin) - 10 * Math.log10(Math.max(compression.amin, compression.ref));
}

function checkMemberNames(given: string[], known: string[]): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  const remedy = near === undefined ? "" : `; did you mean ${near}?`;
  throw new UsageError(`frontEnd: options must be among ${known.join(", ")}, got ${unknown}${remedy}`);
}

function checkFraming(made: FrontEnd): void {
  checkInteger("frontEnd: sampleRate", made.sampleRate, { min: 4000, max: 384000 });
  checkChoice("frontEnd: downmix", made.downmix, ["mean"]);
  checkChoice("frontEnd: resampler", made.resampler, ["kaiser-sinc"]);
  checkInteger("frontEnd: nFft", made.nFft, { min: 4, max: 65536 });
  const nextPower = 2 ** Math.ceil(Math.log2(made.nFft));
  if (made.nFft !== nextPower)
    throw new UsageError(
      `frontEnd: nFft must be a power of two, got ${made.nFft}; take nFft ${nextPower} with winLength ${made.nFft}`,
    );
  checkInteger("frontEnd: winLength", made.winLength, { min: 1 });
  if (made.winLength > made.nFft)
    throw new UsageError(
      `frontEnd: winLength must be at most nFft = ${made.nFft}, got ${made.winLength}; a window of this length takes nFft ${2 ** Math.ceil(Math.log2(made.winLength))}`,
    );
  checkInteger("frontEnd: hopLength", made.hopLength, { min: 1, max: 65536 });
  checkChoice("frontEnd: window", made.window, ["hann"]);
  if (made.center !== true) throw new UsageError(`frontEnd: center must be true, got ${made.center}`);
  checkChoice("frontEnd: padMode", made.padMode, ["constant"]);
  if (made.power !== 1 && made.power !== 2)
    throw new UsageError(`frontEnd: power must be 1 (magnitude) or 2 (power), got ${made.power}`);
}

function checkBands(made: FrontEnd): void {
  checkInteger("frontEnd: nMels", made.nMels, { min: 1, max: 4096 });
  checkChoice("frontEnd: melScale", made.melScale, ["slaney", "htk"]);
  checkChoice("frontEnd: melNorm", made.melNorm, ["slaney", "none"]);
  checkNumber("frontEnd: fMin", made.fMin, { min: 0 });
  checkNumber("frontEnd: fMax", made.fMax, { above: 0 });
  const nyquist = made.sampleRate / 2;
  if (made.fMax > nyquist)
    throw new UsageError(
      `frontEnd: fMax must be at most sampleRate / 2 = ${nyquist} Hz, got ${made.fMax} Hz; lower fMax or raise sampleRate`,
    );
  if (made.fMin >= made.fMax)
    throw new UsageError(`frontEnd: fMin must be less than fMax = ${made.fMax} Hz, got ${made.fMin} Hz`);
}

/** The compression with its own members only, so that stray ones do not change the hash. */
function checkCompression(compression: Compression): Compression {
  const kind = checkChoice("frontEnd: compression.kind", compression.kind, ["log10", "log1p", "powerToDb"]);
  if (compression.kind !== "powerToDb") {
    const scale = checkNumber("frontEnd: compression.scale", compression.scale, { above: 0 });
    return { kind: compression.kind, scale };
  }
  const { ref, amin, topDb } = compression;
  checkNumber("frontEnd: compression.ref", ref, { above: 0 });
  checkNumber("frontEnd: compression.amin", amin, { above: 0 });
  if (topDb !== null) checkNumber("frontEnd: compression.topDb (or null)", topDb, { min: 0 });
  return { kind: kind as "powerToDb", ref, amin, topDb };
}

function withoutUndefined<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

function frozen(frontEnd: FrontEnd): FrontEnd {
  Object.freeze(frontEnd.compression);
  return Object.freeze(frontEnd);
}
