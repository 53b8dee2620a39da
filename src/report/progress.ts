import cliProgress from "cli-progress";
import { say, visible, visibleLine } from "./terminal.js";

/** A running progress display. */
export interface ProgressBar {
  /**
   * Shows that `done` of the total are finished, with `note` after the bar.
   * @param part what is done of those in progress
   */
  update(done: number, note?: string, part?: number): void;
  /** Writes a line above the display. */
  log(line: string, stream?: NodeJS.WriteStream): void;
  /** Ends the display and leaves its last state on the screen. */
  stop(): void;
}

/** Without a terminal, a line is written each time this fraction of the total is done or this much time has passed. */
const LINE_FRACTION = 0.1;
const LINE_MS = 30_000;

/**
 * Starts a progress bar on stderr that shows the time left. If stderr is not a terminal, it writes plain lines instead,
 * one per tenth of the total or half minute.
 * @param label name of the work, e.g. `rendering`
 */
export function progressBar(label: string, total: number): ProgressBar {
  return process.stderr.isTTY ? terminalBar(label, total) : lines(label, total);
}

function terminalBar(label: string, total: number): ProgressBar {
  const startMs = Date.now();
  const bar = new cliProgress.SingleBar(
    { format: `${label} [{bar}] {done}/{total} {left}{note}`, stream: process.stderr, barsize: 30 },
    cliProgress.Presets.legacy,
  );
  bar.start(total, 0, { done: 0, left: "", note: "" });
  // The bar keeps the terminal from wrapping lines until it stops.
  const stop = (): void => {
    process.off("exit", stop).off("SIGINT", interrupted);
    bar.stop();
  };
  const interrupted = (): void => {
    if (process.listenerCount("SIGINT") > 1) return; // whoever listens stops the work, and with it the bar
    stop();
    process.kill(process.pid, "SIGINT");
  };
  process.on("exit", stop).on("SIGINT", interrupted);
  return {
    update(done, note, part = 0) {
      const left = `${secondsLeft(startMs, done + part, total)} left`;
      bar.update(done + part, { done, left, note: note === undefined ? "" : visibleLine(`, ${note}`) });
    },
    log(line, stream = process.stderr) {
      process.stderr.clearLine(0);
      process.stderr.cursorTo(0);
      stream.write(`${visible(line)}\n`); // the bar draws itself again below
    },
    stop,
  };
}

function lines(label: string, total: number): ProgressBar {
  const startMs = Date.now();
  let lastMs = startMs;
  let nextFraction = LINE_FRACTION;
  return {
    update(done, note, part = 0) {
      const fraction = total === 0 ? 0 : (done + part) / total;
      const isLate = fraction > 0 && Date.now() - lastMs >= LINE_MS;
      if (fraction < nextFraction && !isLate) return;
      lastMs = Date.now();
      nextFraction = (Math.floor(fraction / LINE_FRACTION + 1e-9) + 1) * LINE_FRACTION;
      const left = done < total ? `, ${secondsLeft(startMs, done + part, total)} left` : "";
      const tail = note === undefined ? "" : `, ${note}`;
      say(`${label} ${Math.round(100 * fraction)} % (${done}/${total})${left}${tail}`);
    },
    log(line, stream = process.stderr) {
      stream.write(`${visible(line)}\n`);
    },
    stop() {},
  };
}

/** Time left at the mean pace so far, e.g. `48 s` or `3 min 5 s`. */
function secondsLeft(startMs: number, done: number, total: number): string {
  if (done === 0) return "? s";
  const left = Math.ceil((((Date.now() - startMs) / done) * (total - done)) / 1000);
  return left < 60 ? `${left} s` : `${Math.floor(left / 60)} min ${left % 60} s`;
}
