import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { zipSync } from "fflate";
import { afterEach, describe, expect, it } from "vitest";
import { buildGenre } from "../../scripts/data/genre/build-genre.js";
import { type GenreTrack, genreManifests, genreTable } from "../../scripts/data/genre/manifests.js";
import { GENRES, MUSIC_PACKAGES, type MusicPackage, SETS } from "../../scripts/data/genre/packages.js";
import { findTracks, readTrack, segmentsOf } from "../../scripts/data/genre/tracks.js";
import { findPackages, unpackPackage } from "../../scripts/data/genre/unpack.js";
import { decodeAudio } from "../../src/audio/decode.js";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { DataError, UsageError } from "../../src/core/errors.js";
import { scanManifest } from "../../src/store/scan-manifest.js";
import { makeFolder, toneWav, writeFiles } from "../store/files.js";

const RATE = 22050;
const band: MusicPackage = {
  name: "band",
  set: "a",
  genre: "metal",
  track: /\/songs\/(.+)\/(?:song|guitar)\.ogg$/,
  versionOf: { "One More": "One" },
  leftOut: ["Rain"],
};
const club: MusicPackage = { name: "club", set: "b", genre: "electronic", track: /\/(.+)\.ogg$/ };

/** What reads the message of what is thrown, to be compared whole. */
const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof UsageError || error instanceof DataError) return error.message;
    throw error;
  }
  return "nothing is thrown";
};

describe("MUSIC_PACKAGES", () => {
  it("has every genre once in each set", () => {
    for (const set of SETS)
      expect(
        MUSIC_PACKAGES.filter((music) => music.set === set)
          .map(({ genre }) => genre)
          .sort(),
      ).toEqual([...GENRES]);
  });
});

describe("findPackages", () => {
  it("finds .deb files and unpacked packages, and no package whose name only begins alike", () => {
    const folder = makeFolder();
    writeFiles(folder, { "club_1%3a2-1_all.deb": "", "band/songs": "", "band-extra_1_all.deb": "" });
    expect(findPackages(folder, ["band", "club"])).toEqual([
      join(folder, "band"),
      join(folder, "club_1%3a2-1_all.deb"),
    ]);
  });
  it("names what is missing, with the command that downloads it", () => {
    const folder = makeFolder();
    writeFiles(folder, { "club_2_all.deb": "", "band-extra_1_all.deb": "" });
    expect(messageOf(() => findPackages(folder, ["band", "club"]))).toBe(
      `--packages must hold band, got ${folder}; on Debian 12, run in that folder: apt-get download band`,
    );
    expect(messageOf(() => findPackages(join(folder, "none"), ["band"]))).toBe(
      `${folder}/none: cannot be read: it does not exist`,
    );
  });
});

describe("unpackPackage", () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env["PATH"] = PATH;
  });
  /** A dpkg-deb that makes a folder with a copy of the package: a pk3 archive. */
  function standInDpkgDeb(): void {
    const dir = makeFolder();
    const program = `#!${process.execPath}
const { cpSync, mkdirSync } = require("node:fs");
const [flag, deb, to] = process.argv.slice(2);
mkdirSync(to + "/data");
cpSync(deb, to + "/data/music.pk3");
if (flag !== "-x") process.exit(2);
`;
    writeFileSync(join(dir, "dpkg-deb"), program);
    chmodSync(join(dir, "dpkg-deb"), 0o755);
    process.env["PATH"] = `${dir}${delimiter}${PATH}`;
  }
  const archive = (files: Record<string, Uint8Array>) => zipSync(files, { level: 1 });

  it("unpacks a .deb file, and the OGG files of the pk3 archives in it", () => {
    standInDpkgDeb();
    const folder = makeFolder();
    const pk3 = archive({ "sound/one.ogg": toneWav(440), "readme.txt": Buffer.from("text") });
    writeFiles(folder, { "band_1_all.deb": pk3, "out/old.ogg": "" });
    unpackPackage(join(folder, "band_1_all.deb"), join(folder, "out"));
    expect(readFileSync(join(folder, "out/data/sound/one.ogg"))).toEqual(Buffer.from(toneWav(440)));
    expect(existsSync(join(folder, "out/data/sound/readme.txt"))).toBe(false);
    expect(existsSync(join(folder, "out/old.ogg"))).toBe(false);
  });
  it("unpacks the archives of an unpacked package, and leaves that as it is", () => {
    const folder = makeFolder();
    writeFiles(folder, { "band/music.pk3": archive({ "one.ogg": toneWav(440) }) });
    unpackPackage(join(folder, "band"), join(folder, "out"));
    expect(existsSync(join(folder, "out/one.ogg"))).toBe(true);
    expect(existsSync(join(folder, "band/one.ogg"))).toBe(false);
  });
  it.each([
    [
      "no archive",
      Buffer.from("text"),
      /music\.pk3: is no ZIP archive that can be read \(invalid zip data\)$/,
    ],
    [
      "an archive that leaves its folder",
      archive({ "../../../evil.ogg": toneWav(440) }),
      /music\.pk3: holds \.\.\/\.\.\/\.\.\/evil\.ogg, which is outside its folder$/,
    ],
  ])("names %s", (_, pk3, message) => {
    const folder = makeFolder();
    writeFiles(folder, { "band/music.pk3": pk3 });
    expect(messageOf(() => unpackPackage(join(folder, "band"), join(folder, "out")))).toMatch(message);
    expect(existsSync(join(folder, "../evil.ogg"))).toBe(false);
  });
  it("names a package that dpkg-deb cannot unpack, and says what to do without dpkg-deb", () => {
    const folder = makeFolder();
    writeFiles(folder, { "band_1_all.deb": "no package" });
    process.env["PATH"] = folder;
    const unpack = () => unpackPackage(join(folder, "band_1_all.deb"), join(folder, "out"));
    expect(messageOf(unpack)).toBe(
      `${folder}/band_1_all.deb: needs dpkg-deb, which cannot be started (spawnSync dpkg-deb ENOENT); install dpkg, or unpack it into a folder with the package's name`,
    );
    writeFileSync(
      join(folder, "dpkg-deb"),
      `#!${process.execPath}\nconsole.error("not a Debian archive");process.exit(2);`,
    );
    chmodSync(join(folder, "dpkg-deb"), 0o755);
    expect(messageOf(unpack)).toBe(
      `${folder}/band_1_all.deb: dpkg-deb cannot unpack it: not a Debian archive`,
    );
  });
});

describe("findTracks", () => {
  it("puts stems and versions of one piece together, and leaves out what is no music", () => {
    const folder = makeFolder();
    writeFiles(folder, {
      "songs/One/song.ogg": "",
      "songs/One/guitar.ogg": "",
      "songs/One/notes.mid": "",
      "songs/One More/song.ogg": "",
      "songs/Rain/song.ogg": "",
    });
    expect(findTracks(folder, band)).toEqual([
      { name: "band/one-more", files: [join(folder, "songs/One More/song.ogg")], group: "band/one" },
      {
        name: "band/one",
        files: [join(folder, "songs/One/guitar.ogg"), join(folder, "songs/One/song.ogg")],
        group: "band/one",
      },
    ]);
    expect(() => findTracks(folder, club)).not.toThrow();
    expect(messageOf(() => findTracks(join(folder, "songs/Rain"), band))).toBe(
      `${folder}/songs/Rain: holds no track of band`,
    );
  });
});

describe("readTrack", () => {
  const file = (samples: readonly number[]) =>
    encodeWav({ samples: Float32Array.from(samples), sampleRate: RATE });
  it.each([
    [
      "sums stems of different lengths",
      [
        [0.25, 0.5],
        [0.25, -0.25, 0.125],
      ],
      [0.5, 0.25, 0.125],
    ],
    [
      "scales a sum above 1 down to a peak of 1",
      [
        [0.75, 0.5],
        [0.75, 0.25],
      ],
      [1, 0.5],
    ],
    ["leaves a single file as it is", [[0.5, -0.25]], [0.5, -0.25]],
  ])("%s", async (_, stems, expected) => {
    const folder = makeFolder();
    writeFiles(folder, Object.fromEntries(stems.map((stem, i) => [`${i}.ogg`, file(stem)])));
    const files = stems.map((_stem, i) => join(folder, `${i}.ogg`));
    expect([...(await readTrack({ name: "t", group: "t", files }))]).toEqual(expected);
  });
});

describe("segmentsOf", () => {
  const ramp = (durationSec: number) => new Float32Array(durationSec * RATE).map((_, n) => n + 1);
  const startsSec = (durationSec: number) =>
    segmentsOf(ramp(durationSec)).map((segment) => (segment[0] - 1) / RATE);
  it("takes ten seconds from the middle of equal parts, 18 at most", () => {
    expect(startsSec(9)).toEqual([]);
    expect(startsSec(33)).toEqual([0.5, 11.5, 22.5]);
    expect(startsSec(360)).toEqual(Array.from({ length: 18 }, (_, i) => 5 + 20 * i));
    expect(new Set(segmentsOf(ramp(33)).map(({ length }) => length))).toEqual(new Set([10 * RATE]));
  });
  it("leaves out silence", () => {
    const samples = ramp(30).fill(0.0005, 0, 10 * RATE);
    expect(segmentsOf(samples)).toHaveLength(2);
  });
});

const tracks: GenreTrack[] = (["a", "b"] as const).flatMap((set) =>
  GENRES.map((genre) => ({
    path: `tracks/${set}/${genre}.ogg`,
    genre,
    group: `${set}/${genre}`,
    set,
    durationSec: 90,
    segments: [`segments/${set}/${genre}/01.wav`, `segments/${set}/${genre}/02.wav`],
  })),
);

describe("genreManifests", () => {
  const texts = genreManifests(tracks);
  it("tests on the set of packages that training has not heard", () => {
    for (const [name, trained] of [
      ["across-a.csv", "a"],
      ["across-b.csv", "b"],
    ]) {
      const lines = texts.get(name)!.trimEnd().split("\n");
      expect(lines[0]).toBe("path,label,group,split");
      expect(lines).toHaveLength(13);
      for (const line of lines.slice(1))
        expect(line).toMatch(trained === line.split("/")[1] ? /,train$/ : /,test$/);
    }
  });
  it("keeps the segments of a track together by its group, except where the leak is to be shown", () => {
    expect(texts.get("by-track.csv")).toContain("segments/a/metal/02.wav,metal,a/metal\n");
    expect(texts.get("random-segments.csv")).toMatch(
      /^path,label\nsegments\/a\/electronic\/01.wav,electronic\n/,
    );
  });
  it("lists the whole tracks of each set", () => {
    expect(texts.get("tracks-b.csv")).toBe(
      "path,label,group\ntracks/b/electronic.ogg,electronic,b/electronic\ntracks/b/metal.ogg,metal,b/metal\ntracks/b/orchestral.ogg,orchestral,b/orchestral\n",
    );
  });
  it("has a table of what there is", () => {
    expect(genreTable(tracks)).toMatch(/^metal +1 tracks, 2 min, 2 segments +1 tracks, 2 min, 2 segments$/m);
  });
});

describe("buildGenre", () => {
  /** A file whose samples are all equal, at the rate of the data: quick to make and to read. */
  const steady = (durationSec: number, value: number) =>
    encodeWav({ samples: new Float32Array(durationSec * RATE).fill(value), sampleRate: RATE });
  it("makes tracks, segments and manifests that extract reads, once", async () => {
    const folder = makeFolder();
    const [packages, out] = [join(folder, "packages"), join(folder, "genre")];
    writeFiles(packages, {
      "band/songs/One/song.ogg": steady(31, 0.25),
      "band/songs/One/guitar.ogg": steady(31, 0.5),
      "band/songs/Jingle/song.ogg": steady(29, 0.5),
      "club/Two Three.ogg": steady(42, 0.5),
    });
    const first = await buildGenre(out, packages, [band, club]);
    expect(first.made).toBe(true);
    expect(first.tracks.map(({ path, segments }) => [path, segments.length])).toEqual([
      ["tracks/band/one.wav", 3],
      ["tracks/club/two-three.ogg", 4],
    ]);
    const copy = readFileSync(join(out, "tracks/club/two-three.ogg"));
    expect(copy.equals(readFileSync(join(packages, "club/Two Three.ogg")))).toBe(true);
    const segment = await decodeAudio(readFileSync(join(out, "segments/band/one/03.wav")), "segment");
    expect([segment.sampleRate, segment.channelData[0].length]).toEqual([RATE, 10 * RATE]);
    expect(new Set(segment.channelData[0])).toEqual(new Set([0.75]));
    const { clips, problems } = scanManifest(join(out, "across-a.csv"));
    expect(problems).toEqual([]);
    expect(clips.map(({ labels, group, split }) => [...labels, group, split])).toEqual([
      ...Array(3).fill(["metal", "band/one", "train"]),
      ...Array(4).fill(["electronic", "club/two-three", "test"]),
    ]);
    expect(existsSync(join(out, "unpacked"))).toBe(false);
    const { ino } = statSync(join(out, "tracks/band/one.wav"));
    expect(await buildGenre(out, packages, [band, club])).toEqual({ ...first, made: false });
    expect(statSync(join(out, "tracks/band/one.wav")).ino).toBe(ino);
  });
  it("makes them again if a package has another version", async () => {
    const folder = makeFolder();
    const [packages, out] = [join(folder, "packages"), join(folder, "genre")];
    writeFiles(packages, { "club/two.ogg": steady(31, 0.5) });
    mkdirSync(out);
    writeFileSync(join(out, "recipe.json"), '{"version": 0}');
    writeFileSync(join(out, "tracks.json"), "[]");
    expect((await buildGenre(out, packages, [club])).tracks).toHaveLength(1);
  });
});
