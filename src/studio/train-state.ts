import { proxy } from "comlink";
import { errorLine } from "../core/errors.js";
import type { WebDevice } from "../runtime/web.js";
import type { StepReport } from "../training/fit.js";
import { type Choices, DEFAULT_CHOICES, restoredChoices } from "./choices.js";
import { type GivenFile, type GivenFiles, leftOutText } from "./given-files.js";
import { Recording } from "./recording.js";
import { redraw } from "./redraw.js";
import { type ClassName, type Example, Saved, type SavedRun } from "./saved.js";
import { shippedModel } from "./shipped-bytes.js";
import type { ModelChoice } from "./tag-state.js";
import { startThread, type Thread } from "./thread.js";
import { TimeLeft } from "./time-left.js";
import type { RunEvent, TrainingWork } from "./training-work.js";

/** What is being done. */
export type Activity =
  | {
      readonly kind: "adding";
      readonly done: number;
      readonly total: number;
      readonly name: string;
      readonly left: string;
    }
  | { readonly kind: "features"; readonly done: number; readonly total: number }
  | { readonly kind: "starting"; readonly findings: readonly string[] }
  | {
      readonly kind: "training";
      readonly step: StepReport;
      readonly epochs: number;
      /** Fraction of the run's steps. */
      readonly done: number;
      readonly left: string;
    }
  | { readonly kind: "scoring" };

/** Time between two looks at a recording [s]. */
const METER_SEC = 0.1;

/** The state of the part that trains. */
export class TrainState {
  classes: ClassName[] = [];
  examples: Example[] = [];
  choices: Choices = { ...DEFAULT_CHOICES };
  /** Whether the browser has WebGPU, and whether it is used. */
  hasWebGpu = false;
  device: WebDevice = "wasm";
  /** The last run; null if there is none. */
  run: SavedRun | null = null;
  activity: Activity | null = null;
  /** Class whose example is being recorded. */
  recording: { readonly classId: number; readonly recording: Recording } | null = null;
  /** What was last said of the examples, and files that could not be read. */
  notice = "";
  unread: readonly string[] = [];
  /** What should be known of the examples of the run, a line each. */
  findings: readonly string[] = [];
  /** What was last said of the run, and why it failed. */
  runNotice = "";
  runProblem = "";
  /** Whether this page may write: another tab may have the studio open. */
  isOpenElsewhere = false;
  readonly #saved: Saved;
  #thread = this.#startThread();

  private constructor(saved: Saved) {
    this.#saved = saved;
  }

  /** Opens what the browser has kept. */
  static async open(): Promise<TrainState> {
    const state = new TrainState(await Saved.open());
    const isFree = await holdsLock();
    state.isOpenElsewhere = !isFree;
    const saved = state.#saved;
    state.classes = [...((await saved.get("classes")) ?? [])];
    state.examples = await saved.examples();
    state.choices = restoredChoices((await saved.get("choices")) ?? {});
    state.run = (await saved.get("run")) ?? null;
    const graphics = await graphicsOf();
    state.hasWebGpu = graphics !== "none";
    state.device = graphics === "card" ? "webgpu" : "wasm";
    return state;
  }

  get isBusy(): boolean {
    return this.activity !== null;
  }

  examplesOf({ id }: ClassName): Example[] {
    return this.examples.filter(({ classId }) => classId === id);
  }

  /** Changes a choice; the run that is shown keeps its own. */
  choose(changes: Partial<Choices>): void {
    Object.assign(this.choices, changes);
    void this.#saved.set({ choices: { ...this.choices } });
    redraw();
  }

  computeOn(device: WebDevice): void {
    this.device = device;
    redraw();
  }

  /** Says something about the settings or the run. */
  say(notice: string): void {
    this.runNotice = notice;
    redraw();
  }

  addClass(name?: string): ClassName {
    const id = 1 + Math.max(0, ...this.classes.map((each) => each.id));
    const added = { id, name: name ?? this.#freeName() };
    this.#setClasses([...this.classes, added]);
    return added;
  }

  /** Names a class. A name that is empty or taken is said, and the class keeps its own. */
  rename(id: number, name: string): void {
    const trimmed = name.trim();
    const isTaken = this.classes.some((each) => each.id !== id && each.name === trimmed);
    if (trimmed === "" || isTaken) {
      this.notice = trimmed === "" ? "A class needs a name." : `There is a class ${trimmed} already.`;
      redraw();
      return;
    }
    this.notice = "";
    this.#setClasses(this.classes.map((each) => (each.id === id ? { ...each, name: trimmed } : each)));
  }

  async removeClass(removed: ClassName): Promise<void> {
    await this.removeExamples(this.examplesOf(removed));
    this.#setClasses(this.classes.filter((each) => each !== removed));
  }

  async removeExamples(removed: readonly Example[]): Promise<void> {
    const ids = removed.map(({ id }) => id);
    this.examples = this.examples.filter(({ id }) => !ids.includes(id));
    await this.#saved.remove(ids);
    redraw();
  }

  setGroup(example: Example, group: string): void {
    const changed = { ...example, group: group.trim() };
    this.examples = this.examples.map((each) => (each === example ? changed : each));
    void this.#saved.change(changed);
    redraw();
  }

  /** Makes the files of every folder below a class one group. */
  groupByFolder(): void {
    for (const example of this.examples) {
      const folder = example.path.split("/").slice(0, -1).join("/");
      if (folder !== "" && example.group === "") this.setGroup(example, folder);
    }
  }

  /** Adds files to a class; without one, those of every folder to the class of its name. */
  async add({ audio, others }: GivenFiles, to: ClassName | null, start: ModelChoice): Promise<void> {
    if (this.isBusy)
      return this.say("Wait until what goes on is done, or stop it, and drop the files again.");
    const inNoFolder = to === null ? audio.filter(({ path }) => !path.includes("/")) : [];
    const given = to === null ? byFolder(audio) : audio.map((each) => ({ ...each, className: to.name }));
    const loose =
      inNoFolder.length === 0 ? "" : `Drop files that are in no folder on a class: ${inNoFolder[0].path}. `;
    this.notice = loose + leftOutText(others);
    const { length: total } = given;
    this.unread = [];
    this.activity = { kind: "adding", done: 0, total, name: "", left: "" };
    redraw();
    const thread = this.#thread;
    try {
      await thread.work.useFrontEndOf(await this.#startBytes(start));
    } catch (error) {
      if (thread === this.#thread) this.notice = errorLine(error);
      return this.#idle(thread);
    }
    const left = new TimeLeft(() => performance.now());
    for (const [done, { file, path, className }] of given.entries()) {
      this.activity = { kind: "adding", done, total, name: path, left: left.after(done / total) };
      redraw();
      const { id } = this.classes.find(({ name }) => name === className) ?? this.addClass(className);
      try {
        this.examples.push(await thread.work.add({ classId: id, path, file }));
      } catch (error) {
        this.unread = [...this.unread, errorLine(error)];
      }
    }
    void navigator.storage.persist?.(); // a browser that is short of space then asks before it forgets
    this.#idle(thread);
  }

  /** Records an example of a class, or ends its recording. */
  async toggleRecording(of: ClassName, start: ModelChoice): Promise<void> {
    const { recording } = this;
    if (recording === null) {
      try {
        this.recording = { classId: of.id, recording: await Recording.start() };
        this.notice = "";
        void this.recording.recording.follow(METER_SEC, redraw);
      } catch (error) {
        this.notice = errorLine(error);
      }
      return redraw();
    }
    this.recording = null;
    const wav = await recording.recording.stop();
    const taken = this.examplesOf(of).filter(({ path }) => path.startsWith("recording ")).length;
    const path = `recording ${taken + 1}.wav`;
    const file = new File([wav as BlobPart], path, { type: "audio/wav" });
    await this.add({ audio: [{ file, path }], others: [] }, of, start);
  }

  /** Trains from the start. @param start the model to start from, if the choices say so */
  async train(start: ModelChoice): Promise<void> {
    const { choices, device } = this;
    await this.#follow(async (work, tell) => {
      const bytes = await this.#startBytes(start);
      const from = bytes === null ? null : { name: start.name, bytes };
      this.run = null;
      return work.train({ choices: { ...choices }, device, start: from }, tell);
    });
  }

  /** Goes on with the run that was stopped, to its end, or ends it as it is. */
  async resume(how: "to the end" | "end now"): Promise<void> {
    const { choices, history } = this.run!;
    const epochs = how === "end now" ? history.length : Math.max(choices.epochs, history.length);
    await this.#follow((work, tell) => work.resume(epochs, this.device, tell));
  }

  /** Stops a run, whose last whole epoch is kept, or the reading of files. */
  stop(): void {
    const isAdding = this.activity?.kind === "adding";
    this.#thread.end();
    this.#thread = this.#startThread();
    this.activity = null;
    // A file may have been saved that the page was not told of.
    void this.#saved.examples().then((examples) => {
      this.examples = examples;
      redraw();
    });
    if (isAdding) this.notice = "Stopped; what was read is kept.";
    else
      this.runNotice =
        this.run === null ? "Stopped before the first epoch was done." : "Stopped; the last epoch is kept.";
    redraw();
  }

  /** The trained model's file; undefined if no run has ended. */
  async model(): Promise<Uint8Array | undefined> {
    return this.#saved.get("model");
  }

  /** The trained model as another kind of file. */
  async exported(kind: "waveform" | "hugging-face", name: string): Promise<Uint8Array> {
    return this.#thread.work.exported(kind, name);
  }

  /** Forgets all classes, examples and runs. */
  async clear(): Promise<void> {
    if (this.isBusy) this.stop();
    await this.#saved.clear();
    Object.assign(this, {
      classes: [],
      examples: [],
      run: null,
      notice: "",
      unread: [],
      runNotice: "",
      runProblem: "",
    });
    redraw();
  }

  async #follow(
    run: (work: Thread<TrainingWork>["work"], tell: (event: RunEvent) => void) => Promise<SavedRun>,
  ): Promise<void> {
    const thread = this.#thread;
    const left = new TimeLeft(() => performance.now());
    this.activity = { kind: "starting", findings: [] };
    this.findings = [];
    [this.runNotice, this.runProblem] = ["", ""];
    redraw();
    const isStopped = () => thread !== this.#thread;
    const tell = proxy((event: RunEvent) => {
      if (isStopped()) return; // what a thread said last may arrive later
      if (event.kind === "epoch") this.run = event.run;
      else if (event.kind === "step") {
        const { step, epochs } = event;
        const done = (step.epoch - 1 + step.step / step.stepsPerEpoch) / epochs;
        this.activity = { kind: "training", step, done, epochs, left: left.after(done) };
      } else {
        if (event.kind === "starting") this.findings = event.findings;
        this.activity = event;
      }
      redraw();
    });
    try {
      const ended = await run(thread.work, tell);
      if (isStopped()) return;
      this.run = ended;
    } catch (error) {
      if (isStopped()) return;
      this.runProblem = errorLine(error);
    }
    this.#idle(thread);
  }

  /** Says that a thread has nothing more to do, unless it was stopped. */
  #idle(thread: Thread<TrainingWork>): void {
    if (thread !== this.#thread) return;
    this.activity = null;
    redraw();
  }

  #startThread(): Thread<TrainingWork> {
    return startThread("training-worker", (problem) => {
      this.activity = null;
      this.runProblem = problem;
      redraw();
    });
  }

  async #startBytes({ bytes }: ModelChoice): Promise<Uint8Array | null> {
    if (this.choices.start === "net") return null;
    return bytes ?? shippedModel();
  }

  #setClasses(classes: ClassName[]): void {
    this.classes = classes;
    void this.#saved.set({ classes });
    redraw();
  }

  #freeName(): string {
    const names = new Set(this.classes.map(({ name }) => name));
    let number = this.classes.length + 1;
    while (names.has(`class ${number}`)) number++;
    return `class ${number}`;
  }
}

/** Files with the class that their folder names. A folder that holds the others is none: `my-sounds/violin/A4.wav` is a violin. */
function byFolder(files: readonly GivenFile[]): (GivenFile & { className: string })[] {
  const parts = files.map(({ path }) => path.split("/")).filter(({ length }) => length > 1);
  const isOuter =
    parts.length > 0 && parts.every(([first, ...rest]) => first === parts[0][0] && rest.length > 1);
  return files.flatMap(({ file, path }) => {
    const [className, ...rest] = path.split("/").slice(isOuter ? 1 : 0);
    return rest.length === 0 ? [] : [{ file, className, path: rest.join("/") }];
  });
}

/** Whether this page has the studio to itself. It keeps it until it is closed. */
function holdsLock(): Promise<boolean> {
  return new Promise((answer) => {
    void navigator.locks.request("timbrel", { ifAvailable: true }, (lock) => {
      answer(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    });
  });
}

/** What WebGPU the browser has: on a graphics card, or by a program in its place, which is slower than WebAssembly. */
async function graphicsOf(): Promise<"card" | "program" | "none"> {
  type Adapter = { info?: { isFallbackAdapter?: boolean }; isFallbackAdapter?: boolean };
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<Adapter | null> } };
  const adapter = (await gpu?.requestAdapter().catch(() => null)) ?? null;
  if (adapter === null) return "none";
  return (adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter) ? "program" : "card";
}
