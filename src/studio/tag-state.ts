import { proxy } from "comlink";
import { errorLine } from "../core/errors.js";
import type { GivenFiles } from "./given-files.js";
import { leftOutText } from "./given-files.js";
import { Recording } from "./recording.js";
import { redraw } from "./redraw.js";
import type { FileAnswer, ModelFacts, TaggingWork } from "./tagging-work.js";
import { startThread, type Thread } from "./thread.js";
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
  model: ModelChoice = this.models[0];
  /** Facts of the open model; null until it is open. */
  facts: ModelFacts | null = null;
  sounds: Sound[] = [];
  selected: Sound | null = null;
  live: Live | null = null;
  /** What was last said about files, the model or the microphone. */
  notice = "";
  /** The player of the selected sound, which the cursor follows. */
  player: HTMLAudioElement | undefined;
  #thread = this.#startThread();
  #opening: Promise<unknown> = Promise.resolve();
  #isWorking = false;
  #nRecordings = 0;

  constructor() {
    this.#open(this.model);
  }

  /** Adds a model, or replaces one of the same name, and opens it. */
  useModel(model: ModelChoice): void {
    this.offer(model);
    this.#open(model);
  }

  /** Adds a model, or replaces one of the same name. */
  offer(model: ModelChoice): void {
    const known = this.models.findIndex(({ name }) => name === model.name);
    if (known >= 0) this.models[known] = model;
    else this.models.push(model);
    redraw();
  }

  /** Adds sounds to be tagged, and shows the first. */
  add({ audio, others }: GivenFiles): void {
    const sounds = audio.map(({ file, path }) => newSound(path, file));
    this.sounds.push(...sounds);
    this.notice = leftOutText(others);
    if (sounds.length > 0) this.selected = sounds[0];
    this.#work();
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
    if (sound.status === "working") this.#restart();
    if (this.selected === sound) this.selected = this.sounds[0] ?? null;
    redraw();
  }

  async toggleMicrophone(): Promise<void> {
    if (this.live !== null) return this.#stopMicrophone(this.live.recording);
    try {
      this.live = { recording: await Recording.start(), heard: null };
      this.notice = "";
      void this.#follow(this.live);
    } catch (error) {
      this.notice = errorLine(error);
    }
    redraw();
  }

  /** A file as WAV, for a browser that cannot play it. */
  async toWav({ file, name }: Pick<Sound, "file" | "name">): Promise<Blob> {
    return new Blob([(await this.#thread.work.toWav(file, name)) as BlobPart], { type: "audio/wav" });
  }

  #open(model: ModelChoice): void {
    const before = { model: this.model, facts: this.facts };
    this.model = model;
    this.facts = null;
    this.notice = "";
    for (const sound of this.sounds) Object.assign(sound, { status: "waiting", answer: null, problem: "" });
    this.#load(model, before);
  }

  /** Opens a model; if it is none, what was open `before` stays. */
  #load(model: ModelChoice, before: Pick<TagState, "model" | "facts">): void {
    this.#opening = this.#opening.then(async () => {
      try {
        const facts = await this.#thread.work.open(model.bytes, model.name);
        if (this.model === model) this.facts = facts;
      } catch (error) {
        this.models = this.models.filter((each) => each !== model);
        Object.assign(this, before, { notice: errorLine(error) });
      }
      this.#work();
      redraw();
    });
    redraw();
  }

  /** Ends the thread, which may be long at work, and goes on with another. */
  #restart(): void {
    this.#thread.end();
    this.#thread = this.#startThread();
    this.#isWorking = false;
    this.#opening = Promise.resolve();
    this.#load(this.model, this);
  }

  #startThread(): Thread<TaggingWork> {
    return startThread("tagging-worker", (problem) => {
      this.notice = problem;
      redraw();
    });
  }

  /** Tags the waiting sounds, one after the other. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    await this.#opening;
    for (;;) {
      const { model } = this;
      const sound = this.sounds.find(({ status }) => status === "waiting");
      if (sound === undefined || this.facts === null) break;
      Object.assign(sound, { status: "working", progress: 0 });
      redraw();
      const left = new TimeLeft(() => performance.now());
      const onProgress = proxy((done: number | null) => {
        Object.assign(sound, { progress: done, left: done === null ? "" : left.after(done) });
        redraw();
      });
      try {
        const answer = await this.#thread.work.tag(sound.file, sound.name, onProgress);
        if (this.model === model) Object.assign(sound, { status: "done", answer });
      } catch (error) {
        if (this.model === model) Object.assign(sound, { status: "failed", problem: errorLine(error) });
      }
      redraw();
    }
    this.#isWorking = false;
  }

  /** Shows what the microphone hears, again and again. */
  async #follow(live: Live): Promise<void> {
    const { recording } = live;
    await recording.follow(LIVE_STEP_SEC, async () => {
      const samples = recording.last(LIVE_SEC);
      const startSec = recording.durationSec - samples.length / recording.sampleRate;
      try {
        live.heard = { answer: await this.#thread.work.tagSamples(samples, recording.sampleRate), startSec };
      } catch (error) {
        this.notice = errorLine(error);
      }
      redraw();
    });
  }

  async #stopMicrophone(recording: Recording): Promise<void> {
    this.live = null;
    const wav = await recording.stop();
    const name = `recording ${++this.#nRecordings}.wav`;
    this.add({
      audio: [{ file: new File([wav as BlobPart], name, { type: "audio/wav" }), path: name }],
      others: [],
    });
    this.selected = this.sounds.at(-1)!;
  }
}

function newSound(name: string, file: Blob): Sound {
  return { name, file, status: "waiting", progress: null, left: "", answer: null, problem: "" };
}
