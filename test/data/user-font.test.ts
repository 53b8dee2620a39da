import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BasicSoundBank } from "spessasynth_core";
import { describe, expect, it } from "vitest";
import {
  FONTS,
  fontOf,
  listSources,
  loadFont,
  packageFolder,
  parseSoundFont,
} from "../../scripts/data/fonts.js";
import { recipeOf } from "../../scripts/data/render-set.js";
import { userFont } from "../../scripts/data/user-font.js";
import { sha256Hex } from "../../src/core/hash.js";
import { makeFolder } from "../store/files.js";

const folder = makeFolder();
const sonivox = join(packageFolder("@coderline/alphatab"), "dist/soundfont/sonivox.sf2");
const put = (name: string, content: Uint8Array | string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const copy = (name: string) => {
  copyFileSync(sonivox, join(folder, name));
  return join(folder, name);
};

describe("userFont", () => {
  it("is a training font named after the file, a lineage of its own, with its hash in the recipe", async () => {
    const font = await userFont(copy("My font, no. 1.sf2"));
    expect(font).toMatchObject({ name: "My_font_no_1", lineage: "My_font_no_1", role: "train" });
    const sources = listSources(font, await loadFont(font));
    expect(new Set(sources.map(({ source }) => source.label)).size).toBe(11);
    const options = { seed: 1, size: { train: 1, evaluation: 1, test: 1 } };
    const recipe = recipeOf({ ...options, fonts: [font] });
    const { origin } = font;
    expect(recipe.files).toEqual({ My_font_no_1: origin.kind === "file" ? origin.sha256 : "" });
    const other = { ...font, origin: { kind: "file", file: sonivox, sha256: sha256Hex("another") } } as const;
    expect(recipeOf({ ...options, fonts: [other] }).hash).not.toBe(recipe.hash);
  });
  it("knows a font by its title, whatever its file is called, and leaves out what is known of it", async () => {
    const bank = await parseSoundFont(readFileSync(sonivox));
    bank.soundBankInfo.name = 'General MIDI light soundfont. 320 update "Airfont" ';
    const font = await userFont(put("renamed.sf2", new Uint8Array(await bank.writeSF2())));
    expect([font.name, font.lineage]).toEqual(["A320U", "A320U"]);
    await expect(userFont(copy("A320U.sf2"))).rejects.toThrow(
      /, A320U\), got .*A320U\.sf2; rename the file$/,
    );
    await expect(userFont(join(folder, "renamed.sf2"), [...FONTS, font])).rejects.toThrow(
      /got .*renamed\.sf2; it is A320U, whatever its file is called; name it once$/,
    );
    const sources = listSources(font, await loadFont(font)).map(({ source }) => source);
    expect(sources.filter(({ program }) => program === 8 || program === 52)).toEqual([]);
    expect(sources.filter(({ drumKey }) => drumKey !== null)).toEqual([]);
    expect(sources.length).toBeGreaterThan(40);
  });
  it.each(["constructor", "__proto__"])("takes a font with the title %s for any other", async (title) => {
    const bank = await parseSoundFont(readFileSync(sonivox));
    bank.soundBankInfo.name = title;
    expect((await userFont(put("titled.sf2", new Uint8Array(await bank.writeSF2())))).name).toBe("titled");
  });
  it("names a file that is missing, no font, or without instruments, and a name that is taken", async () => {
    await expect(userFont(join(folder, "none.sf2"))).rejects.toThrow(/none\.sf2: does not exist$/);
    mkdirSync(join(folder, "folder.sf2"));
    await expect(userFont(join(folder, "folder.sf2"))).rejects.toThrow(/cannot be read: it is a folder$/);
    await expect(userFont(put("text.sf2", "no font"))).rejects.toThrow(
      /text\.sf2: is no SF2 or SF3 sound font that can be read: [^\n]+$/,
    );
    const empty = new Uint8Array(BasicSoundBank.getSampleSoundBankFile());
    // Its only preset is a saw wave at program 0, which would count as a piano.
    expect((await userFont(put("saw.sf2", empty))).name).toBe("saw");
    await expect(userFont(copy("timgm6MB.sf2"))).rejects.toThrow(
      /^font must not be named like another font \(MSBasic, .*, got .*timgm6MB\.sf2; rename the file$/,
    );
    expect(fontOf("TimGM6mb").licence).toBe("GPL-2");
  });
});
