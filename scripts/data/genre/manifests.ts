import { GENRES, type Genre, type PackageSet, SETS } from "./packages.js";

/** A whole track or a segment of one. */
export interface GenreRow {
  readonly path: string;
  readonly genre: Genre;
  readonly group: string;
  readonly set: PackageSet;
}

/** A track with the segments that were cut from it. */
export interface GenreTrack extends GenreRow {
  readonly durationSec: number;
  readonly segments: readonly string[];
}

/**
 * The manifests as CSV texts, by name. Those of segments differ in what training hears of the test's music: other segments of
 * the same track, other tracks of the same package, or nothing.
 */
export function genreManifests(tracks: readonly GenreTrack[]): Map<string, string> {
  const segments: GenreRow[] = tracks.flatMap(({ segments: paths, genre, group, set }) =>
    paths.map((path) => ({ path, genre, group, set })),
  );
  const texts = new Map([
    [
      "random-segments.csv",
      csv(
        ["path", "label"],
        segments.map(({ path, genre }) => [path, genre]),
      ),
    ],
    ["by-track.csv", grouped(segments)],
  ]);
  for (const trained of SETS) {
    const rows = segments.map((row) => [...cells(row), row.set === trained ? "train" : "test"]);
    texts.set(`across-${trained}.csv`, csv(["path", "label", "group", "split"], rows));
  }
  for (const set of SETS)
    texts.set(`tracks-${set}.csv`, grouped(tracks.filter((track) => track.set === set)));
  return texts;
}

const cells = ({ path, genre, group }: GenreRow) => [path, genre, group];

function grouped(rows: readonly GenreRow[]): string {
  return csv(["path", "label", "group"], rows.map(cells));
}

/** No cell here contains a comma, a quote or a line break. */
function csv(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return [columns, ...rows].map((row) => `${row.join(",")}\n`).join("");
}

/** Tracks, minutes and segments of each genre in each set, as a text table. */
export function genreTable(tracks: readonly GenreTrack[]): string {
  const line = (name: string, cellTexts: readonly string[]) =>
    name.padEnd(12) + cellTexts.map((text) => text.padStart(34)).join("");
  const cell = (genre: Genre, set: PackageSet) => {
    const found = tracks.filter((track) => track.genre === genre && track.set === set);
    const minutes = found.reduce((sum, { durationSec }) => sum + durationSec / 60, 0);
    const nSegments = found.reduce((sum, { segments }) => sum + segments.length, 0);
    return `${found.length} tracks, ${minutes.toFixed(0)} min, ${nSegments} segments`;
  };
  return [
    line(
      "",
      SETS.map((set) => `set ${set}`),
    ),
    ...GENRES.map((genre) =>
      line(
        genre,
        SETS.map((set) => cell(genre, set)),
      ),
    ),
  ].join("\n");
}
