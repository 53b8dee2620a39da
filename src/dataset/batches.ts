import { checkInteger } from "../core/check.js";
import { Random } from "../core/random.js";
import { checkTrain, type FeatureSet } from "./feature-set.js";
import { randomStart } from "./segments.js";

/** An epoch should have this many steps, even if batches get smaller: batch norm's averages need some to settle. */
const MIN_STEPS = 4;

/** The wanted batch size, or a smaller one (at least 2) if an epoch of `nClips` would have fewer than 4 steps. */
export function fittingBatchSize(wanted: number, nClips: number): number {
  return Math.min(wanted, Math.max(2, Math.floor(nClips / MIN_STEPS)));
}

/** The examples of one training step. */
export interface Batch {
  /** [batchSize, segmentFrames, nMels], as in the store: not standardized. */
  inputs: Float32Array;
  /** [batchSize, nLabels], see `FeatureSet.targets`. */
  targets: Float32Array;
  /** [batchSize] index of each clip in the train split; the background comes after the others. */
  clips: Int32Array;
}

/**
 * Draws batches of random segments of the training clips.
 *
 * In an epoch every clip is drawn once, in random order; the last batch is filled up from a second round.
 * With `balance` an epoch has the same number of segments, but the labels take turns, so that each is drawn equally
 * often; the clips of a label are drawn in random order, all of them before any is drawn again. Clips that have no label
 * take turns as those of one, and so does the background.
 * An epoch depends only on `seed` and its number: to resume, start the epoch again and skip the steps already done.
 */
export class TrainSampler {
  readonly stepsPerEpoch: number;
  readonly #train: FeatureSet<"train">;
  readonly #batchSize: number;
  readonly #segmentFrames: number;
  readonly #seed: number;
  readonly #balance: boolean;
  readonly #backgroundTarget: number;
  #random: Random;
  #clips: Iterator<number>;

  /**
   * @param options `seed`, `@default` 0; `balance`, `@default` false; `batchSize` and `segmentFrames` at least 1.
   *   `backgroundTarget`: the target of every label for background, `@default` 0
   */
  constructor(
    train: FeatureSet<"train">,
    options: {
      batchSize: number;
      segmentFrames: number;
      seed?: number;
      balance?: boolean;
      backgroundTarget?: number;
    },
  ) {
    const { batchSize, segmentFrames, seed = 0, balance = false, backgroundTarget = 0 } = options;
    checkTrain(train);
    this.#train = train;
    this.#batchSize = checkInteger("batchSize", batchSize, { min: 1 });
    this.#segmentFrames = checkInteger("segmentFrames", segmentFrames, { min: 1 });
    this.#seed = checkInteger("seed", seed);
    this.#balance = balance;
    this.#backgroundTarget = backgroundTarget;
    const nBackground = train.background?.clips.length ?? 0;
    this.stepsPerEpoch = Math.ceil((train.clips.length + nBackground) / batchSize);
    [this.#random, this.#clips] = this.#streams(0);
  }

  /** Begins an epoch. Its batches are the same every time it is begun. */
  startEpoch(epoch: number): void {
    [this.#random, this.#clips] = this.#streams(checkInteger("epoch", epoch, { min: 0 }));
  }

  /** The next batch; after `stepsPerEpoch` of them the caller begins the next epoch. */
  async next(): Promise<Batch> {
    const { nMels, labels } = this.#train;
    const [batchSize, segmentFrames] = [this.#batchSize, this.#segmentFrames];
    const inputs = new Float32Array(batchSize * segmentFrames * nMels);
    const targets = new Float32Array(batchSize * labels.length);
    const clips = new Int32Array(batchSize);
    const reads = Array.from({ length: batchSize }, (_, i) => {
      const clip = this.#clips.next().value as number;
      const nLabelled = this.#train.clips.length;
      const isLabelled = clip < nLabelled;
      const set = isLabelled ? this.#train : this.#train.background!;
      const index = isLabelled ? clip : clip - nLabelled;
      const first = randomStart(set.clips[index].nFrames, segmentFrames, this.#random);
      if (isLabelled) targets.set(set.targets(index), i * labels.length);
      else targets.fill(this.#backgroundTarget, i * labels.length, (i + 1) * labels.length);
      clips[i] = clip;
      return set.readFrames(index, first, segmentFrames, inputs, i * segmentFrames * nMels);
    });
    await Promise.all(reads);
    return { inputs, targets, clips };
  }

  #streams(epoch: number): [Random, Iterator<number>] {
    const random = new Random(`${this.#seed}/epoch ${epoch}`);
    const order = random.fork("order");
    const { clips, background } = this.#train;
    const all = clips.map((_, clip) => clip);
    const others = (background?.clips ?? []).map((_, i) => clips.length + i);
    return [random, this.#balance ? this.#inTurns(all, others, order) : rounds([...all, ...others], order)];
  }

  *#inTurns(all: readonly number[], background: readonly number[], random: Random): Generator<number> {
    const byLabel = this.#train.labels.map((_, label) =>
      all.filter((clip) => this.#train.targets(clip)[label] === 1),
    );
    const without = all.filter((clip) => !this.#train.targets(clip).includes(1));
    const turns = [...byLabel, without, background]
      .filter((clips) => clips.length > 0)
      .map((clips, i) => rounds(clips, random.fork(`label ${i}`)));
    for (const turn of rounds([...turns.keys()], random)) yield turns[turn].next().value as number;
  }
}

/** Yields all items in random order, then again in another order, without end. */
function* rounds(items: readonly number[], random: Random): Generator<number> {
  for (;;) yield* random.shuffle(items);
}
