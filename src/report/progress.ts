import cliProgress from "cli-progress";

/** A running progress display. */
export interface ProgressBar {
  /** `done` of the total are finished; `note` is shown behind the bar. */
  update(done: number, note?: string): void;
  /** Writes a line above the display. */
  log(line: string, stream?: NodeJS.WriteStream): void;
  /** Leave the display at its present state. */
  stop(): void;
}

/** Without a terminal a line is written whenever this much more of the total is done, or so much time has passed. */
const LINE_SHARE = 0.1;
const LINE_MS = 30_000;

/**
 * A progress bar with the time left on stderr; plain lines, one per tenth or half minute, where stderr is no terminal.
 * @param label what is going on, e.g. `rendering`
 */
export function progressBar(label: string, total: number): ProgressBar {
  return process.stderr.isTTY ? terminalBar(label, total) : lines(label, total);
}

function terminalBar(label: string, total: number): ProgressBar {
  const startMs = Date.now();
  const bar = new cliProgress.SingleBar(
    { format: `${label} [{bar}] {value}/{total} {left}{note}`, stream: process.stderr, barsize: 30 },
    cliProgress.Presets.legacy,
  );
  bar.start(total, 0, { left: "", note: "" });
  const stop = () => bar.stop(); // the bar keeps the terminal from wrapping lines until it stops
  process.once("exit", stop);
  return {
    update(done, note) {
      const left = `${secondsLeft(startMs, done, total)} left`;
      bar.update(done, { left, note: note === undefined ? "" : `, ${note}` });
    },
    log(line, stream = process.stderr) {
      process.stderr.clearLine(0);
      process.stderr.cursorTo(0);
      stream.write(`${line}\n`); // the bar draws itself again below
    },
    stop() {
      process.off("exit", stop);
      stop();
    },
  };
}

function lines(label: string, total: number): ProgressBar {
  const startMs = Date.now();
  let lastMs = startMs;
  let nextFraction = LINE_SHARE;
  return {
    update(done, note) {
      const fraction = total === 0 ? 0 : done / total;
      const isLate = fraction > 0 && Date.now() - lastMs >= LINE_MS;
      if (fraction < nextFraction && !isLate) return;
      lastMs = Date.now();
      nextFraction = (Math.floor(fraction / LINE_SHARE + 1e-9) + 1) * LINE_SHARE;
      const left = done < total ? `, ${secondsLeft(startMs, done, total)} left` : "";
      const tail = note === undefined ? "" : `, ${note}`;
      process.stderr.write(`${label} ${Math.round(100 * fraction)} % (${done}/${total})${left}${tail}\n`);
    },
    log(line, stream = process.stderr) {
      stream.write(`${line}\n`);
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
