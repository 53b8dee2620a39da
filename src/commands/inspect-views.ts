import { existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DataError } from "../core/errors.js";
import type { FeatureStream } from "../features/feature-stream.js";
import type { FrontEnd } from "../features/front-end.js";
import { LogMelPicture } from "../report/log-mel-picture.js";
import { NpyWriter } from "../store/npy-writer.js";
import { onDisk } from "../store/system-errors.js";

/** Files to write of what the front end gives; undefined for those that are not. */
export interface ViewPaths {
  readonly png?: string | undefined;
  readonly waveform?: string | undefined;
  readonly features?: string | undefined;
}

/**
 * Writes what the front end gives for a file, while it is read. A file that cannot be written does not keep the others, or
 * the report, from being made: `end` throws its error.
 */
export class Views {
  /** Whether the features have to be computed. */
  readonly areWanted: boolean;
  readonly #paths: ViewPaths;
  readonly #frontEnd: FrontEnd;
  readonly #waveform: NpyWriter | null;
  readonly #features: NpyWriter | null;
  readonly #picture: LogMelPicture | null;
  #failure: DataError | undefined;

  /** @param title a line above the picture */
  constructor(paths: ViewPaths, frontEnd: FrontEnd, title: string) {
    const { png, waveform, features } = paths;
    this.#paths = paths;
    this.#frontEnd = frontEnd;
    this.#waveform = waveform === undefined ? null : new NpyWriter(waveform);
    this.#features = features === undefined ? null : new NpyWriter(features);
    this.#picture = png === undefined ? null : new LogMelPicture({ frontEnd, title });
    this.areWanted = [png, waveform, features].some((path) => path !== undefined);
    for (const path of [png, waveform, features])
      this.#try(() => {
        if (path !== undefined && !existsSync(dirname(path)))
          throw new DataError(path, "cannot be written: its folder does not exist");
      });
  }

  /** @param samples at the front end's rate */
  pushWaveform(samples: Float32Array): void {
    if (this.#waveform !== null) this.#try(() => this.#waveform?.push(samples.slice()));
  }

  /** @param rows whole frames [n * nMels] */
  pushRows(rows: Float32Array): void {
    this.#try(() => this.#features?.push(rows));
    this.#picture?.push(rows);
  }

  /**
   * Completes the files.
   * @throws DataError if one could not be written
   */
  end({ least }: FeatureStream): void {
    this.#try(() => this.#waveform?.end(null));
    this.#try(() => this.#features?.end(this.#frontEnd.nMels, least));
    const { png } = this.#paths;
    if (png !== undefined && this.#picture !== null) {
      const picture = this.#picture.end(least);
      this.#try(() => onDisk("written", png, () => writeFileSync(png, picture)));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    this.#waveform?.close();
    this.#features?.close();
  }

  /** Does some writing, unless some has failed before. */
  #try(write: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      write();
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.#failure = error;
    }
  }
}
