import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parse, resolve } from "node:path";
import { DataError, errorLine, UsageError } from "../../src/core/errors.js";
import { readingReason } from "../../src/store/system-errors.js";
import { FONTS, type Font, listSources, parseSoundFont } from "./fonts.js";
import { SYNTHESES } from "./synthesized.js";

/**
 * Fonts whose files users may have, by the title in the file, and what is left out of them.
 * A320U: bank 127 is another map of programs; its celesta and its choir have the samples of other instruments, and its
 * drum kits those of other fonts.
 */
const KNOWN: ReadonlyMap<string, Pick<Font, "name" | "banks" | "kits" | "without"> & { licence: string }> =
  new Map([
    [
      'General MIDI light soundfont. 320 update "Airfont"',
      {
        name: "A320U",
        licence: "GPL-2",
        banks: null,
        kits: [],
        without: { programs: [8, 52], drumKeys: [] },
      },
    ],
  ]);

const UNKNOWN = {
  licence: "the file's",
  banks: null,
  kits: null,
  without: { programs: [], drumKeys: [] },
};

/**
 * An SF2 or SF3 file of the user's as a font to train on, with a lineage of its own, named after the file. A font that is known
 * has its own name.
 * @throws UsageError if another font has its name
 * @throws DataError if it cannot be read, is no sound font, or has no instrument of the eleven classes
 */
export async function userFont(file: string, others: readonly Font[] = FONTS): Promise<Font> {
  const bytes = readFont(file);
  const bank = await bankIn(bytes, file);
  const known = KNOWN.get(bank.soundBankInfo.name.trim());
  // Names are folders and parts of lines of CSV.
  const name = known?.name ?? parse(file).name.replaceAll(/[^A-Za-z0-9]+/g, "_");
  const reserved = known === undefined ? [...KNOWN.values()].map((font) => font.name) : [];
  const taken = [...others.map((font) => font.name), ...SYNTHESES.keys(), ...reserved];
  if (taken.some((other) => other.toLowerCase() === name.toLowerCase()))
    throw new UsageError({
      setting: "font",
      rule: `not be named like another font (${taken.join(", ")})`,
      got: file,
      remedy:
        known === undefined ? "rename the file" : `it is ${name}, whatever its file is called; name it once`,
    });
  const font: Font = {
    origin: { kind: "file", file: resolve(file), sha256: createHash("sha256").update(bytes).digest("hex") },
    role: "train",
    lineage: name,
    ...(known ?? { name, ...UNKNOWN }),
  };
  if (listSources(font, bank).length === 0)
    throw new DataError(file, "has no instrument of the eleven classes");
  return font;
}

function readFont(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new DataError(file, readingReason(cause), { cause });
  }
}

async function bankIn(bytes: Uint8Array, file: string): Promise<Awaited<ReturnType<typeof parseSoundFont>>> {
  try {
    return await parseSoundFont(bytes);
  } catch (cause) {
    throw new DataError(file, `is no SF2 or SF3 sound font that can be read: ${errorLine(cause)}`, { cause });
  }
}
