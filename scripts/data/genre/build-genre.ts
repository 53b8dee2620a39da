import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { encodeWav } from "../../../src/audio/encode-wav.js";
import { progressBar } from "../../../src/report/progress.js";
import { writeAtomically } from "../../../src/store/atomic-file.js";
import { whileLocked } from "../../../src/store/folder-lock.js";
import { onDisk } from "../../../src/store/system-errors.js";
import { DATA_RATE } from "../render-clip.js";
import { type GenreTrack, genreManifests } from "./manifests.js";
import { MUSIC_PACKAGES, type MusicPackage } from "./packages.js";
import { findTracks, MIN_TRACK_SEC, readTrack, segmentsOf, type Track } from "./tracks.js";
import { findPackages, unpackPackage } from "./unpack.js";

/** Increase whenever a track or segment changes: data of another version are made again. */
const RECIPE_VERSION = 1;

/**
 * Makes the genre data in `dir`: whole tracks, segments of them, and the manifests of both at the end.
 * @param packages folder that holds the packages, as .deb files or unpacked
 * @returns the tracks, and whether anything had to be made
 * @throws UsageError if a package is missing; DataError if one cannot be unpacked or holds no track, or another process is
 * writing to the folder, or it cannot be written
 */
export async function buildGenre(
  dir: string,
  packages: string,
  list: readonly MusicPackage[] = MUSIC_PACKAGES,
): Promise<{ made: boolean; tracks: GenreTrack[] }> {
  const paths = findPackages(
    packages,
    list.map(({ name }) => name),
  );
  return await whileLocked(dir, async () => {
    const recipe = `${JSON.stringify({ version: RECIPE_VERSION, packages: paths.map((path) => basename(path)) }, null, 2)}\n`;
    const [recipeFile, tracksFile] = [join(dir, "recipe.json"), join(dir, "tracks.json")];
    const isSame = existsSync(recipeFile) && readFileSync(recipeFile, "utf8") === recipe;
    if (isSame && existsSync(tracksFile))
      return { made: false, tracks: JSON.parse(readFileSync(tracksFile, "utf8")) };
    for (const name of ["tracks.json", "tracks", "segments"])
      rmSync(join(dir, name), { recursive: true, force: true });
    writeAtomically(recipeFile, recipe);
    const tracks: GenreTrack[] = [];
    for (const [i, music] of list.entries()) {
      const unpacked = join(dir, "unpacked");
      unpackPackage(paths[i], unpacked);
      tracks.push(...(await makeTracks(dir, unpacked, music)));
      rmSync(unpacked, { recursive: true, force: true });
    }
    for (const [name, text] of genreManifests(tracks)) writeAtomically(join(dir, name), text);
    writeAtomically(tracksFile, `${JSON.stringify(tracks, null, 1)}\n`);
    return { made: true, tracks };
  });
}

/** Makes the tracks of a package and their segments; jingles are left out. */
async function makeTracks(dir: string, root: string, music: MusicPackage): Promise<GenreTrack[]> {
  const found = findTracks(root, music);
  const made: GenreTrack[] = [];
  const bar = progressBar(music.name, found.length);
  try {
    for (const [i, track] of found.entries()) {
      const samples = await readTrack(track);
      if (samples.length >= MIN_TRACK_SEC * DATA_RATE)
        made.push({
          path: writeTrack(dir, track, samples),
          genre: music.genre,
          group: track.group,
          set: music.set,
          durationSec: samples.length / DATA_RATE,
          segments: writeSegments(dir, track, samples),
        });
      bar.update(i + 1);
    }
  } finally {
    bar.stop();
  }
  return made;
}

/** Copies the file of a track as it is; stems become one WAV file. */
function writeTrack(dir: string, { name, files }: Track, samples: Float32Array): string {
  const path = `tracks/${name}${files.length === 1 ? extname(files[0]) : ".wav"}`;
  const target = join(dir, path);
  if (files.length > 1) writeAtomically(target, encodeWav({ samples, sampleRate: DATA_RATE }));
  else
    onDisk("written", target, () => {
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(files[0], target);
    });
  return path;
}

function writeSegments(dir: string, { name }: Track, samples: Float32Array): string[] {
  return segmentsOf(samples).map((segment, i) => {
    const path = `segments/${name}/${String(i + 1).padStart(2, "0")}.wav`;
    const wav = encodeWav({ samples: segment, sampleRate: DATA_RATE });
    writeAtomically(join(dir, path), wav, { flush: false });
    return path;
  });
}
