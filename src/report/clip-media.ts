import { encodeWav } from "../audio/encode-wav.js";
import { MonoStream } from "../audio/mono-stream.js";
import { StreamResampler } from "../audio/resample.js";
import { DataError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import type { Clip } from "../dataset/clip.js";
import type { FeatureData } from "../dataset/feature-data.js";
import type { FrontEnd } from "../features/front-end.js";
import { openAudioFile } from "../store/open-audio-file.js";
import { findSources } from "../store/source-index.js";
import { AveragedRows } from "./averaged-rows.js";
import { logMelThumbnail } from "./log-mel-thumbnail.js";
import type { ClipScore } from "./report.js";

/** A clip to look at and to listen to. */
export interface ClipMedia {
  /** PNG of the log-mel spectrogram; null if the features cannot be read. */
  readonly picture: Uint8Array | null;
  /** The stretch of the clip that `wav` holds, or why there is none. */
  readonly audio: Stretch | string;
}

/** A stretch of a clip's audio. */
export interface Stretch {
  readonly fromSec: number;
  readonly toSec: number;
  /** Mono 16-bit WAV file. */
  readonly wav: Uint8Array;
}

/** Length of a stretch [s]. It is the loudest within the first minute, which is soon decoded. */
const STRETCH_SEC = 3;
const SEARCHED_SEC = 60;
const MAX_RATE = 16_000;
/** A page must stay small enough to send: in base64 these are 1.6 MB. */
const MOST_AUDIO_BYTES = 1_200_000;
/** Frames that are read at once. */
const FRAMES = 4096;

/**
 * Reads the pictures and the audio of some clips, by audio hash. What cannot be read is left out: a report does not fail
 * because a recording has moved.
 * @param options.storeDir folder of the store, which knows the audio files; null if the data are in no store
 */
export async function clipMedia(
  clips: readonly Pick<ClipScore, "audioHash">[],
  { data, storeDir }: { data: FeatureData; storeDir: string | null },
): Promise<Map<string, ClipMedia>> {
  const wanted = new Set(clips.map(({ audioHash }) => audioHash));
  const byHash = new Map(data.clips.map((clip) => [clip.audioHash, clip]));
  const sources = storeDir === null ? null : findSources(storeDir, wanted);
  const media = new Map<string, ClipMedia>();
  let nBytes = 0;
  for (const hash of wanted) {
    const rows = await attempt(() => rowsOf(data, byHash.get(hash)!));
    const picture = typeof rows === "string" ? null : logMelThumbnail(rows.values);
    const path = sources?.get(hash)?.path;
    const audio =
      typeof rows === "string"
        ? rows
        : path === undefined
          ? "The audio file is not where it was, or has changed."
          : nBytes > MOST_AUDIO_BYTES
            ? "Left out, to keep this page small."
            : await attempt(() => stretchAt(loudest(rows), path, data.frontEnd));
    if (typeof audio !== "string") nBytes += audio.wav.length;
    media.set(hash, { picture, audio });
  }
  return media;
}

/** What an action gives, or why it failed. */
async function attempt<T>(action: () => Promise<T>): Promise<T | string> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof DataError) return `It cannot be read: ${error.reason}.`;
    throw error;
  }
}

/** The spectrogram of a clip; of a long one, means of rows. */
interface Rows {
  /** [nRows, nMels] */
  readonly values: Tensor;
  readonly rowSec: number;
}

async function rowsOf({ reader, frontEnd }: FeatureData, clip: Clip): Promise<Rows> {
  const { nMels, hopLength, sampleRate } = frontEnd;
  const rows = new AveragedRows(nMels);
  for (let first = 0; first < clip.nFrames; first += FRAMES) {
    const count = Math.min(FRAMES, clip.nFrames - first);
    const values = new Float32Array(count * nMels);
    await reader.read(clip, first, count, values, 0);
    rows.push(values);
  }
  return { values: rows.end(), rowSec: (rows.factor * hopLength) / sampleRate };
}

/** Where the loudest stretch begins [s]. */
function loudest({ values: { data, shape }, rowSec }: Rows): number {
  const [nRows, nMels] = shape;
  const levels = Array.from({ length: Math.min(nRows, Math.ceil(SEARCHED_SEC / rowSec)) }, (_, row) =>
    data.subarray(row * nMels, (row + 1) * nMels).reduce((sum, value) => sum + value, 0),
  );
  const length = Math.max(1, Math.round(STRETCH_SEC / rowSec));
  let sum = levels.slice(0, length).reduce((total, level) => total + level, 0);
  let [most, best] = [sum, 0];
  for (let row = 1; row + length <= levels.length; row++) {
    sum += levels[row + length - 1] - levels[row - 1];
    if (sum > most) [most, best] = [sum, row];
  }
  return best * rowSec;
}

/** Decodes a file as far as the end of the stretch, and resamples it. */
async function stretchAt(fromSec: number, path: string, frontEnd: FrontEnd): Promise<Stretch> {
  const mono = new MonoStream(await openAudioFile(path), path);
  const sampleRate = Math.min(MAX_RATE, frontEnd.sampleRate);
  const resampler = new StreamResampler(mono.format.sampleRate, sampleRate);
  const from = Math.round(fromSec * sampleRate);
  const samples = new Float32Array(STRETCH_SEC * sampleRate);
  let nRead = 0;
  const keep = (part: Float32Array) => {
    const kept = part.subarray(Math.max(0, from - nRead), Math.max(0, from + samples.length - nRead));
    if (kept.length > 0) samples.set(kept, Math.max(0, nRead - from));
    nRead += part.length;
  };
  for await (const block of mono.blocks()) {
    keep(resampler.push(block));
    if (nRead >= from + samples.length) break;
  }
  if (nRead < from + samples.length) keep(resampler.end());
  const length = Math.max(0, Math.min(samples.length, nRead - from));
  const wav = encodeWav({ samples: samples.subarray(0, length), sampleRate });
  return { fromSec, toSec: fromSec + length / sampleRate, wav };
}
