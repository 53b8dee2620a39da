import type { GivenFiles } from "./given-files.js";
import type { ClassName } from "./saved.js";
import { shippedModel } from "./shipped-bytes.js";
import type { OneSound } from "./sound-button.js";
import type { ModelChoice, TagState } from "./tag-state.js";
import type { TrainState } from "./train-state.js";

/** Name of the trained model among the models. */
const MINE = "the model trained here";

/** The part of the page that trains, joined with the one that tags. */
export class TrainPage {
  readonly tagging: TagState;
  readonly training: TrainState;
  readonly player: OneSound;
  readonly #showTags: () => void;
  /** Name of the model that a run starts from, if it starts from one. */
  #startName: string;

  /** @param parts `showTags` shows the part that tags */
  constructor(parts: {
    tagging: TagState;
    training: TrainState;
    player: OneSound;
    showTags: () => void;
  }) {
    this.tagging = parts.tagging;
    this.training = parts.training;
    this.player = parts.player;
    this.#showTags = parts.showTags;
    this.#startName = this.tagging.models[0].name;
    void this.#offerModel();
  }

  /** Place among the models of the one that a run starts from. */
  get startIndex(): number {
    const index = this.tagging.models.findIndex(({ name }) => name === this.#startName);
    return Math.max(0, index);
  }

  /** Chooses what a run starts from: a model, by its place among the models, or after the last of them a new net. */
  startFrom(index: number): void {
    const model = this.tagging.models.at(index);
    if (model !== undefined) this.#startName = model.name;
    this.training.runs.choose({ start: model === undefined ? "net" : "model" });
  }

  /** Adds files to a class; without one, to the classes that their folders name. */
  async add(files: GivenFiles, to: ClassName | null): Promise<void> {
    const { examples, isBusy } = this.training;
    if (isBusy) return examples.say("Wait until what goes on is done, or stop it, and drop the files again.");
    return examples.add(files, to, () => this.#frontEndModel());
  }

  async toggleRecording(of: ClassName): Promise<void> {
    return this.training.examples.toggleRecording(of, () => this.#frontEndModel());
  }

  /** Trains from the start, unless it is known that the examples do not allow it. */
  async train(): Promise<void> {
    const { runs, obstacle } = this.training;
    if (obstacle !== null) return runs.refuse(obstacle);
    const model = this.tagging.models[this.startIndex];
    const start = runs.choices.start === "net" ? null : { name: model.name, bytes: () => contentOf(model) };
    await this.#following(runs.train(start));
  }

  /** Goes on with the run that was stopped. */
  async resume(how: "to the end" | "end now"): Promise<void> {
    await this.#following(this.training.runs.resume(how));
  }

  /** Opens the trained model where sounds are tagged. */
  async tryModel(): Promise<void> {
    const model = await this.#trained();
    if (model !== null) this.tagging.useModel(model);
    this.#showTags();
  }

  /** Forgets all classes, examples, runs and the model. */
  async clear(): Promise<void> {
    await this.training.clear();
    this.tagging.withdraw(MINE);
  }

  async #trained(): Promise<ModelChoice | null> {
    const bytes = await this.training.runs.model();
    return bytes === undefined ? null : { name: MINE, bytes };
  }

  /** Lists the trained model among the models. Where one was open, the new one is opened. */
  async #offerModel(): Promise<void> {
    const model = await this.#trained();
    if (model === null) return;
    if (this.tagging.opened?.model.name === MINE) this.tagging.useModel(model);
    else this.tagging.offer(model);
  }

  /** Waits for a run, and offers its model if it made one. */
  async #following(run: Promise<void>): Promise<void> {
    const { result } = this.training.runs;
    await run;
    if (this.training.runs.result !== result) await this.#offerModel();
  }

  async #frontEndModel(): Promise<Uint8Array | null> {
    if (this.training.runs.choices.start === "net") return null;
    return contentOf(this.tagging.models[this.startIndex]);
  }
}

async function contentOf({ bytes }: ModelChoice): Promise<Uint8Array> {
  return bytes ?? shippedModel();
}
