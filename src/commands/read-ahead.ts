import { availableParallelism } from "node:os";
import type { Command } from "commander";
import type { OpenFeatures } from "../features/clip-features.js";
import { statOrNull } from "../store/audio-files.js";
import { FeatureWorkers } from "../store/feature-workers.js";
import { reopenAudioFile } from "../store/open-audio-file.js";
import { featuresOf } from "../tagging/audio-source.js";
import type { EngineOptions } from "./engine-options.js";

/** Files that are read at a time: two for each core, so that a long one does not keep the others waiting. */
const FILES_AHEAD = 2 * availableParallelism();

/** Work that pays for starting threads, which takes 0.15 s: this many files, or bytes in several. */
const MANY = { files: 8, bytes: 20e6 } as const;

/** A file to answer. */
export interface FileTurn {
  readonly path: string;
  readonly open: OpenFeatures;
  /** Opens its audio in this thread. A pipe can be opened so if there is no other file. */
  readonly openAudio: ReturnType<typeof reopenAudioFile>;
  /** Whether all files before it have been answered. */
  isCurrent(): boolean;
}

/**
 * Answers files in order, and reads the next ones in other threads meanwhile. One file alone, or a few short ones, are read in
 * this thread.
 */
export class ReadAhead {
  readonly #paths: readonly string[];
  readonly #workers: FeatureWorkers | null;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
    this.#workers = paysForThreads(paths) ? new FeatureWorkers() : null;
  }

  /** Yields the answer to each file. */
  *answers<T>(
    answer: (turn: FileTurn) => Promise<T>,
  ): Generator<Pick<FileTurn, "path" | "openAudio"> & { answer: Promise<T> }> {
    const nAhead = this.#workers === null ? 1 : FILES_AHEAD;
    const started: { path: string; openAudio: FileTurn["openAudio"]; answer: Promise<T> }[] = [];
    for (let current = 0, next = 0; current < this.#paths.length; current++) {
      for (; next < Math.min(this.#paths.length, current + nAhead); next++) {
        const [index, path] = [next, this.#paths[next]];
        const openAudio = reopenAudioFile(path);
        const open = this.#workers?.opener({ kind: "file", path }) ?? featuresOf(openAudio, path);
        const answered = answer({ path, open, openAudio, isCurrent: () => index === current });
        answered.catch(() => {}); // thrown where it is awaited
        started.push({ path, openAudio, answer: answered });
      }
      yield started.shift()!;
    }
  }

  async close(): Promise<void> {
    await this.#workers?.close();
  }
}

function paysForThreads(paths: readonly string[]): boolean {
  if (paths.length < 2) return false;
  const bytes = () => paths.reduce((sum, path) => sum + (statOrNull(path)?.size ?? 0), 0);
  return paths.length >= MANY.files || bytes() >= MANY.bytes;
}

/** The default of --threads. */
export const THREADS_BESIDE_READING = "one per core, half as many with many files";

/** The engine's options for these files: where others are read meanwhile, half of the cores do that. */
export function besideReading<T extends EngineOptions>(
  command: Command,
  options: T,
  paths: readonly string[],
): T {
  const isGiven = command.getOptionValueSource("threads") === "cli";
  return isGiven || !paysForThreads(paths)
    ? options
    : { ...options, threads: Math.ceil(options.threads / 2) };
}
