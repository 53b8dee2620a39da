/** Genres that both sets of packages have. */
export const GENRES = ["electronic", "metal", "orchestral"] as const;
export type Genre = (typeof GENRES)[number];

/** The two sets: a model is trained on the packages of one and tested on those of the other. */
export const SETS = ["a", "b"] as const;
export type PackageSet = (typeof SETS)[number];

/** A Debian package of freely licensed music. */
export interface MusicPackage {
  readonly name: string;
  readonly set: PackageSet;
  /** The genre of all its tracks. */
  readonly genre: Genre;
  /** Matches the path of a track in the package and captures its name. Files of one name are stems of one track. */
  readonly track: RegExp;
  /** Names of files that are no music. */
  readonly leftOut?: readonly string[];
  /** Versions of one piece, each with the track that it is a version of: they share a group. */
  readonly versionOf?: Readonly<Record<string, string>>;
}

export const MUSIC_PACKAGES: readonly MusicPackage[] = [
  {
    name: "wesnoth-1.16-music",
    set: "a",
    genre: "orchestral",
    track: /\/data\/core\/music\/(.+)\.ogg$/,
    leftOut: ["silence"],
  },
  {
    name: "fretsonfire-songs-muldjord",
    set: "a",
    genre: "metal",
    track: /\/songs\/muldjord\/(.+)\/(?:song|guitar)\.ogg$/,
  },
  {
    name: "nexuiz-music",
    set: "a",
    genre: "electronic",
    track: /\/sound\/cdtracks\/(.+)\.ogg$/,
    leftOut: ["thunder"],
    versionOf: { sixtyfour_revisited: "sixtyfour_" },
  },
  {
    name: "flare-game",
    set: "b",
    genre: "orchestral",
    track: /\/mods\/fantasycore\/music\/(.+)\.ogg$/,
    leftOut: ["wind_ambient"],
  },
  {
    name: "fretsonfire-songs-sectoid",
    set: "b",
    genre: "metal",
    track: /\/songs\/sectoid\/(.+)\/(?:song|guitar)\.ogg$/,
  },
  {
    name: "singularity-music",
    set: "b",
    genre: "electronic",
    track: /\/singularity\/music\/(.+)\.ogg$/,
  },
];
