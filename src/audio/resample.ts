import { checkInteger } from "../core/check.js";
import { FIR_KERNEL_BASE64 } from "./fir-kernel.js";
import { type FilterBank, filterBank } from "./kaiser-sinc.js";
import { MAX_SAMPLE_RATE, MIN_SAMPLE_RATE, type Waveform } from "./waveform.js";

interface Kernel {
  memory: WebAssembly.Memory;
  dot8(x: number, xStep: number, weights: number, weightsEnd: number, y: number, yStep: number): void;
}

/** outRate / inRate in lowest terms: L / M in the literature. */
interface Ratio {
  up: number;
  down: number;
}

// One row per fraction takes max(up, down) * 110 weights. Above this factor, fewer rows are kept and interpolated.
const MAX_EXACT_FACTOR = 4096;
const LANES = 8;
// Rows per input sample where 8 of them are interpolated: the error is below the rounding of 32-bit sums.
const ROWS_PER_SAMPLE = 32;
const BLOCK_SAMPLES = 32_768;
const FLOAT_BYTES = 4;
const MAX_CACHED_BANKS = 8;
const banks = new Map<string, FilterBank>();
let kernel: Kernel | undefined;

/**
 * Resamples band-limited with a Kaiser-windowed sinc, without delay.
 *   y[m] = sum over n of x[n] * weight(n - m * inRate / outRate),  m = 0..round(nSamples * outRate / inRate) - 1
 * with zeros before the first and after the last sample. Aliases and images are at least 80 dB down from the lower
 * Nyquist frequency upwards; the pass band is flat within 0.001 dB up to 0.9 of it; test/audio/resample.test.ts.
 * @param waveform with an integer sampleRate, 4 to 384 kHz
 * @param sampleRate of the result, an integer, 4 to 384 kHz; the waveform itself is returned if it already has it
 * @throws UsageError if a rate is out of range
 * @example
 * import { resample } from "timbrel";
 *
 * const tone = Float32Array.from({ length: 44100 }, (_, n) => Math.sin((2 * Math.PI * 440 * n) / 44100));
 * const { samples, sampleRate } = resample({ samples: tone, sampleRate: 44100 }, 16000);
 * console.log(samples.length, sampleRate); // -> 16000 16000
 */
export function resample(waveform: Waveform, sampleRate: number): Waveform {
  const range = { min: MIN_SAMPLE_RATE, max: MAX_SAMPLE_RATE };
  const inRate = checkInteger("waveform.sampleRate", waveform.sampleRate, range);
  const outRate = checkInteger("sampleRate", sampleRate, range);
  if (inRate === outRate) return waveform;
  const divisor = greatestCommonDivisor(inRate, outRate);
  const ratio = { up: outRate / divisor, down: inRate / divisor };
  const samples = new Float32Array(Math.round((waveform.samples.length * outRate) / inRate));
  if (Math.max(ratio.up, ratio.down) <= MAX_EXACT_FACTOR) resampleExact(waveform.samples, samples, ratio);
  else resampleInterpolated(waveform.samples, samples, ratio);
  return { samples, sampleRate };
}

/** Output m has one of `up` fractions; outputs m, m + up, ... share it, and one call computes eight of them. */
function resampleExact(x: Float32Array, y: Float32Array, { up, down }: Ratio): void {
  const fractions = Float64Array.from({ length: up }, (_, m) => ((m * down) % up) / up);
  const bank = cachedBank(`${up}/${down}`, fractions, up / down);
  const rowBytes = bank.nTaps * FLOAT_BYTES;
  const group = LANES * up; // outputs
  const block = group * Math.max(1, Math.floor(BLOCK_SAMPLES / (LANES * down)));
  const xBytes = ((block / up) * down + bank.nTaps) * FLOAT_BYTES;
  const { memory, dot8 } = loadKernel(bank.weights.byteLength + xBytes + block * FLOAT_BYTES);
  const floats = new Float32Array(memory.buffer);
  floats.set(bank.weights);
  const xAt = bank.weights.byteLength;
  const yAt = xAt + xBytes;
  for (let start = 0; start < y.length; start += block) {
    const nOut = Math.min(block, y.length - start);
    copyPadded(x, (start / up) * down - bank.nBefore, floats.subarray(xAt / FLOAT_BYTES, yAt / FLOAT_BYTES));
    for (let first = 0; first < nOut; first += group) {
      const last = Math.min(first + up, nOut);
      for (let m = first, row = 0; m < last; m++, row += rowBytes) {
        const base = Math.floor((m * down) / up);
        const from = xAt + base * FLOAT_BYTES;
        dot8(from, down * FLOAT_BYTES, row, row + rowBytes, yAt + m * FLOAT_BYTES, up * FLOAT_BYTES);
      }
    }
    y.set(floats.subarray(yAt / FLOAT_BYTES, yAt / FLOAT_BYTES + nOut), start);
  }
}

/** For ratios of large numbers: Lagrange interpolation between the eight rows nearest to an output's fraction. */
function resampleInterpolated(x: Float32Array, y: Float32Array, { up, down }: Ratio): void {
  const scale = Math.min(1, up / down);
  const fractions = Float64Array.from(
    { length: ROWS_PER_SAMPLE + LANES },
    (_, r) => (r - LANES / 2 + 1) / ROWS_PER_SAMPLE,
  );
  const bank = cachedBank(`~${scale}`, fractions, scale);
  const rowBytes = bank.nTaps * FLOAT_BYTES;
  const block = Math.max(1, Math.floor((BLOCK_SAMPLES * up) / down));
  const xBytes = (Math.ceil((block * down) / up) + 1 + bank.nTaps) * FLOAT_BYTES;
  const { memory, dot8 } = loadKernel(bank.weights.byteLength + xBytes + LANES * FLOAT_BYTES);
  const floats = new Float32Array(memory.buffer);
  floats.set(bank.weights);
  const xAt = bank.weights.byteLength;
  const yAt = xAt + xBytes;
  const products = floats.subarray(yAt / FLOAT_BYTES, yAt / FLOAT_BYTES + LANES);
  for (let start = 0; start < y.length; start += block) {
    const end = Math.min(start + block, y.length);
    const origin = Math.floor((start * down) / up);
    copyPadded(x, origin - bank.nBefore, floats.subarray(xAt / FLOAT_BYTES, yAt / FLOAT_BYTES));
    for (let m = start; m < end; m++) {
      const base = Math.floor((m * down) / up);
      const position = (((m * down) % up) / up) * ROWS_PER_SAMPLE;
      const row = Math.floor(position);
      const window = xAt + (base - origin) * FLOAT_BYTES;
      // dot8 gets the rows as its input and the input as its weights.
      dot8(row * rowBytes, rowBytes, window, window + rowBytes, yAt, FLOAT_BYTES);
      y[m] = lagrange(products, position - row);
    }
  }
}

// 1 / product over i != j of (j - i), for the nodes -3..4
const NODE_WEIGHTS = Array.from({ length: LANES }, (_, j) => {
  let product = 1;
  for (let i = 0; i < LANES; i++) if (i !== j) product *= j - i;
  return 1 / product;
});

/** The value at `t` in [0, 1) of the polynomial through `values` at -3, -2, ..., 4. */
function lagrange(values: Float32Array, t: number): number {
  if (t === 0) return values[LANES / 2 - 1];
  let product = 1;
  let sum = 0;
  for (let j = 0; j < LANES; j++) {
    const distance = t + LANES / 2 - 1 - j;
    product *= distance;
    sum += (NODE_WEIGHTS[j] * values[j]) / distance;
  }
  return product * sum;
}

function cachedBank(key: string, fractions: Float64Array, ratio: number): FilterBank {
  const cached = banks.get(key);
  if (cached !== undefined) return cached;
  if (banks.size >= MAX_CACHED_BANKS) banks.clear();
  const bank = filterBank(fractions, Math.min(1, ratio));
  banks.set(key, bank);
  return bank;
}

/** `out[i] = x[from + i]`, 0 outside. */
function copyPadded(x: Float32Array, from: number, out: Float32Array): void {
  const first = Math.min(out.length, Math.max(0, -from));
  const last = Math.max(first, Math.min(out.length, x.length - from));
  out.fill(0, 0, first);
  out.set(x.subarray(from + first, from + last), first);
  out.fill(0, last);
}

/** The kernel with at least `bytes` of memory. All calls share one: nothing in its memory is needed after a call. */
function loadKernel(bytes: number): Kernel {
  if (kernel === undefined) {
    const binary = Uint8Array.from(atob(FIR_KERNEL_BASE64), (char) => char.charCodeAt(0));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary));
    kernel = instance.exports as unknown as Kernel;
  }
  const pages = Math.ceil((bytes - kernel.memory.buffer.byteLength) / 65_536);
  if (pages > 0) kernel.memory.grow(pages);
  return kernel;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
