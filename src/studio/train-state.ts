import { counted } from "../core/counted.js";
import { ExampleState } from "./example-state.js";
import { redraw } from "./redraw.js";
import { RunState } from "./run-state.js";
import { Saved } from "./saved.js";
import { TrainingThread } from "./training-thread.js";

/** The state of the part that trains, which the browser keeps. */
export class TrainState {
  readonly examples: ExampleState;
  readonly runs: RunState;
  readonly #saved: Saved;
  readonly #thread: TrainingThread;

  private constructor(parts: {
    examples: ExampleState;
    runs: RunState;
    saved: Saved;
    thread: TrainingThread;
  }) {
    this.examples = parts.examples;
    this.runs = parts.runs;
    this.#saved = parts.saved;
    this.#thread = parts.thread;
  }

  /**
   * Opens what the browser has kept.
   * @returns null if another tab has it open
   * @throws an error of the browser if it keeps nothing for this address
   */
  static async open(): Promise<TrainState | null> {
    const saved = await Saved.open();
    if (!(await holdsLock())) return null;
    const thread = new TrainingThread((problem) => runs.refuse(problem));
    const runs = await RunState.open(saved, thread);
    const examples = await ExampleState.open(saved, thread);
    return new TrainState({ examples, runs, saved, thread });
  }

  /** Whether files are read or a run goes on: then nothing else can begin. */
  get isBusy(): boolean {
    return this.examples.adding !== null || this.runs.running !== null;
  }

  /** Stops the reading of files or the run. */
  stop(): void {
    this.#thread.stop();
  }

  /** Why the examples cannot be trained on; null if they can, as far as that is known beforehand. */
  get obstacle(): string | null {
    const { classes, all } = this.examples;
    const named = classes.map((each) => ({ ...each, examples: this.examples.of(each) }));
    if (named.length < 2) return "A model learns to tell classes apart: add another class.";
    if (all.some(({ split }) => split !== null)) return null;
    for (const { name, examples } of named) {
      const groups = new Set(examples.map(({ id, group }) => (group === "" ? id : group)));
      if (groups.size >= LEAST) continue;
      const has =
        examples.length === groups.size
          ? `${examples.length}`
          : `${examples.length} in ${counted(groups.size, "group")}`;
      return `The class ${name} needs ${LEAST} examples of different groups, to train on, to choose by and to test with, and has ${has}; add some, or remove the class.`;
    }
    return null;
  }

  /** Whether examples were added since a run began that can still go on: it does without them. */
  get hasNewExamples(): boolean {
    const { run } = this.runs;
    if (run === null || run.isOver) return false;
    const { train, valid, test } = run.counts;
    return this.examples.all.length > train + valid + test;
  }

  /** Forgets all classes, examples and runs. */
  async clear(): Promise<void> {
    if (this.isBusy) this.stop();
    await this.#saved.clear();
    this.examples.clear();
    this.runs.clear();
    redraw();
  }
}

/** Least number of groups of a class: one for each split. */
const LEAST = 3;

/** Whether this page has what the browser keeps to itself. It has it until it is closed. */
async function holdsLock(): Promise<boolean> {
  // Browsers have locks only where a page is secure: on this machine, or over https.
  if (navigator.locks === undefined) return true;
  return new Promise((answer) => {
    void navigator.locks.request("timbrel", { ifAvailable: true }, (lock) => {
      answer(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    });
  });
}
