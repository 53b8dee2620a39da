import type { MessagePort } from "node:worker_threads";
import type { AudioStream } from "../audio/audio-stream.js";
import { bytesInMemory } from "../audio/byte-source.js";
import { openAudio } from "../audio/decode.js";
import type { Channels } from "../audio/inputs.js";
import type { AudioWarning } from "../audio/warning.js";
import { waveformStream } from "../audio/waveform-stream.js";
import { DataError, type Mistake, UsageError } from "../core/errors.js";
import { FeatureStream } from "../features/feature-stream.js";
import type { FrontEnd } from "../features/front-end.js";
import { heldIfSmall, openFileSource } from "./file-source.js";
import { openAudioFile } from "./open-audio-file.js";

/** Audio that a worker can open: a file by its path, the bytes of one, or samples. */
export type AudioSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly path: string }
  | { readonly kind: "samples"; readonly channels: Channels; readonly path: string };

/** What a worker is asked for. Its answers come through `port`. */
export interface FeatureTask {
  readonly port: MessagePort;
  readonly source: AudioSource;
  readonly frontEnd: FrontEnd;
  readonly maxDurationSec: number | undefined;
  readonly describes: boolean;
}

/** What a worker answers: `opened`, then `rows` many times, then `ended`; or `failed` at any time. */
export type FeatureMessage =
  | {
      readonly kind: "opened";
      readonly declaredFrames: number | null;
      readonly declaredSec: number | null;
      readonly isLimited: boolean;
    }
  | { readonly kind: "rows"; readonly rows: Float32Array<ArrayBuffer>; readonly durationSec: number }
  | {
      readonly kind: "ended";
      readonly durationSec: number;
      readonly least: number;
      readonly warnings: readonly AudioWarning[];
      readonly descriptors: Float32Array;
    }
  | { readonly kind: "failed"; readonly error: SentError };

/** An error on its way to another thread, where structured clones of errors would lose their class and fields. */
export type SentError =
  | { readonly kind: "DataError"; readonly path: string | null; readonly reason: string }
  | { readonly kind: "UsageError"; readonly mistake: Mistake }
  | { readonly kind: "bug"; readonly error: unknown };

/** Blocks that a worker sends before it waits for its reader, who answers each of them. */
const BLOCKS_AHEAD = 32;

class StoppedError extends Error {}

/** Entry point of a worker thread: computes the features of one clip. */
export default async function computeFeatures({
  port,
  source,
  frontEnd,
  ...options
}: FeatureTask): Promise<void> {
  const send = (message: FeatureMessage, moved: ArrayBuffer[] = []) => port.postMessage(message, moved);
  const reader = new Reader(port);
  try {
    const features = new FeatureStream(await openSource(source), frontEnd, source.path, options);
    const { declaredFrames, declaredSec, isLimited } = features;
    send({ kind: "opened", declaredFrames, declaredSec, isLimited });
    for await (const rows of features.rows()) {
      await reader.ready();
      const moved = rows.slice();
      send({ kind: "rows", rows: moved, durationSec: features.durationSec }, [moved.buffer]);
    }
    const { durationSec, least, warnings } = features;
    const descriptors = options.describes ? features.descriptors() : new Float32Array();
    send({ kind: "ended", durationSec, least, warnings, descriptors });
  } catch (error) {
    if (!(error instanceof StoppedError)) send({ kind: "failed", error: sentError(error) });
  } finally {
    port.close();
  }
}

/** The thread that reads what this one sends. */
class Reader {
  #nAhead = 0;
  #hasStopped = false;
  #wake = (): void => {};

  constructor(port: MessagePort) {
    port.on("message", () => {
      this.#nAhead--;
      this.#wake();
    });
    port.on("close", () => {
      this.#hasStopped = true;
      this.#wake();
    });
  }

  /**
   * Resolves once the reader wants another block.
   * @throws StoppedError if it has gone
   */
  async ready(): Promise<void> {
    while (this.#nAhead >= BLOCKS_AHEAD && !this.#hasStopped)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#hasStopped) throw new StoppedError();
    this.#nAhead++;
  }
}

async function openSource(source: AudioSource): Promise<AudioStream> {
  switch (source.kind) {
    case "file":
      return openAudioFile(source.path, await heldIfSmall(openFileSource(source.path)));
    case "bytes":
      return openAudio(bytesInMemory(source.bytes), source.path);
    case "samples":
      return waveformStream(source.channels);
  }
}

function sentError(error: unknown): SentError {
  if (error instanceof DataError) return { kind: "DataError", path: error.path, reason: error.reason };
  if (error instanceof UsageError) {
    const { setting, rule, got, remedy } = error;
    return { kind: "UsageError", mistake: { setting, rule, got, remedy } };
  }
  return { kind: "bug", error };
}
