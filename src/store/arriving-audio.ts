import { basename, join } from "node:path";
import { DataError } from "../core/errors.js";
import { isAudioName, isHiddenName, statOrNull } from "./audio-files.js";
import { systemReason } from "./system-errors.js";

/** A file is complete when its size has not changed for this time [ms]. */
const STABLE_MS = 1000;

/**
 * Yields the audio files that come into a folder from now on, or into folders in it, by the names that audio has, each when it is
 * complete; until the signal is aborted. Files that are there already are left out.
 *
 * chokidar rather than `fs.watch`: the same on every system, and it waits until a file is complete.
 * @param onReady called once the folder is watched
 * @throws DataError if it is no folder, or cannot be watched any longer
 */
export async function* arrivingAudio(
  dir: string,
  { signal, onReady }: { signal: AbortSignal; onReady: () => void },
): AsyncGenerator<string> {
  if (statOrNull(dir)?.isDirectory() !== true)
    throw new DataError(dir, "is not a folder, which could be watched");
  const { watch } = await import("chokidar");
  const watcher = watch(".", {
    cwd: dir,
    ignoreInitial: true,
    ignored: (path) => path !== "." && isHiddenName(basename(path)),
    awaitWriteFinish: { stabilityThreshold: STABLE_MS },
  });
  const arrived: string[] = [];
  let failure: NodeJS.ErrnoException | undefined;
  let wake = (): void => {};
  watcher
    .on("add", (path) => {
      if (isAudioName(path)) arrived.push(join(dir, path));
      wake();
    })
    .on("error", (error) => {
      failure = error as NodeJS.ErrnoException;
      wake();
    })
    .on("ready", onReady);
  signal.addEventListener("abort", () => wake(), { once: true });
  try {
    for (;;) {
      if (signal.aborted) return;
      if (failure !== undefined) throw new DataError(dir, `cannot be watched: ${systemReason(failure)}`);
      const next = arrived.shift();
      if (next !== undefined) yield next;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    await watcher.close();
  }
}
