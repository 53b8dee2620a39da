import { EXIT } from "./exit.js";

/** npm forwards a Ctrl-C that the terminal has already sent, so one keystroke can arrive twice in this time. */
const SAME_KEYSTROKE_MS = 1000;

/**
 * Runs work that Ctrl-C (or SIGTERM) stops at its next safe point, through a signal; a second Ctrl-C ends the process.
 * @param what when the work stops, e.g. "after this step"
 */
export async function interruptible<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let firstMs = 0;
  const stop = (): void => {
    if (!controller.signal.aborted) {
      firstMs = Date.now();
      process.stderr.write(`\nstopping ${what}; Ctrl-C again stops at once\n`);
      controller.abort();
    } else if (Date.now() - firstMs > SAME_KEYSTROKE_MS) process.exit(EXIT.interrupted);
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
