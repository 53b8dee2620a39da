import { proxy } from "comlink";
import { type GivenFiles, leftOutText } from "./given-files.js";
import { problemLine } from "./problem-line.js";
import { Recording } from "./recording.js";
import { redraw } from "./redraw.js";
import type { FileAnswer, ModelFacts, TaggingWork } from "./tagging-work.js";
import { EndedError, Thread } from "./thread.js";
import { TimeLeft } from "./time-left.js";

/** A sound that was given to be tagged. */
export interface Sound {
  readonly name: string;
  readonly file: Blob;
  status: "waiting" | "working" | "done" | "failed";
  /** Fraction of the work that is done, null if it is not known, and the time that is left. */
  progress: number | null;
  left: string;
  answer: FileAnswer | null;
  /** Why it could not be tagged. */
  problem: string;
}

/** A model that can be chosen. */
export interface ModelChoice {
  readonly name: string;
  /** A model file's content; null for the model that comes with timbrel. */
  readonly bytes: Uint8Array | null;
}

/** A model that is open. */
export interface OpenModel {
  readonly model: ModelChoice;
  readonly facts: ModelFacts;
}

/** What the microphone hears now. */
interface Live {
  readonly recording: Recording;
  /** The last seconds, and when they begin [s]. */
  heard: { readonly answer: FileAnswer; readonly startSec: number } | null;
}

/** Length of what is shown while the microphone is on, and of the steps in which it goes on [s]. */
const LIVE_SEC = 10;
const LIVE_STEP_SEC = 0.25;

/** The state of the part that tags. */
export class TagState {
  models: ModelChoice[] = [{ name: "Instruments (comes with timbrel)", bytes: null }];
  /** The model that tags; null until the first is open. */
  opened: OpenModel | null = null;
  /** The model that is being opened. */
  opening: ModelChoice | null = null;
  sounds: Sound[] = [];
  selected: Sound | null = null;
  live: Live | null = null;
  /** Whether the browser asks whether the microphone may be used. */
  isAsking = false;
  /** What was last said about files, the model or the microphone. */
  notice = "";
  /** The player of the selected sound, which the cursor follows. */
  player: HTMLAudioElement | undefined;
  #thread = this.#startThread();
  /** Models are opened one after the other. */
  #openings: Promise<void> = Promise.resolve();
  #isWorking = false;
  #nRecordings = 0;

  constructor() {
    this.useModel(this.models[0]);
  }

  /** Opens a model, and lists it if it is one. Otherwise the one before stays. */
  useModel(model: ModelChoice): void {
    this.opening = model;
    this.notice = "";
    this.#openings = this.#openings.then(() => this.#open(model));
    redraw();
  }

  /** Lists a model, in place of one of the same name. */
  offer(model: ModelChoice): void {
    const known = this.models.findIndex(({ name }) => name === model.name);
    if (known >= 0) this.models[known] = model;
    else this.models.push(model);
    redraw();
  }

  /** Takes a model off the list. */
  withdraw(name: string): void {
    this.models = this.models.filter((each) => each.name !== name);
    redraw();
  }

  /** Adds sounds to be tagged, and shows the first. */
  add({ audio, others }: GivenFiles): void {
    const sounds = audio.map(({ file, path }) => newSound(path, file));
    this.sounds.push(...sounds);
    this.notice = leftOutText(others);
    if (sounds.length > 0) this.selected = sounds[0];
    void this.#work();
    redraw();
  }

  /** Shows a sound. */
  select(sound: Sound): void {
    this.selected = sound;
    redraw();
  }

  /** Says which player plays the selected sound. */
  usePlayer(player: HTMLAudioElement | undefined): void {
    if (player === this.player) return;
    this.player = player;
    redraw();
  }

  /** Takes a sound off the list; if it is being tagged, that ends. */
  remove(sound: Sound): void {
    this.sounds = this.sounds.filter((each) => each !== sound);
    if (this.selected === sound) this.selected = this.sounds[0] ?? null;
    if (sound.status === "working") this.#restart();
    redraw();
  }

  async toggleMicrophone(): Promise<void> {
    if (this.isAsking) return;
    if (this.live !== null) return this.#stopMicrophone(this.live.recording);
    this.isAsking = true;
    redraw();
    try {
      this.live = { recording: await Recording.start(), heard: null };
      this.notice = "";
      void this.#follow(this.live);
    } catch (error) {
      this.notice = problemLine(error);
    }
    this.isAsking = false;
    redraw();
  }

  /** A file as WAV, for a browser that cannot play it. */
  async toWav({ file, name }: Pick<Sound, "file" | "name">): Promise<Blob> {
    const wav = await this.#thread.ask((work) => work.toWav(file, name));
    return new Blob([wav as BlobPart], { type: "audio/wav" });
  }

  async #open(model: ModelChoice): Promise<void> {
    try {
      const facts = await this.#thread.ask((work) => work.open(model.bytes, model.name));
      if (this.opened?.model !== model) {
        this.offer(model);
        for (const sound of this.sounds)
          Object.assign(sound, { status: "waiting", answer: null, problem: "" });
      }
      this.opened = { model, facts };
    } catch (error) {
      if (!(error instanceof EndedError)) this.notice = problemLine(error);
    }
    if (this.opening === model) this.opening = null;
    void this.#work();
    redraw();
  }

  /** Ends the thread, which may be long at work, and opens the model in another. */
  #restart(): void {
    const model = this.opening ?? this.opened?.model;
    this.#thread.end();
    this.#thread = this.#startThread();
    if (model !== undefined) this.#openings = this.#open(model);
  }

  #startThread(): Thread<TaggingWork> {
    return new Thread("tagging-worker", (problem) => {
      this.notice = problem;
      redraw();
    });
  }

  /** Tags the waiting sounds, one after the other. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (;;) {
      await this.#openings;
      const { opened } = this;
      const sound = this.sounds.find(({ status }) => status === "waiting");
      if (sound === undefined || opened === null) break;
      await this.#tag(sound, opened);
    }
    this.#isWorking = false;
  }

  async #tag(sound: Sound, opened: OpenModel): Promise<void> {
    Object.assign(sound, { status: "working", progress: 0, left: "" });
    redraw();
    const left = new TimeLeft(() => performance.now());
    const onProgress = proxy((done: number | null) => {
      Object.assign(sound, { progress: done, left: done === null ? "" : left.after(done) });
      redraw();
    });
    let outcome: Partial<Sound>;
    try {
      const answer = await this.#thread.ask((work) => work.tag(sound.file, sound.name, onProgress));
      outcome = { status: "done", answer };
    } catch (error) {
      outcome =
        error instanceof EndedError
          ? { status: "waiting" }
          : { status: "failed", problem: problemLine(error) };
    }
    // Another model may have been opened meanwhile: then the sound waits for it.
    if (this.opened === opened) Object.assign(sound, outcome);
    redraw();
  }

  /** Shows what the microphone hears, again and again. */
  async #follow(live: Live): Promise<void> {
    const { recording } = live;
    await recording.follow(LIVE_STEP_SEC, async () => {
      const samples = recording.last(LIVE_SEC);
      const { sampleRate } = recording;
      const startSec = recording.durationSec - samples.length / sampleRate;
      await this.#openings;
      if (this.opened === null) return;
      try {
        const answer = await this.#thread.ask((work) => work.tagSamples(samples, sampleRate));
        live.heard = { answer, startSec };
      } catch (error) {
        if (!(error instanceof EndedError)) this.notice = problemLine(error);
      }
      redraw();
    });
  }

  async #stopMicrophone(recording: Recording): Promise<void> {
    this.live = null;
    const wav = await recording.stop();
    const path = `recording ${++this.#nRecordings}.wav`;
    this.add({
      audio: [{ file: new File([wav as BlobPart], path, { type: "audio/wav" }), path }],
      others: [],
    });
  }
}

function newSound(name: string, file: Blob): Sound {
  return { name, file, status: "waiting", progress: null, left: "", answer: null, problem: "" };
}
