import { availableParallelism } from "node:os";
import type { Command } from "commander";
import type { OpenFeatures } from "../features/clip-features.js";
import { FeatureWorkers } from "../store/feature-workers.js";
import { reopenAudioFile } from "../store/open-audio-file.js";
import { featuresOf } from "../tagging/audio-source.js";
import type { EngineOptions } from "./engine-options.js";

/** Files that are read at a time: two for each core, so that a long one does not keep the others waiting. */
const FILES_AHEAD = 2 * availableParallelism();

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
 * Answers files in order, and reads the next ones in other threads meanwhile. One file alone is read in this thread, which
 * takes less time than to start another.
 */
export class ReadAhead {
  readonly #paths: readonly string[];
  readonly #workers: FeatureWorkers | null;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
    this.#workers = paths.length > 1 ? new FeatureWorkers() : null;
  }

  /** Yields the answer to each file. */
  *answers<T>(
    answer: (turn: FileTurn) => Promise<T>,
  ): Generator<Pick<FileTurn, "path" | "openAudio"> & { answer: Promise<T> }> {
    const started: { path: string; openAudio: FileTurn["openAudio"]; answer: Promise<T> }[] = [];
    for (let current = 0, next = 0; current < this.#paths.length; current++) {
      for (; next < Math.min(this.#paths.length, current + FILES_AHEAD); next++) {
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

/** The engine's options for this many files: where several are read at a time, half of the cores do that. */
export function besideReading<T extends EngineOptions>(command: Command, options: T, nFiles: number): T {
  const isGiven = command.getOptionValueSource("threads") === "cli";
  return isGiven || nFiles < 2 ? options : { ...options, threads: Math.ceil(options.threads / 2) };
}
