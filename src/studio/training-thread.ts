import type { Remote } from "comlink";
import { Thread } from "./thread.js";
import type { TrainingWork } from "./training-work.js";

/** The thread that reads examples and trains, one thing at a time; when it is stopped, another takes its place. */
export class TrainingThread {
  readonly #onFailure: (problem: string) => void;
  #thread: Thread<TrainingWork>;

  /** @param onFailure see `Thread` */
  constructor(onFailure: (problem: string) => void) {
    this.#onFailure = onFailure;
    this.#thread = this.#start();
  }

  /** See `Thread.ask`. */
  async ask<Answer>(question: (work: Remote<TrainingWork>) => Promise<Answer>): Promise<Answer> {
    return this.#thread.ask(question);
  }

  /** Ends what is going on: what was asked is answered by an `EndedError`. */
  stop(): void {
    this.#thread.end();
    this.#thread = this.#start();
  }

  #start(): Thread<TrainingWork> {
    return new Thread("training-worker", this.#onFailure);
  }
}
