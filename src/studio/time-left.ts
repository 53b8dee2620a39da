/** Estimates how long work still takes, from its pace so far. */
export class TimeLeft {
  readonly #nowMs: () => number;
  #first: { readonly atMs: number; readonly done: number } | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * The time that is left, e.g. `about 2 min left`; empty at first.
   * @param done fraction of the work that is done
   */
  after(done: number): string {
    const atMs = this.#nowMs();
    this.#first ??= { atMs, done };
    const gained = done - this.#first.done;
    if (gained <= 0) return "";
    const sec = Math.ceil((((atMs - this.#first.atMs) / gained) * (1 - done)) / 1000);
    return sec < 90 ? `about ${sec} s left` : `about ${Math.round(sec / 60)} min left`;
  }
}
