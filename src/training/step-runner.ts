import type { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import type { RandomInput, StateSpec } from "../nn/net.js";
import type { TrainingStep } from "../nn/training-step.js";
import { type LayerHealth, readWatch, type WatchedSpec } from "../nn/watch.js";
import {
  type Engine,
  freeTensors,
  type KeepingSession,
  type KeptTensor,
  openKeeping,
} from "../runtime/engine.js";

/** A model that takes a state and the inputs of one step, and gives `loss` and the next state as `next/<name>`. */
export interface StepModel {
  readonly model: Uint8Array;
  readonly state: readonly Pick<StateSpec, "name">[];
  /** Tensors that the step leaves as they are, by name; see `TrainingStepConfig`. @default none */
  readonly fixed?: ReadonlyMap<string, Tensor>;
  readonly randomInputs: readonly RandomInput[];
}

/** The same step with layer statistics; from the same state it gives the same bits. */
export type WatchedStepModel = StepModel & { readonly watched: readonly WatchedSpec[] };

/** Inputs of a step besides its state, learning rate and random numbers. */
export type Feeds = Readonly<Record<string, Tensor>>;

/**
 * Returns the inputs for a batch.
 * @param batch.targets [batchSize, nLabels]; NaN, which only a masked step may be given, for a target that is not known
 */
export function batchFeeds(
  { inputShape, nLabels, isMasked }: Pick<TrainingStep, "inputShape" | "nLabels" | "isMasked">,
  { inputs, targets }: { inputs: Float32Array; targets: Float32Array },
): Feeds {
  const batchSize = targets.length / nLabels;
  const shape = [batchSize, nLabels];
  const feeds = { inputs: { data: inputs, shape: [batchSize, ...inputShape] } };
  if (!isMasked) return { ...feeds, targets: { data: targets, shape } };
  // NaN * 0 is NaN: a mask alone would not keep it out of the loss.
  const known = targets.map((target) => (Number.isNaN(target) ? 0 : 1));
  const numbers = targets.map((target, i) => (known[i] === 1 ? target : 0));
  return { ...feeds, targets: { data: numbers, shape }, known: { data: known, shape } };
}

/** Result of a step. */
export interface StepResult {
  readonly loss: number;
  /** Layer statistics; null if the step did not record them. */
  readonly layers: readonly LayerHealth[] | null;
}

type State = ReadonlyMap<string, Tensor>;

/** A state that may be in the engine's memory. */
type EngineState = ReadonlyMap<string, Tensor | KeptTensor>;

/** All inputs of one run of a step's model. */
interface StepInput {
  readonly state: EngineState;
  readonly feeds: Feeds;
}

/** Name of the output that is the next value of a tensor of the state. */
const next = (name: string) => `next/${name}`;

/** Owns a training step's state, which stays with the engine, and carries it from step to step. */
export class StepRunner {
  readonly #step: StepModel;
  readonly #watched: readonly WatchedSpec[];
  readonly #plainSession: KeepingSession;
  readonly #watchedSession: KeepingSession | null;
  #state: EngineState = new Map();
  /** Input of the last step whose loss was finite; if no loss was, of the last step. */
  #before: { input: StepInput; isFiniteLoss: boolean } | null = null;

  private constructor(
    step: StepModel,
    watched: readonly WatchedSpec[],
    sessions: { plain: KeepingSession; watched: KeepingSession | null },
  ) {
    this.#step = step;
    this.#watched = watched;
    this.#plainSession = sessions.plain;
    this.#watchedSession = sessions.watched;
  }

  /** Opens a step's model, and the watched step's if there is one. Call `load` next. */
  static async open(
    engine: Engine,
    step: StepModel,
    watchedStep: WatchedStepModel | null = null,
  ): Promise<StepRunner> {
    const nextState = step.state.map(({ name }) => next(name));
    const open = ({ model }: StepModel) => openKeeping(engine, model, nextState);
    const plain = await open(step);
    const watched =
      watchedStep &&
      (await open(watchedStep).catch(async (error: unknown) => {
        await plain.close();
        throw error;
      }));
    return new StepRunner(step, watchedStep?.watched ?? [], { plain, watched });
  }

  /** Sets the whole state, by name; tensors that are not the step's are ignored. */
  load(state: State): void {
    this.#free();
    this.#state = new Map(this.#step.state.map(({ name }) => [name, state.get(name)!]));
    this.#before = null;
  }

  /** Returns the state after the last step, and what the step leaves as it is, by name. */
  read(): Promise<State> {
    return this.#whole(this.#state);
  }

  async #whole(state: EngineState): Promise<State> {
    return new Map([...(this.#step.fixed ?? []), ...(await this.#plainSession.read(state))]);
  }

  #free(): void {
    freeTensors(this.#state.values());
    freeTensors(this.#before?.input.state.values() ?? []);
  }

  /**
   * Runs one step.
   * @param options.random the step's own random stream
   * @param options.watch whether to run the watched step instead of the plain one, `@default` false
   */
  async run(
    feeds: Feeds,
    options: { learningRate: number; random: Random; watch?: boolean },
  ): Promise<StepResult> {
    const { learningRate, random, watch = false } = options;
    const input: StepInput = {
      state: this.#state,
      feeds: {
        ...feeds,
        learningRate: { data: Float32Array.of(learningRate), shape: [] },
        ...Object.fromEntries(
          this.#step.randomInputs.map(({ name, shape, draw }) => [
            name,
            { data: draw(random.fork(name)), shape },
          ]),
        ),
      },
    };
    const session = watch ? this.#watchedSession! : this.#plainSession;
    const { results, kept } = await runOn(session, input);
    const loss = results["loss"].data[0];
    const isFiniteLoss = Number.isFinite(loss);
    const outdated = this.#before?.isFiniteLoss === true && !isFiniteLoss ? input : this.#before?.input;
    freeTensors(outdated?.state.values() ?? []);
    if (outdated !== input) this.#before = { input, isFiniteLoss };
    this.#state = new Map(this.#step.state.map(({ name }) => [name, kept[next(name)]]));
    return { loss, layers: watch ? readWatch(this.#watched, results["watch"]) : null };
  }

  /**
   * Returns the last state whose loss was finite (if no loss was, the last step's) and its layer statistics, which are
   * empty if there is no watched step. Call it only after a step.
   */
  async lookBack(): Promise<{ state: State; layers: readonly LayerHealth[] }> {
    const { input } = this.#before!;
    const state = await this.#whole(input.state);
    if (this.#watchedSession === null) return { state, layers: [] };
    const { results, kept } = await runOn(this.#watchedSession, input);
    freeTensors(Object.values(kept));
    return { state, layers: readWatch(this.#watched, results["watch"]) };
  }

  /** Frees the memory of the models and of the state. */
  async close(): Promise<void> {
    this.#free();
    await this.#plainSession.close();
    await this.#watchedSession?.close();
  }
}

function runOn(session: KeepingSession, { state, feeds }: StepInput): ReturnType<KeepingSession["run"]> {
  return session.run({ ...feeds, ...Object.fromEntries(state) });
}
