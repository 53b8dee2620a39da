import { UsageError } from "../core/errors.js";

/** Uses of something that can be closed: closing waits for those that are running, and there are none after it. */
export class Uses {
  /** Name of what is used, in errors. */
  readonly #name: string;
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Runs a use.
   * @throws UsageError if `close` was called before
   */
  async run<T>(use: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined)
      throw new UsageError({
        setting: this.#name,
        rule: "be open when it is used",
        got: "one that is closed",
        remedy: "close it later, or open it again",
      });
    const running = use();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Waits for the uses, then calls `release`. A second call waits for the first. */
  async close(release: () => Promise<void>): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#running).then(release);
    await this.#closing;
  }
}
