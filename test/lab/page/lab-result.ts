import { Random } from "../../../src/core/random.js";
import { LANDSCAPES } from "../../../src/lab/landscapes.js";
import type {
  BatchNormRun,
  CurvePoint,
  GradientFlowRun,
  LabResult,
  LandscapeName,
  LandscapePath,
} from "../../../src/lab/results.js";

const STEPS = 400;

/** A made-up result for tests of the page; nothing in it was measured. */
export function madeUpResult(): LabResult {
  const random = new Random("made up");
  return {
    store: "features",
    isQuick: true,
    validFraction: 0.15,
    testFraction: 0.15,
    seed: 7,
    data: {
      nTrain: 1200,
      nValid: 200,
      nTest: 210,
      labels: ["cello", "flute", "guitar"],
      splitHash: "1a2b3c",
      frontEndHash: "4d5e6f",
      measure: "balanced accuracy",
    },
    gradientFlow: { width: 64, runs: madeUpFlow() },
    inputNormalization: {
      net: "one dense layer",
      conditionNumber: { none: 48000, standardize: 910, whiten: 1.02 },
      eigenvalues: {
        none: falling(48, 900, 4.7),
        standardize: falling(48, 20, 2.96),
        whiten: falling(48, 1.01, 0.0086),
      },
      runs: (["none", "standardize", "whiten"] as const).flatMap((normalize, i) =>
        [0.01, 0.1, 1].map((learningRate) => ({
          normalize,
          learningRate,
          ...(normalize === "none" && learningRate === 1
            ? { curve: madeUpCurve(random, 0.1).slice(0, 3), divergedAt: 64 }
            : { curve: madeUpCurve(random, 0.4 + 0.6 * i + learningRate), divergedAt: null }),
        })),
      ),
      leak: {
        seeds: [1, 2, 3, 4, 5],
        trainOnly: [0.71, 0.735, 0.702, 0.728, 0.719],
        allData: [0.715, 0.73, 0.709, 0.725, 0.721],
      },
    },
    initialization: {
      draws: (
        ["glorot-uniform", "glorot-normal", "he-uniform", "he-normal", "orthogonal", "zeros"] as const
      ).flatMap((init) =>
        [
          [32, 128, 8],
          [64, 32, 4],
          [128, 128],
          [10, 64],
        ].map((shape) => {
          const [out, into, kernel = 1] = shape;
          const [fanIn, fanOut] = [into * kernel, out * kernel];
          const variances = { g: 2 / (fanIn + fanOut), h: 2 / fanIn, o: 1 / Math.max(out, fanIn), z: 0 };
          const variance = variances[init[0] as keyof typeof variances];
          return {
            init,
            shape,
            fanIn,
            fanOut,
            count: 100_000,
            variance,
            measured: variance * (1 + 0.003 * random.normal()),
          };
        }),
      ),
    },
    batchNorm: {
      net: "four layers of 64",
      runs: [
        madeUpRun(random, { name: "baseline", speed: 1, best: 0.7, stepsToBaselineBest: 380 }),
        madeUpRun(random, { name: "BN", speed: 1.8, best: 0.74, stepsToBaselineBest: 200 }),
        madeUpRun(random, { name: "BN x5", speed: 3, best: 0.76, stepsToBaselineBest: 100 }),
        {
          ...madeUpRun(random, { name: "BN x30", speed: 2, best: 0.66, stepsToBaselineBest: null }),
          divergedAt: 390,
        },
        madeUpRun(random, { name: "BN x5 sigmoid", speed: 1.2, best: 0.69, stepsToBaselineBest: null }),
        madeUpRun(random, { name: "sigmoid", speed: 0.1, best: 0.21, stepsToBaselineBest: null }),
      ],
    },
    optimization: {
      landscapes: (Object.keys(LANDSCAPES) as LandscapeName[]).map((name) => ({
        name,
        paths: [
          descent(name, { optimizer: "sgd", learningRate: 0.036, momentum: 0 }),
          descent(name, { optimizer: "momentum", learningRate: 0.036, momentum: 0.9 }),
        ],
      })),
      net: "two layers of 64",
      runs: ["sgd", "momentum", "rmsprop", "adam"].map((optimizer, i) => ({
        optimizer,
        learningRate: [0.1, 0.05, 0.001, 0.001][i],
        curve: madeUpCurve(random, 0.5 + i),
        divergedAt: null,
      })),
      sharpness: [0.05, 0.2].map((learningRate) => ({
        learningRate,
        points: Array.from({ length: 21 }, (_, i) => ({
          step: 20 * i,
          loss: 2.3 * Math.exp(-learningRate * i),
          eigenvalue: Math.min(2 / learningRate, 4 * 1.15 ** i) * (1 + 0.05 * random.normal()),
        })),
      })),
    },
  };
}

function madeUpFlow(): GradientFlowRun[] {
  return [2, 5, 10, 20].flatMap((depth) =>
    (["tanh", "sigmoid", "relu"] as const).flatMap((activation) =>
      (["zeros", "small", "glorot-uniform", "he-normal"] as const).flatMap((init) =>
        [false, true].map((isBatchNorm) => {
          const gains = { zeros: 0, small: 0.08, "glorot-uniform": 0.85, "he-normal": 0.98 };
          const gain =
            (isBatchNorm && init !== "zeros" ? 0.97 : gains[init]) *
            (activation === "sigmoid" && !isBatchNorm ? 0.25 : 1);
          const layers = Array.from({ length: depth }, (_, i) => i);
          return {
            depth,
            init,
            activation,
            isBatchNorm,
            activationStd: layers.map((i) => 0.8 * gain ** i),
            gradientStd: layers.map((i) => 0.01 * gain ** (depth - i)),
          };
        }),
      ),
    ),
  );
}

function falling(n: number, largest: number, decades: number): number[] {
  return Array.from({ length: n }, (_, i) => largest * 10 ** ((-decades * i) / (n - 1)));
}

function madeUpCurve(random: Random, speed: number): CurvePoint[] {
  return Array.from({ length: 20 }, (_, i) => {
    const step = ((i + 1) * STEPS) / 20;
    const trainLoss = 0.2 + 2.1 * Math.exp((-speed * step) / 150) + 0.02 * random.uniform(0, 1);
    return {
      step,
      trainLoss,
      validLoss: trainLoss + 0.1,
      score: 0.8 * (1 - Math.exp((-speed * step) / 200)),
    };
  });
}

function madeUpRun(
  random: Random,
  {
    name,
    speed,
    best,
    stepsToBaselineBest,
  }: Pick<BatchNormRun, "name" | "best" | "stepsToBaselineBest"> & { speed: number },
): BatchNormRun {
  const curve = madeUpCurve(random, speed).map((point) => ({ ...point, score: (point.score * best) / 0.8 }));
  const spread = curve.map(({ step }) => ({
    step,
    mean: 0.2 + step / 1000,
    std: name === "baseline" ? 0.5 + step / 300 : 1,
  }));
  return { name, learningRate: 0.05, curve, divergedAt: null, best, stepsToBaselineBest, spread };
}

function descent(
  name: LandscapeName,
  { optimizer, learningRate, momentum }: { optimizer: string; learningRate: number; momentum: number },
): LandscapePath {
  const { start, at } = LANDSCAPES[name];
  const points: [number, number, number][] = [[...start, at(...start)]];
  let [x, y] = start;
  let [vx, vy] = [0, 0];
  for (let step = 0; step < 150; step++) {
    vx = momentum * vx + (at(x + 1e-4, y) - at(x - 1e-4, y)) / 2e-4;
    vy = momentum * vy + (at(x, y + 1e-4) - at(x, y - 1e-4)) / 2e-4;
    x -= learningRate * vx;
    y -= learningRate * vy;
    points.push([x, y, at(x, y)]);
  }
  return { optimizer, learningRate, points };
}
