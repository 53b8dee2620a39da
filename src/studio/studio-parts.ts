import { redraw } from "./redraw.js";
import { OneSound } from "./sound-button.js";
import { type ModelChoice, TagState } from "./tag-state.js";
import type { TrainState } from "./train-state.js";

/** Name of the trained model among the models. */
const MINE = "the model trained here";

/** The parts of the page and what joins them. */
export class Studio {
  readonly tagging = new TagState();
  readonly training: TrainState;
  readonly player = new OneSound();
  tab: "tag" | "train" = "tag";
  /** The model that a run starts from, if it starts from one. */
  start: ModelChoice = this.tagging.models[0];

  constructor(training: TrainState) {
    this.training = training;
    if (training.run?.test) void this.#offerModel();
  }

  show(tab: "tag" | "train"): void {
    this.tab = tab;
    redraw();
  }

  /** Chooses what a run starts from: a model, by its place among the models, or after the last of them a new net. */
  startFrom(index: number): void {
    const model = this.tagging.models.at(index);
    if (model !== undefined) this.start = model;
    this.training.choose({ start: model === undefined ? "net" : "model" });
  }

  /** Opens the trained model where sounds are tagged. */
  async tryModel(): Promise<void> {
    const model = await this.#offerModel();
    if (model !== undefined) this.tagging.useModel(model);
    this.show("tag");
  }

  /** Lists the trained model among the models. */
  async #offerModel(): Promise<ModelChoice | undefined> {
    const bytes = await this.training.model();
    if (bytes === undefined) return undefined;
    const model = { name: MINE, bytes };
    this.tagging.offer(model);
    return model;
  }
}
