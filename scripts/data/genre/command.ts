import { join, resolve } from "node:path";
import { Command } from "commander";
import { UsageError } from "../../../src/core/errors.js";
import { shellWord } from "../../../src/report/shell-word.js";
import { buildGenre } from "./build-genre.js";
import { genreTable } from "./manifests.js";
import { MUSIC_PACKAGES } from "./packages.js";
import { downloadCommand } from "./unpack.js";

interface Options {
  packages?: string;
  out: string;
}

export const genreCommand = new Command("genre")
  .description("Make a data set of three genres of real music from six Debian packages of game music.")
  .option("--packages <folder>", "folder that holds the packages, as .deb files or unpacked")
  .option("--out <folder>", "folder for tracks, segments and manifests", "data/genre")
  .exitOverride()
  .action(async ({ packages, out }: Options) => {
    if (packages === undefined)
      throw new UsageError({
        setting: "--packages",
        rule: "name a folder of Debian packages",
        got: "no folder",
        remedy: downloadCommand(MUSIC_PACKAGES.map(({ name }) => name)),
      });
    const { made, tracks } = await buildGenre(resolve(out), packages);
    if (!made) console.error(`${out} is complete, nothing to make`);
    console.error(genreTable(tracks));
    const manifest = shellWord(join(out, "across-a.csv"));
    console.error(`next: npm run extract -- ${manifest} --out data/features/genre-across-a`);
  });
