import { byClassFolder, ofOneClass } from "./class-folders.js";
import { type GivenFiles, leftOutText, listedPaths } from "./given-files.js";
import { problemLine } from "./problem-line.js";
import { Recording } from "./recording.js";
import { redraw } from "./redraw.js";
import type { ClassName, Example, Saved } from "./saved.js";
import { EndedError } from "./thread.js";
import { TimeLeft } from "./time-left.js";
import type { TrainingThread } from "./training-thread.js";

/** Files that are being read. */
export interface Adding {
  readonly done: number;
  readonly total: number;
  readonly name: string;
  readonly left: string;
}

/** Time between two looks at a recording [s]. */
const METER_SEC = 0.1;

/** The state of the classes and their examples. */
export class ExampleState {
  classes: readonly ClassName[];
  all: readonly Example[];
  adding: Adding | null = null;
  /** Class whose example is being recorded. */
  recording: { readonly classId: number; readonly recording: Recording } | null = null;
  /** Whether the browser asks whether the microphone may be used. */
  isAsking = false;
  /** What was last said, and files that could not be read or kept. */
  notice = "";
  unread: readonly string[] = [];
  readonly #saved: Saved;
  readonly #thread: TrainingThread;

  private constructor(
    saved: Saved,
    thread: TrainingThread,
    kept: { classes: readonly ClassName[]; all: readonly Example[] },
  ) {
    this.#saved = saved;
    this.#thread = thread;
    this.classes = kept.classes;
    this.all = kept.all;
  }

  static async open(saved: Saved, thread: TrainingThread): Promise<ExampleState> {
    const classes = (await saved.get("classes")) ?? [];
    return new ExampleState(saved, thread, { classes, all: await saved.examples() });
  }

  of({ id }: Pick<ClassName, "id">): Example[] {
    return this.all.filter(({ classId }) => classId === id);
  }

  addClass(name?: string): ClassName {
    const id = 1 + Math.max(0, ...this.classes.map((each) => each.id));
    const added = { id, name: name ?? this.#freeName() };
    this.#setClasses([...this.classes, added]);
    return added;
  }

  /** Names a class. Rejects a name that is empty or taken, with a message. */
  rename(id: number, name: string): void {
    const trimmed = name.trim();
    const isTaken = this.classes.some((each) => each.id !== id && each.name === trimmed);
    if (trimmed === "" || isTaken) {
      this.say(trimmed === "" ? "A class needs a name." : `There is a class ${trimmed} already.`);
      return;
    }
    this.notice = "";
    this.#setClasses(this.classes.map((each) => (each.id === id ? { ...each, name: trimmed } : each)));
  }

  async removeClass(removed: ClassName): Promise<void> {
    await this.remove(this.of(removed));
    this.#setClasses(this.classes.filter(({ id }) => id !== removed.id));
  }

  async remove(removed: readonly Example[]): Promise<void> {
    const ids = new Set(removed.map(({ id }) => id));
    this.all = this.all.filter(({ id }) => !ids.has(id));
    await this.#kept(this.#saved.remove([...ids]));
    redraw();
  }

  setGroup(id: number, group: string): void {
    this.all = this.all.map((each) => (each.id === id ? { ...each, group: group.trim() } : each));
    void this.#kept(this.#saved.change(this.all.find((each) => each.id === id)!));
    redraw();
  }

  /** Makes the files of every folder below a class one group. */
  groupByFolder(): void {
    for (const { id, classId, path, group } of this.all) {
      const folder = path.split("/").slice(0, -1).join("/");
      if (folder !== "" && group === "") this.setGroup(id, `${this.#nameOf(classId)}/${folder}`);
    }
  }

  /**
   * Adds files to a class; without one, those of every folder to the class of its name.
   * @param start file of the model whose front end the features are made with; null for the default front end
   */
  async add(given: GivenFiles, to: ClassName | null, start: () => Promise<Uint8Array | null>): Promise<void> {
    const { classed, loose } = to === null ? byClassFolder(given.audio) : { classed: [], loose: [] };
    const files =
      to === null
        ? classed
        : ofOneClass(given.audio).map((each) => ({ ...each, className: "", split: null }));
    const { length: total } = files;
    const known = new Set(this.classes.map(({ name }) => name));
    const made = [...new Set(classed.map(({ className }) => className))].filter((name) => !known.has(name));
    this.notice = [
      made.length === 0 ? "" : `New: ${made.join(", ")}.`,
      loose.length === 0
        ? ""
        : `Left out, since no folder names a class: ${listedPaths(loose)}; drop such files on a class.`,
      leftOutText(given.others),
    ]
      .filter((text) => text !== "")
      .join(" ");
    [this.unread, this.adding] = [[], { done: 0, total, name: "", left: "" }];
    redraw();
    try {
      // If the start model cannot be loaded, the run reports it and makes the features again.
      const model = await start().catch(() => null);
      await this.#thread.ask((work) => work.useFrontEndOf(model));
      const left = new TimeLeft(() => performance.now());
      for (const [done, { file, path, className, split }] of files.entries()) {
        this.adding = { done, total, name: path, left: left.after(done / total) };
        redraw();
        const { id } = to ?? this.classes.find(({ name }) => name === className) ?? this.addClass(className);
        await this.#addOne({ classId: id, path, file, split });
      }
      void navigator.storage?.persist?.(); // a browser that is short of space then asks before it forgets
    } catch (error) {
      if (error instanceof EndedError) this.notice = "Stopped; what was read is kept.";
      else this.notice = problemLine(error);
      this.all = await this.#saved.examples(); // a file may have been kept that the page was not told of
    }
    this.adding = null;
    redraw();
  }

  /** Records an example of a class, or ends its recording. */
  async toggleRecording({ id }: ClassName, start: () => Promise<Uint8Array | null>): Promise<void> {
    if (this.isAsking) return;
    if (this.recording === null) return this.#record(id);
    const { recording } = this.recording;
    this.recording = null;
    const wav = await recording.stop();
    const to = this.classes.find((each) => each.id === id)!;
    const numbers = this.of(to).map(({ path }) => Number(/^recording (\d+)\.wav$/.exec(path)?.[1] ?? 0));
    const path = `recording ${1 + Math.max(0, ...numbers)}.wav`;
    const file = new File([wav as BlobPart], path, { type: "audio/wav" });
    await this.add({ audio: [{ file, path }], others: [] }, to, start);
  }

  /** Forgets everything, once the browser has. */
  clear(): void {
    void this.recording?.recording.stop();
    Object.assign(this, { classes: [], all: [], recording: null, notice: "", unread: [] });
    redraw();
  }

  /** Shows a line to the user. */
  say(notice: string): void {
    this.notice = notice;
    redraw();
  }

  async #record(classId: number): Promise<void> {
    this.isAsking = true;
    redraw();
    try {
      const recording = await Recording.start();
      this.recording = { classId, recording };
      this.notice = "";
      void recording.follow(METER_SEC, redraw);
    } catch (error) {
      this.notice = problemLine(error);
    }
    this.isAsking = false;
    redraw();
  }

  async #addOne(example: Pick<Example, "classId" | "path" | "file" | "split">): Promise<void> {
    try {
      const added = await this.#thread.ask((work) => work.add(example));
      this.all = [...this.all, added];
    } catch (error) {
      if (error instanceof EndedError) throw error;
      const line = problemLine(error);
      this.unread = [...this.unread, line.startsWith(example.path) ? line : `${example.path}: ${line}`];
    }
  }

  /** Shows a message if the browser cannot store something. */
  async #kept(saving: Promise<void>): Promise<void> {
    await saving.catch((error: unknown) => this.say(`This cannot be kept: ${problemLine(error)}`));
  }

  #setClasses(classes: readonly ClassName[]): void {
    this.classes = classes;
    void this.#kept(this.#saved.set({ classes }));
    redraw();
  }

  #nameOf(classId: number): string {
    return this.classes.find(({ id }) => id === classId)!.name;
  }

  #freeName(): string {
    const names = new Set(this.classes.map(({ name }) => name));
    let number = this.classes.length + 1;
    while (names.has(`class ${number}`)) number++;
    return `class ${number}`;
  }
}
