import { type Remote, releaseProxy, wrap } from "comlink";

/** Why what was asked of a thread will not be answered: it was ended. */
export class EndedError extends Error {
  override name = "EndedError";
}

/** A worker thread that can be ended at once, whatever it does. */
export class Thread<Work> {
  readonly #worker: Worker;
  readonly #work: Remote<Work>;
  readonly #ended: Promise<never>;
  #reject: (error: EndedError) => void = () => {};

  /**
   * @param name of its script, beside this one
   * @param onFailure gets why the script could not be loaded or run
   */
  constructor(name: string, onFailure: (problem: string) => void) {
    this.#worker = new Worker(new URL(`./${name}.js`, import.meta.url), { type: "module" });
    this.#worker.onerror = ({ message }) =>
      onFailure(
        `A part of this page cannot be loaded or failed (${message || name}); see that its server runs, and reload the page.`,
      );
    this.#work = wrap<Work>(this.#worker);
    this.#ended = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.#ended.catch(() => {}); // there may be nothing that waits
  }

  /**
   * Asks something of the thread.
   * @throws EndedError if it is ended before it answers; what the work throws
   */
  async ask<Answer>(question: (work: Remote<Work>) => Promise<Answer>): Promise<Answer> {
    return Promise.race([this.#ended, question(this.#work)]);
  }

  end(): void {
    this.#reject(new EndedError("the thread was ended"));
    this.#work[releaseProxy]();
    this.#worker.terminate();
  }
}
