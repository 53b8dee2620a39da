import { Random } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import { TrainSampler } from "../dataset/batches.js";
import { standardizationOf } from "../dataset/standardization.js";
import type { ActivationName } from "../nn/activations.js";
import { NETS, netConfig } from "../nn/architectures.js";
import type { InitializerName } from "../nn/initializers.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import { buildTrainingStep, type TrainingStep } from "../nn/training-step.js";
import { type LayerHealth, readWatch } from "../nn/watch.js";
import { withSession } from "../runtime/engine.js";
import { batchFeeds } from "../training/step-runner.js";
import type { LabBench, LabSection } from "./bench.js";
import type { GradientFlowResult, GradientFlowRun } from "./results.js";

const WIDTH = 100;
const BATCH_SIZE = 64;
/** Length of a segment: short, since only what the hidden layers do to the input matters here. */
const SEGMENT_FRAMES = 8;

/** Numbers of hidden layers. */
const DEPTHS = { quick: [2, 5, 10, 20], full: [2, 4, 6, 8, 10, 12, 14, 16, 18, 20] };
const depthsOf = (isQuick: boolean): readonly number[] => DEPTHS[isQuick ? "quick" : "full"];

const INITS: readonly InitializerName[] = ["zeros", "small", "glorot-normal", "he-normal"];
const ACTIVATIONS: readonly ActivationName[] = ["tanh", "sigmoid", "relu"];

/** A deviation below this fraction of the mean is rounding error; see `activationStd`. */
const ROUNDING = 1e-3;

/** Gradient flow: what depth does to activations and gradients. Its work is one step per net. */
export const gradientFlowSection: LabSection<GradientFlowResult> = {
  budget: (isQuick) => depthsOf(isQuick).length * INITS.length * ACTIVATIONS.length * 2,
  run: (bench) => gradientFlow(bench),
};

/**
 * Measures the deviations of the activations and of the loss's gradients in MLPs at their initial weights, on one batch
 * of standardized training segments: for every depth, initializer and activation, with and without batch norm.
 *
 * Reference: Glorot and Bengio, 2010, https://proceedings.mlr.press/v9/glorot10a.html, figures 6 and 7
 */
export async function gradientFlow(
  bench: LabBench,
  depths: readonly number[] = depthsOf(bench.isQuick),
): Promise<GradientFlowResult> {
  const { sets, covariance, seed, signal } = bench;
  const settings = { batchSize: BATCH_SIZE, segmentFrames: SEGMENT_FRAMES, seed, balance: true };
  const batch = await new TrainSampler(sets.train, settings).next();
  const { mean, std } = standardizationOf(covariance);
  const normalization: InputNormalization = { kind: "standardize", mean, std };
  const setup = { batch, normalization, drawn: new Map<string, Tensor>() };
  const runs: GradientFlowRun[] = [];
  for (const depth of depths)
    for (const activation of ACTIVATIONS)
      for (const isBatchNorm of [false, true]) {
        signal?.throwIfAborted();
        runs.push(...(await flowsOf(bench, { depth, activation, isBatchNorm }, setup)));
        bench.advance(INITS.length);
      }
  return { width: WIDTH, runs };
}

interface FlowSetup {
  readonly batch: { readonly inputs: Float32Array; readonly targets: Float32Array };
  readonly normalization: InputNormalization;
  /** The initial weights drawn so far, by initializer and name. */
  readonly drawn: Map<string, Tensor>;
}

/** Measures a net's flow at the initial weights of each initializer; all of them share one graph and so one session. */
async function flowsOf(
  { sets, task, labels, seed, engine }: LabBench,
  kind: Pick<GradientFlowRun, "depth" | "activation" | "isBatchNorm">,
  setup: FlowSetup,
): Promise<GradientFlowRun[]> {
  const { depth, activation, isBatchNorm } = kind;
  const { batch, normalization, drawn } = setup;
  const inputShape = [SEGMENT_FRAMES, sets.train.nMels];
  const steps = INITS.map((init) =>
    buildTrainingStep({
      net: netConfig({
        kind: "mlp",
        units: Array<number>(depth).fill(WIDTH),
        activation,
        init,
        batchNorm: isBatchNorm ? NETS.mlp.batchNorm : null,
        dropout: 0,
      }),
      task,
      nLabels: labels.length,
      inputShape,
      batchSize: BATCH_SIZE,
      normalization,
      isMasked: sets.train.lacksTargets,
      optimizer: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
      watch: true,
    }),
  );
  return withSession(engine, steps[0].model, async (session) => {
    const runs: GradientFlowRun[] = [];
    for (const [i, step] of steps.entries()) {
      const { watch } = await session.run({
        ...batchFeeds(step, batch),
        learningRate: { data: Float32Array.of(0), shape: [] },
        ...initialWeights(step, INITS[i], { drawn, seed }),
      });
      const hidden = readWatch(step.watched, watch).filter((layer) => layer.activation !== null);
      runs.push({
        ...kind,
        init: INITS[i],
        activationStd: hidden.map(activationStd),
        gradientStd: hidden.map(gradientStd),
      });
    }
    return runs;
  });
}

/**
 * Draws a net's initial weights. Weights of one name are the same in all nets with the same initializer, so that nets
 * differ by design and not by chance. It also saves time: drawing the weights takes longer than running the nets.
 */
function initialWeights(
  { state }: TrainingStep,
  init: InitializerName,
  { drawn, seed }: { drawn: Map<string, Tensor>; seed: number },
): Record<string, Tensor> {
  const random = new Random(seed).fork("weights");
  for (const spec of state) {
    const key = `${init} ${spec.name}`;
    if (!drawn.has(key)) drawn.set(key, { shape: spec.shape, data: spec.init(random.fork(spec.name)) });
  }
  return Object.fromEntries(state.map(({ name }) => [name, drawn.get(`${init} ${name}`)!]));
}

/**
 * The deviation of a layer's activations. It is computed as the difference of two mean squares, each accurate to a few
 * 1e-7, so a constant c may appear to deviate by up to |c| / 1000; such a deviation counts as 0.
 */
export const activationStd = ({ mean, std }: Pick<LayerHealth, "mean" | "std">): number =>
  std < ROUNDING * Math.abs(mean) ? 0 : std;

/** The gradients' deviation around 0, where their mean nearly is: their root mean square. */
const gradientStd = ({ activationGradientNorm, activationCount }: LayerHealth) =>
  activationGradientNorm / Math.sqrt(activationCount);
