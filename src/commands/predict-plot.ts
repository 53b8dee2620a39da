import type { AudioStream } from "../audio/audio-stream.js";
import { UsageError } from "../core/errors.js";
import { FeatureStream } from "../features/feature-stream.js";
import { LogMelPicture } from "../report/log-mel-picture.js";
import type { LogMelPngOptions } from "../report/log-mel-png.js";
import { writeAtomically } from "../store/atomic-file.js";
import type { Output } from "./output-paths.js";

/**
 * The output of a plot; none if there is no path.
 * @throws UsageError if there is more than one audio file
 */
export function plotOutputs(path: string | undefined, nFiles: number): Output[] {
  if (path === undefined) return [];
  if (nFiles > 1)
    throw new UsageError({ setting: "--plot", rule: "be used with one audio file", got: nFiles });
  return [{ flag: "--plot", path, kind: "PNG" }];
}

/**
 * Draws the tags of a file under its log-mel picture. The file is read again for it.
 * @param path file to write
 * @throws DataError if the audio cannot be read, or the file cannot be written
 */
export async function drawPlot(
  path: string,
  audio: { open: () => Promise<AudioStream>; path: string; maxDurationSec: number },
  options: LogMelPngOptions,
): Promise<void> {
  const { open, maxDurationSec } = audio;
  const features = new FeatureStream(await open(), options.frontEnd, audio.path, { maxDurationSec });
  const picture = new LogMelPicture({ title: audio.path, ...options });
  for await (const rows of features.rows()) picture.push(rows);
  writeAtomically(path, picture.end(features.least));
}
