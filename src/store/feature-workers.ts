import { type EventEmitter, on } from "node:events";
import { availableParallelism } from "node:os";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Tinypool } from "tinypool";
import type { AudioWarning } from "../audio/warning.js";
import { DataError, UsageError } from "../core/errors.js";
import type { ClipFeatures, OpenFeatures } from "../features/clip-features.js";
import type { AudioSource, FeatureMessage, FeatureTask, SentError } from "./feature-worker.js";
import { openSource } from "./file-source.js";
import { endWorkers } from "./worker-lanes.js";

/** A worker without work ends after this time [ms]. */
const IDLE_MS = 10_000;

/** Worker threads that compute features, so that this thread can do other things meanwhile. They start when they are needed. */
export class FeatureWorkers {
  readonly #pool: Tinypool;
  /** Rejects when a worker dies without a task, e.g. because its module cannot be loaded. */
  readonly #broken: Promise<never>;

  /** @param nWorkers the most at a time @default one for each core */
  constructor(nWorkers = availableParallelism()) {
    this.#pool = new Tinypool({
      filename: new URL("./feature-worker.js", import.meta.url).href,
      minThreads: 0,
      maxThreads: nWorkers,
      idleTimeout: IDLE_MS,
      execArgv: [], // as in worker-lanes.ts
    });
    this.#broken = new Promise<never>((_, reject) => this.#pool.on("error", reject));
    this.#broken.catch(() => {}); // thrown to those that wait for a worker
  }

  /** Opens a clip in a worker. A pipe is read here, once. */
  opener(source: AudioSource | (() => Promise<AudioSource>)): OpenFeatures {
    let known: AudioSource | undefined;
    return async (frontEnd, options) => {
      known ??= await withoutPipe(typeof source === "function" ? await source() : source, options.signal);
      const { port1, port2 } = new MessageChannel();
      const { maxDurationSec, describes = false, onBlock } = options;
      const task: FeatureTask = { port: port2, source: known, frontEnd, maxDurationSec, describes };
      const done = Promise.race([this.#pool.run(task, { transferList: [port2] }), this.#broken]);
      const answers = new Answers(port1, done);
      try {
        const opened = (await answers.next()) as Opened;
        return new RemoteFeatures(known.path, opened, answers, { nMels: frontEnd.nMels, onBlock });
      } catch (error) {
        answers.close();
        throw error;
      }
    };
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await endWorkers(this.#pool);
  }
}

/** @throws DataError if the file cannot be opened */
async function withoutPipe(source: AudioSource, signal?: AbortSignal): Promise<AudioSource> {
  if (source.kind !== "file") return source;
  const { path } = source;
  const file = await openSource(path, signal);
  try {
    return file.isPipe ? { kind: "bytes", bytes: await file.read(0, file.size), path } : source;
  } finally {
    file.close();
  }
}

/** Features that a worker computes. They must be read, be it only the first rows: until then, the worker waits. */
class RemoteFeatures implements ClipFeatures {
  readonly path: string;
  readonly declaredFrames: number | null;
  readonly declaredSec: number | null;
  readonly isLimited: boolean;
  readonly #answers: Answers;
  readonly #nMels: number;
  readonly #onBlock: (() => void) | undefined;
  #durationSec = 0;
  #nFrames = 0;
  #end: Ended | undefined;

  constructor(path: string, opened: Opened, answers: Answers, { nMels, onBlock }: RowOptions) {
    this.path = path;
    this.declaredFrames = opened.declaredFrames;
    this.declaredSec = opened.declaredSec;
    this.isLimited = opened.isLimited;
    this.#answers = answers;
    this.#nMels = nMels;
    this.#onBlock = onBlock;
  }

  async *rows(): AsyncGenerator<Float32Array> {
    try {
      for (;;) {
        const answer = await this.#answers.next();
        if (answer.kind === "opened") throw new Error("a worker opened a clip twice");
        this.#durationSec = answer.durationSec;
        this.#onBlock?.();
        if (answer.kind === "ended") {
          this.#end = answer;
          return;
        }
        this.#nFrames += answer.rows.length / this.#nMels;
        yield answer.rows;
        this.#answers.askForMore();
      }
    } finally {
      this.#answers.close();
    }
  }

  get nFrames(): number {
    return this.#nFrames;
  }

  get durationSec(): number {
    return this.#durationSec;
  }

  get least(): number {
    return this.#ended.least;
  }

  get warnings(): readonly AudioWarning[] {
    return this.#ended.warnings;
  }

  descriptors(): Float32Array {
    return this.#ended.descriptors;
  }

  get #ended(): Ended {
    if (this.#end === undefined) throw new Error("this is known only after all rows were read");
    return this.#end;
  }
}

type Opened = Extract<FeatureMessage, { kind: "opened" }>;
type Ended = Extract<FeatureMessage, { kind: "ended" }>;

interface RowOptions {
  readonly nMels: number;
  readonly onBlock: (() => void) | undefined;
}

/** What a worker answers. */
class Answers {
  readonly #port: MessagePort;
  readonly #messages: AsyncIterator<[FeatureMessage]>;
  /** Rejects when the worker dies. */
  readonly #done: Promise<unknown>;

  constructor(port: MessagePort, done: Promise<unknown>) {
    this.#port = port;
    const messages = on(port as unknown as EventEmitter, "message", { close: ["close"] });
    this.#messages = messages[Symbol.asyncIterator]() as AsyncIterator<[FeatureMessage]>;
    this.#done = done;
    done.catch(() => port.close());
  }

  /** @throws what the worker threw, or died of */
  async next(): Promise<Exclude<FeatureMessage, { kind: "failed" }>> {
    const { done, value } = await this.#messages.next();
    if (done === true) {
      await this.#done;
      throw new Error("a worker ended without an answer");
    }
    const [message] = value;
    if (message.kind === "failed") throw received(message.error);
    return message;
  }

  askForMore(): void {
    this.#port.postMessage(null);
  }

  /** The worker stops. */
  close(): void {
    this.#port.close();
  }
}

function received(error: SentError): unknown {
  switch (error.kind) {
    case "DataError":
      return new DataError(error.path, error.reason);
    case "UsageError":
      return new UsageError(error.mistake);
    case "bug":
      return error.error;
  }
}
