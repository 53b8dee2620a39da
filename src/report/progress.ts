import cliProgress from "cli-progress";

/** A running progress display. */
export interface ProgressBar {
  /** `done` of the total are finished; `note` is shown behind the bar. */
  update(done: number, note?: string): void;
  /** Leave the display at its present state. */
  stop(): void;
}

/** Without a terminal a line is written whenever this much more of the total is done. */
const LINE_SHARE = 0.1;

/**
 * A progress bar with the time left on stderr; plain lines, one per tenth, where stderr is no terminal.
 * @param label what is going on, e.g. `rendering`
 */
export function progressBar(label: string, total: number): ProgressBar {
  return process.stderr.isTTY ? terminalBar(label, total) : lines(label, total);
}

function terminalBar(label: string, total: number): ProgressBar {
  const startMs = Date.now();
  const bar = new cliProgress.SingleBar(
    {
      format: `${label} [{bar}] {value}/{total} {left}{note}`,
      hideCursor: true,
      stream: process.stderr,
      etaBuffer: 50,
    },
    cliProgress.Presets.legacy,
  );
  bar.start(total, 0, { left: "", note: "" });
  return {
    update(done, note) {
      const left = `${secondsLeft(startMs, done, total)} left`;
      bar.update(done, { left, note: note === undefined ? "" : ` ${note}` });
    },
    stop: () => bar.stop(),
  };
}

function lines(label: string, total: number): ProgressBar {
  const startMs = Date.now();
  let nextShare = LINE_SHARE;
  return {
    update(done, note) {
      if (total === 0 || done / total < nextShare) return;
      nextShare = (Math.floor(done / total / LINE_SHARE + 1e-9) + 1) * LINE_SHARE;
      const left = done < total ? `, ${secondsLeft(startMs, done, total)} left` : "";
      const tail = note === undefined ? "" : `, ${note}`;
      process.stderr.write(
        `${label} ${Math.round((100 * done) / total)} % (${done}/${total})${left}${tail}\n`,
      );
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
