import { say } from "../report/terminal.js";
import { EXIT } from "./exit.js";

/** npm forwards a Ctrl-C that the terminal has already sent, so one keystroke can arrive twice in this time. */
const SAME_KEYSTROKE_MS = 1000;

/** Says when Ctrl-C stops work gently. */
export interface GentleStop {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** From now on Ctrl-C stops the work at its next safe point. */
  begin(): void;
  /** From now on Ctrl-C ends the process at once again. */
  end(): void;
}

/**
 * Runs work that Ctrl-C (or SIGTERM) stops at its next safe point, through a signal; a second Ctrl-C ends the process.
 *
 * The work says from when on that holds. Before, there is nothing to lose, and the system ends the process at once, even
 * within a long loop that would never look at a signal.
 * @param what when the work stops, e.g. "after this step"
 */
export async function interruptible<T>(what: string, work: (stop: GentleStop) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let firstMs = 0;
  const stop = (): void => {
    if (!controller.signal.aborted) {
      firstMs = Date.now();
      say(`\nstopping ${what}; Ctrl-C again stops at once`);
      controller.abort();
    } else if (Date.now() - firstMs > SAME_KEYSTROKE_MS) process.exit(EXIT.interrupted);
  };
  const end = () => void process.off("SIGINT", stop).off("SIGTERM", stop);
  const begin = (): void => {
    end(); // it may be called again
    process.on("SIGINT", stop).on("SIGTERM", stop);
  };
  try {
    return await work({ signal: controller.signal, begin, end });
  } finally {
    end();
    // Even if the work was done before its next safe point: a script that goes on with the next command should stop.
    if (controller.signal.aborted) process.exitCode = EXIT.interrupted;
  }
}
