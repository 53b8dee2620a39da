import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeAudio } from "../../../src/audio/decode.js";
import { downmix } from "../../../src/audio/downmix.js";
import { resample } from "../../../src/audio/resample.js";
import { DataError } from "../../../src/core/errors.js";
import { DATA_RATE } from "../render-clip.js";
import type { MusicPackage } from "./packages.js";
import { filesIn } from "./unpack.js";

/** A piece of music. */
export interface Track {
  /** `<package>/<track>`, in lower case, without spaces. */
  readonly name: string;
  /** Its file, or the files of its stems. */
  readonly files: readonly string[];
  /** Name of the piece that it is a version of; its own if there is no other. */
  readonly group: string;
}

/** Shorter tracks are jingles [s]. */
export const MIN_TRACK_SEC = 30;
/** Length of a segment [s]. */
const SEGMENT_SEC = 10;
/** Most segments of a track: a long track counts no more than one of three minutes. */
const MAX_SEGMENTS = 18;
/** A segment whose peak is not above it is silent: -60 dBFS. */
const SILENT_PEAK = 1e-3;

/**
 * Lists the tracks of a package.
 * @param root folder that holds the package's files
 * @throws DataError if there is none
 */
export function findTracks(root: string, music: MusicPackage): Track[] {
  const stems = new Map<string, string[]>();
  for (const file of filesIn(root)) {
    const title = music.track.exec(`/${file}`)?.[1];
    if (title === undefined || music.leftOut?.includes(title)) continue;
    stems.set(title, [...(stems.get(title) ?? []), join(root, file)]);
  }
  if (stems.size === 0) throw new DataError(root, `holds no track of ${music.name}`);
  const nameOf = (title: string) => `${music.name}/${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  return [...stems].map(([title, files]) => ({
    name: nameOf(title),
    files,
    group: nameOf(music.versionOf?.[title] ?? title),
  }));
}

/** Samples of a track at `DATA_RATE`, mono: the sum of its stems, scaled down to a peak of 1 if it is louder. */
export async function readTrack({ files }: Track): Promise<Float32Array> {
  const [sum, ...others] = (await Promise.all(files.map(readMono))).sort((a, b) => b.length - a.length);
  for (const stem of others) for (let n = 0; n < stem.length; n++) sum[n] += stem[n];
  const peak = sum.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1);
  if (peak > 1) for (let n = 0; n < sum.length; n++) sum[n] /= peak;
  return sum;
}

async function readMono(path: string): Promise<Float32Array> {
  const waveform = downmix(await decodeAudio(readFileSync(path), path));
  return waveform.sampleRate === DATA_RATE ? waveform.samples : resample(waveform, DATA_RATE).samples;
}

/** The segments of a track, each from the middle of one of equal parts; silent ones are left out. */
export function segmentsOf(samples: Float32Array): Float32Array[] {
  const length = SEGMENT_SEC * DATA_RATE;
  const n = Math.min(MAX_SEGMENTS, Math.floor(samples.length / length));
  return Array.from({ length: n }, (_, i) => {
    const start = Math.floor(((i + 0.5) * samples.length) / n - length / 2);
    return samples.subarray(start, start + length);
  }).filter((segment) => segment.some((sample) => Math.abs(sample) > SILENT_PEAK));
}
