import { mul, relu, sub, sum, type Value } from "../graph/index.js";

/**
 * What the weight of a segment is computed from. Its *level* is the root mean square of its mel magnitudes, each
 * sqrt(power) if the mel bands sum powers, over frames and summed over bands:
 *
 *     mel    = gain * (exp(slope * x) - exp(slope * silence))
 *     level  = sqrt(sum(mel ^ (2 / power)) / nFrames)
 *     weight = level ^ exponent
 */
export interface SegmentWeightTerms {
  /** Inverts the compression of the features, see `segmentWeightTerms`. */
  readonly slope: number;
  readonly gain: number;
  /** The compressed value of silence. */
  readonly silence: number;
  /** 1: the mel bands sum magnitudes, 2: powers. */
  readonly power: 1 | 2;
  /** Greater than 0. */
  readonly exponent: number;
}

/**
 * Emits the weight of each segment: 0 for silence; twice as loud a segment (6 dB) weighs 2 ^ exponent times as much.
 * @param inputs features that are not normalized [N, nFrames, nMels]
 * @returns [N]
 */
export function emitSegmentWeight(inputs: Value, terms: SegmentWeightTerms): Value {
  const { slope, gain, silence, power, exponent } = terms;
  const { graph } = inputs;
  const [batch, nFrames] = inputs.shape;
  const grown = graph.emit("Exp", [mul(inputs, slope)], { shape: inputs.shape });
  const mel = relu(mul(sub(grown, Math.exp(slope * silence)), gain)); // rounding must not make it negative
  const energy = mul(sum(power === 1 ? mul(mel, mel) : mel, [1, 2]), 1 / nFrames); // [N]
  return graph.emit("Pow", [energy, graph.constant(exponent / 2)], { shape: [batch] });
}
