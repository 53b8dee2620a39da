import { ACTIVATIONS } from "../nn/activations.js";
import { defaultInitializer } from "../nn/initializers.js";
import type { LayerStyle } from "../nn/layers.js";
import type { LayerHealth } from "../nn/watch.js";
import type { Diagnosis, Problem } from "../training/gradient-flow.js";
import { threeDigits } from "./numbers.js";
import { percent, table } from "./table.js";

/** The ratio of a layer's gradient to the output's, in words. */
function ratioText(ratio: number): string {
  if (!Number.isFinite(ratio)) return "its gradient is not finite";
  return ratio < 1
    ? `its gradient is ${threeDigits(ratio)} of the output's`
    : `its gradient is ${threeDigits(ratio)} times the output's`;
}

const SYMPTOMS: Readonly<Record<Problem, (value: number) => string>> = {
  vanishing: (ratio) => `vanishes: ${ratioText(ratio)}`,
  exploding: (ratio) => `explodes: ${ratioText(ratio)}`,
  dead: (fraction) => `is dead: ${percent(fraction)} of its units are 0 or less in every example`,
  saturated: (fraction) =>
    `is saturated: ${percent(fraction)} of its activations are at a flat end of the activation function`,
};

/** Says what is wrong with a layer, e.g. `block3 vanishes: its gradient is 2e-6 of the output's`. */
export function diagnosisText({ layer, problem, value }: Diagnosis): string {
  return `${layer} ${SYMPTOMS[problem](value)}`;
}

/** Something that helps against a problem, and which nets it can help. */
interface Remedy {
  /** The remedy, with settings in backticks. */
  readonly text: string;
  /** False for a net that has the remedy already. */
  readonly helps: (net: LayerStyle) => boolean;
}

const BATCH_NORM: Remedy = { text: "batch norm", helps: ({ batchNorm }) => batchNorm === null };
const INIT: Remedy = {
  text: "the default `net.init`",
  helps: ({ init, activation }) => init !== defaultInitializer(activation),
};
const RELU: Remedy = {
  text: "`net.activation` relu",
  helps: ({ activation }) => ACTIVATIONS[activation].inactive.kind === "saturated",
};
const LEAKY: Remedy = {
  text: "`net.activation` leaky-relu",
  helps: ({ activation }) => activation !== "leaky-relu",
};
const always = (text: string): Remedy => ({ text, helps: () => true });
const SLOWER = always("a smaller `learningRate`");

const REMEDIES: Readonly<Record<Problem, readonly Remedy[]>> = {
  vanishing: [BATCH_NORM, INIT, RELU, always("fewer layers")],
  exploding: [BATCH_NORM, INIT, SLOWER, always("`clipNorm`")],
  dead: [SLOWER, BATCH_NORM, LEAKY],
  saturated: [SLOWER, BATCH_NORM, RELU],
};

/** Remedies for the problems found in this net, one line per kind of problem, with settings in backticks. */
export function remedyTexts(diagnoses: readonly Diagnosis[], net: LayerStyle): string[] {
  const kinds = [...new Set(diagnoses.map(({ problem }) => problem))];
  return kinds.map((problem) => {
    const remedies = REMEDIES[problem].filter(({ helps }) => helps(net));
    return `against ${problem}: ${remedies.map(({ text }) => text).join(", ")}`;
  });
}

/** Filters each epoch's diagnoses for new ones. */
export class NewDiagnoses {
  #known = new Set<string>();

  /** The diagnoses that the previous epoch did not have. */
  among(diagnoses: readonly Diagnosis[]): Diagnosis[] {
    const key = ({ layer, problem }: Diagnosis) => `${layer} ${problem}`;
    const known = this.#known;
    this.#known = new Set(diagnoses.map(key));
    return diagnoses.filter((diagnosis) => !known.has(key(diagnosis)));
  }
}

/** The statistics of every layer as a table of text. */
export function flowTable(layers: readonly LayerHealth[]): string {
  const orNone = (value: number | null, text: (value: number) => string) =>
    value === null ? "-" : text(value);
  return table([
    ["layer", "mean", "std", "inactive", "activation gradient", "weight gradient", "update/weight"],
    ...layers.map(
      ({ layer, mean, std, inactiveFraction, activationGradientNorm, weightGradientNorm, updateRatio }) => [
        layer,
        threeDigits(mean),
        threeDigits(std),
        orNone(inactiveFraction, percent),
        threeDigits(activationGradientNorm),
        threeDigits(weightGradientNorm),
        orNone(updateRatio, threeDigits),
      ],
    ),
  ]);
}
