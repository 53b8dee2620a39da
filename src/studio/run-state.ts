import { proxy, type Remote } from "comlink";
import type { WebDevice } from "../runtime/web.js";
import type { StepReport } from "../training/fit.js";
import { type Choices, DEFAULT_CHOICES, restoredChoices } from "./choices.js";
import { problemLine } from "./problem-line.js";
import { redraw } from "./redraw.js";
import type { Saved, SavedResult, SavedRun } from "./saved.js";
import { EndedError } from "./thread.js";
import { TimeLeft } from "./time-left.js";
import type { TrainingThread } from "./training-thread.js";
import type { RunEvent, TrainingWork } from "./training-work.js";

/** What a run does now. */
export type Running =
  | { readonly kind: "features"; readonly done: number; readonly total: number }
  | { readonly kind: "starting" }
  | {
      readonly kind: "training";
      readonly step: StepReport;
      readonly epochs: number;
      /** Fraction of the run's steps. */
      readonly done: number;
      readonly left: string;
    }
  | { readonly kind: "scoring" };

/** The state of the settings, the run and the trained model. */
export class RunState {
  choices: Choices = { ...DEFAULT_CHOICES };
  /** Whether the browser has WebGPU, and what is used. */
  hasWebGpu = false;
  device: WebDevice = "wasm";
  /** The last run of which an epoch was done; null if there is none. */
  run: SavedRun | null = null;
  /** What the trained model is worth; null if there is none. */
  result: SavedResult | null = null;
  running: Running | null = null;
  /** What should be known of the examples of the run, a line each. */
  findings: readonly string[] = [];
  notice = "";
  /** Why the run failed; null if it did not. */
  problem: string | null = null;
  readonly #saved: Saved;
  readonly #thread: TrainingThread;

  private constructor(saved: Saved, thread: TrainingThread) {
    this.#saved = saved;
    this.#thread = thread;
  }

  static async open(saved: Saved, thread: TrainingThread): Promise<RunState> {
    const state = new RunState(saved, thread);
    state.choices = restoredChoices((await saved.get("choices")) ?? {});
    state.run = (await saved.get("run")) ?? null;
    state.result = (await saved.get("result")) ?? null;
    const graphics = await graphicsOf();
    state.hasWebGpu = graphics !== "none";
    state.device = graphics === "card" ? "webgpu" : "wasm";
    return state;
  }

  /** Changes a choice; the run that is shown keeps its own. */
  choose(changes: Partial<Choices>): void {
    Object.assign(this.choices, changes);
    this.notice = "";
    this.#saved.set({ choices: { ...this.choices } }).catch((error) => {
      this.say(`This cannot be kept: ${problemLine(error)}`);
    });
    redraw();
  }

  computeOn(device: WebDevice): void {
    this.device = device;
    redraw();
  }

  /** Shows a line to the user. */
  say(notice: string): void {
    this.notice = notice;
    redraw();
  }

  /** Shows why no run can begin. */
  refuse(problem: string): void {
    this.problem = problem;
    redraw();
  }

  /**
   * Trains from the start. The run before, and the trained model, stay until an epoch is done and until the new model is scored.
   * @param start the model to start from; null for a new net
   */
  async train(start: { name: string; bytes: () => Promise<Uint8Array> } | null): Promise<void> {
    const { choices, device } = this;
    await this.#follow(async (work, tell) => {
      const from = start === null ? null : { name: start.name, bytes: await start.bytes() };
      return work.train({ choices: { ...choices }, device, start: from }, tell);
    });
  }

  /** Goes on with the run that was stopped, to its end, or ends it as it is. */
  async resume(how: "to the end" | "end now"): Promise<void> {
    const { choices, history } = this.run!;
    const epochs = how === "end now" ? history.length : Math.max(choices.epochs, history.length);
    await this.#follow((work, tell) => work.resume(epochs, this.device, tell));
  }

  /** Forgets the run, which cannot go on. The trained model stays. */
  async forgetRun(): Promise<void> {
    this.run = null;
    await this.#saved.set({ run: null, checkpoint: null, start: null });
    redraw();
  }

  /** The trained model's file; undefined if there is none. */
  async model(): Promise<Uint8Array | undefined> {
    return this.#saved.get("model");
  }

  /** The trained model as another kind of file. */
  async exported(kind: "waveform" | "hugging-face", name: string): Promise<Uint8Array> {
    return this.#thread.ask((work) => work.exported(kind, name));
  }

  /** Forgets everything, once the browser has. */
  clear(): void {
    const choices = { ...DEFAULT_CHOICES };
    Object.assign(this, { choices, run: null, result: null, findings: [], notice: "", problem: null });
    redraw();
  }

  async #follow(
    begin: (work: Remote<TrainingWork>, tell: (event: RunEvent) => void) => Promise<SavedResult>,
  ): Promise<void> {
    const left = new TimeLeft(() => performance.now());
    const before = this.run;
    this.running = { kind: "starting" };
    [this.findings, this.notice, this.problem] = [[], "", null];
    redraw();
    let isOver = false;
    const tell = proxy((event: RunEvent) => {
      if (isOver) return; // what a thread said last may arrive later
      if (event.kind === "epoch") this.run = event.run;
      else if (event.kind === "findings") this.findings = event.findings;
      else if (event.kind === "step") {
        const { step, epochs } = event;
        const done = (step.epoch - 1 + step.step / step.stepsPerEpoch) / epochs;
        this.running = { kind: "training", step, done, epochs, left: left.after(done) };
      } else this.running = event;
      redraw();
    });
    try {
      this.result = await this.#thread.ask((work) => begin(work, tell));
      this.run = (await this.#saved.get("run"))!;
    } catch (error) {
      if (!(error instanceof EndedError)) this.problem = problemLine(error);
      else if (this.run === before) this.notice = "Stopped before an epoch was done.";
      else this.notice = "Stopped; the last epoch is kept.";
    }
    isOver = true;
    this.running = null;
    redraw();
  }
}

/** What WebGPU the browser has: on a graphics card, or by a program in its place, which is slower than WebAssembly. */
async function graphicsOf(): Promise<"card" | "program" | "none"> {
  type Adapter = { info?: { isFallbackAdapter?: boolean }; isFallbackAdapter?: boolean };
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<Adapter | null> } };
  const adapter = (await gpu?.requestAdapter().catch(() => null)) ?? null;
  if (adapter === null) return "none";
  return (adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter) ? "program" : "card";
}
