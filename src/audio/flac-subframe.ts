import type { BitReader } from "./bit-reader.js";

/** Samples as integers: 33 bits, which the difference of two 32-bit channels takes, fit into doubles only. */
export type IntegerSamples = Int32Array | Float64Array;

/** `predicted[n] = sum over i of FIXED[order][i] * x[n - 1 - i]` */
const FIXED: readonly (readonly number[])[] = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

/**
 * Decodes a channel of a FLAC frame into `samples[0..n)`.
 * @param bits of a sample, from 1 to 33
 * @returns false if it is malformed, or longer than the reader's bytes
 * Reference: RFC 9639, section 9.2
 */
export function decodeSubframe(
  reader: BitReader,
  samples: IntegerSamples,
  { n, bits }: { n: number; bits: number },
): boolean {
  if (reader.unsigned(1) !== 0) return false;
  const type = reader.unsigned(6);
  let wasted = 0;
  if (reader.unsigned(1) === 1) {
    const zeros = reader.zeros();
    if (zeros === null || zeros + 1 >= bits) return false;
    wasted = zeros + 1;
  }
  if (!decodeUnshifted(reader, samples, { type, n, bits: bits - wasted })) return false;
  if (wasted > 0) for (let i = 0; i < n; i++) samples[i] *= 2 ** wasted;
  return true;
}

function decodeUnshifted(
  reader: BitReader,
  samples: IntegerSamples,
  { type, n, bits }: { type: number; n: number; bits: number },
): boolean {
  if (type === 0) {
    samples.fill(reader.signed(bits), 0, n);
    return !reader.isBeyondEnd;
  }
  if (type === 1) return readPlain(reader, samples, { from: 0, to: n, bits });
  const order = type >= 32 ? type - 31 : type - 8;
  if (order < 0 || (type < 32 && order > 4) || order > n) return false;
  if (!readPlain(reader, samples, { from: 0, to: order, bits })) return false;
  if (type < 32) {
    if (!readResidual(reader, samples, { n, order })) return false;
    predictWide(samples, FIXED[order], { n, shift: 0 });
    return true;
  }
  const precision = reader.unsigned(4) + 1;
  const shift = reader.signed(5);
  if (precision === 16 || shift < 0 || reader.nLeft < order * precision) return false;
  const coefficients = Array.from({ length: order }, () => reader.signed(precision));
  if (!readResidual(reader, samples, { n, order })) return false;
  // Sums of this size fit into 32 bits, where multiplying integers is faster.
  if (samples instanceof Int32Array && bits + precision + Math.ceil(Math.log2(order)) <= 32)
    predictNarrow(samples, Int32Array.from(coefficients), { n, shift });
  else predictWide(samples, coefficients, { n, shift });
  return true;
}

function readPlain(
  reader: BitReader,
  samples: IntegerSamples,
  { from, to, bits }: { from: number; to: number; bits: number },
): boolean {
  if (reader.nLeft < (to - from) * bits) return false;
  for (let i = from; i < to; i++) samples[i] = reader.signed(bits);
  return true;
}

/** Reads the differences from the prediction into `samples[order..n)`. */
function readResidual(
  reader: BitReader,
  samples: IntegerSamples,
  { n, order }: { n: number; order: number },
): boolean {
  const method = reader.unsigned(2);
  if (method > 1) return false;
  const parameterBits = 4 + method;
  const partitions = 2 ** reader.unsigned(4);
  const perPartition = n / partitions;
  if (!Number.isInteger(perPartition) || perPartition < order) return false;
  for (let from = order, to = perPartition; to <= n; from = to, to += perPartition) {
    if (reader.isBeyondEnd) return false;
    const parameter = reader.unsigned(parameterBits);
    if (parameter < 2 ** parameterBits - 1) {
      if (!readRice(reader, samples, { from, to, parameter })) return false;
      continue;
    }
    const bits = reader.unsigned(5);
    if (bits === 0) samples.fill(0, from, to);
    else if (!readPlain(reader, samples, { from, to, bits })) return false;
  }
  return true;
}

/** Reads Rice codes: a quotient as zeros before a one, `parameter` bits of remainder, the sign in the last bit. */
function readRice(
  reader: BitReader,
  samples: IntegerSamples,
  { from, to, parameter }: { from: number; to: number; parameter: number },
): boolean {
  const { end } = reader;
  let { position } = reader;
  for (let i = from; i < to; i++) {
    let word = reader.word(position);
    let quotient = 0;
    while (word === 0) {
      quotient += 32;
      position += 32;
      if (position > end) return false;
      word = reader.word(position);
    }
    const zeros = Math.clz32(word);
    quotient += zeros;
    position += zeros + 1;
    let remainder = 0;
    if (parameter > 0) {
      const isInWord = zeros + 1 + parameter <= 32;
      remainder = (isInWord ? word << (zeros + 1) : reader.word(position)) >>> (32 - parameter);
      position += parameter;
      if (quotient >>> (32 - parameter) !== 0) return false; // more than 32 bits
    }
    if (position > end) return false;
    const code = (quotient << parameter) | remainder;
    samples[i] = (code >>> 1) ^ -(code & 1);
  }
  reader.position = position;
  return true;
}

/** Adds the prediction to the differences in place: `x[n] += (sum over i of c[i] * x[n - 1 - i]) >> shift`. */
function predictNarrow(
  x: Int32Array,
  coefficients: Int32Array,
  { n, shift }: { n: number; shift: number },
): void {
  const order = coefficients.length;
  for (let i = order; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < order; k++) sum = (sum + Math.imul(coefficients[k], x[i - 1 - k])) | 0;
    x[i] += sum >> shift;
  }
}

/** As `predictNarrow`, in doubles: exact, since the sums stay below 2^53. */
function predictWide(
  x: IntegerSamples,
  coefficients: readonly number[],
  { n, shift }: { n: number; shift: number },
): void {
  const order = coefficients.length;
  const scale = 2 ** -shift;
  for (let i = order; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < order; k++) sum += coefficients[k] * x[i - 1 - k];
    x[i] += Math.floor(sum * scale);
  }
}
