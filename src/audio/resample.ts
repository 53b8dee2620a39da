import { checkInteger } from "../core/check.js";
import { FIR_KERNEL_BASE64 } from "./fir-kernel.js";
import { toWaveform } from "./inputs.js";
import { joined } from "./joined.js";
import { type FilterBank, filterBank } from "./kaiser-sinc.js";
import { SampleWindow } from "./sample-window.js";
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

/** The ratio of two sample rates. */
export function lowestRatio(inRate: number, outRate: number): Ratio {
  const divisor = greatestCommonDivisor(inRate, outRate);
  return { up: outRate / divisor, down: inRate / divisor };
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
// All streams share the kernel: between two calls, its memory holds nothing but the weights of the last one's bank.
let kernel: Kernel | undefined;
let loadedBank: FilterBank | undefined;

/** The filter of one ratio of sample rates. */
interface Filter {
  /** Output m is computed from the inputs from `floor(m * down / up) - nBefore` on. */
  readonly nBefore: number;
  /** Number of outputs that the first `nIn` inputs determine and that can be computed by themselves. */
  nReady(nIn: number): number;
  /** Writes the outputs from `start` on to `y`; `start` is 0 or an earlier result of `nReady`. */
  run(x: SampleWindow, start: number, y: Float32Array): void;
}

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
  const mono = toWaveform("waveform", waveform);
  const resampler = new StreamResampler(mono.sampleRate, sampleRate);
  if (mono.sampleRate === sampleRate) return mono;
  return { samples: joined([resampler.push(mono.samples).slice(), resampler.end()]), sampleRate };
}

/**
 * Number of samples that resampling gives.
 * @throws UsageError if a rate is out of range
 */
export function resampledLength(nSamples: number, inRate: number, outRate: number): number {
  checkRates(inRate, outRate);
  return Math.round((nSamples * outRate) / inRate);
}

function checkRates(inRate: number, outRate: number): void {
  const range = { min: MIN_SAMPLE_RATE, max: MAX_SAMPLE_RATE };
  checkInteger("waveform.sampleRate", inRate, range);
  checkInteger("sampleRate", outRate, range);
}

/** Resamples a stream. The samples that `push` and `end` return make up what `resample` gives for the whole, to the bit. */
export class StreamResampler {
  readonly #rates: { readonly inRate: number; readonly outRate: number };
  readonly #ratio: Ratio;
  readonly #filter: Filter | null;
  readonly #input = new SampleWindow();
  #nOut = 0;
  #buffer = new Float32Array();

  /** @throws UsageError if a rate is out of range */
  constructor(inRate: number, outRate: number) {
    checkRates(inRate, outRate);
    this.#rates = { inRate, outRate };
    this.#ratio = lowestRatio(inRate, outRate);
    const makeFilter =
      Math.max(this.#ratio.up, this.#ratio.down) <= MAX_EXACT_FACTOR ? exactFilter : interpolatedFilter;
    this.#filter = inRate === outRate ? null : makeFilter(this.#ratio);
  }

  /** Adds samples, and returns those outputs that they complete; they are valid until the next call. */
  push(samples: Float32Array): Float32Array {
    if (this.#filter === null) return samples;
    this.#input.push(samples);
    return this.#outputsUpTo(this.#filter, this.#filter.nReady(this.#input.length));
  }

  /** Returns the last outputs. */
  end(): Float32Array {
    if (this.#filter === null) return new Float32Array();
    const { inRate, outRate } = this.#rates;
    return this.#outputsUpTo(this.#filter, resampledLength(this.#input.length, inRate, outRate));
  }

  #outputsUpTo(filter: Filter, nOut: number): Float32Array {
    const { up, down } = this.#ratio;
    const length = nOut - this.#nOut;
    if (this.#buffer.length < length) this.#buffer = new Float32Array(length);
    const y = this.#buffer.subarray(0, length);
    filter.run(this.#input, this.#nOut, y);
    this.#nOut = nOut;
    this.#input.forget(Math.floor((nOut * down) / up) - filter.nBefore);
    return y;
  }
}

/** Output m has one of `up` fractions; outputs m, m + up, ... share it, and one call computes eight of them: a group. */
function exactFilter({ up, down }: Ratio): Filter {
  const fractions = Float64Array.from({ length: up }, (_, m) => ((m * down) % up) / up);
  const bank = cachedBank(`${up}/${down}`, fractions, up / down);
  const rowBytes = bank.nTaps * FLOAT_BYTES;
  const group = { nIn: LANES * down, nOut: LANES * up };
  const block = group.nOut * Math.max(1, Math.floor(BLOCK_SAMPLES / group.nIn));
  const xBytes = ((block / up) * down + bank.nTaps) * FLOAT_BYTES;
  const xAt = bank.weights.byteLength;
  const yAt = xAt + xBytes;
  return {
    nBefore: bank.nBefore,
    nReady: (nIn) => Math.max(0, Math.floor((nIn - bank.nTaps + bank.nBefore + 1) / group.nIn)) * group.nOut,
    run(x, start, y) {
      const { floats, dot8 } = loadKernel(bank, xBytes + block * FLOAT_BYTES);
      for (let at = 0; at < y.length; at += block) {
        const nOut = Math.min(block, y.length - at);
        const origin = ((start + at) / up) * down - bank.nBefore;
        x.copy(origin, floats.subarray(xAt / FLOAT_BYTES, yAt / FLOAT_BYTES));
        for (let first = 0; first < nOut; first += group.nOut) {
          const last = Math.min(first + up, nOut);
          for (let m = first, row = 0; m < last; m++, row += rowBytes) {
            const base = Math.floor((m * down) / up);
            const from = xAt + base * FLOAT_BYTES;
            dot8(from, down * FLOAT_BYTES, row, row + rowBytes, yAt + m * FLOAT_BYTES, up * FLOAT_BYTES);
          }
        }
        y.set(floats.subarray(yAt / FLOAT_BYTES, yAt / FLOAT_BYTES + nOut), at);
      }
    },
  };
}

/** For ratios of large numbers: Lagrange interpolation between the eight rows nearest to an output's fraction. */
function interpolatedFilter({ up, down }: Ratio): Filter {
  const scale = Math.min(1, up / down);
  const fractions = Float64Array.from(
    { length: ROWS_PER_SAMPLE + LANES },
    (_, r) => (r - LANES / 2 + 1) / ROWS_PER_SAMPLE,
  );
  const bank = cachedBank(`~${scale}`, fractions, scale);
  const rowBytes = bank.nTaps * FLOAT_BYTES;
  const block = Math.max(1, Math.floor((BLOCK_SAMPLES * up) / down));
  const xBytes = (Math.ceil((block * down) / up) + 1 + bank.nTaps) * FLOAT_BYTES;
  const xAt = bank.weights.byteLength;
  const yAt = xAt + xBytes;
  return {
    nBefore: bank.nBefore,
    nReady: (nIn) => Math.max(0, Math.ceil(((nIn - bank.nTaps + bank.nBefore + 1) * up) / down)),
    run(x, start, y) {
      const { floats, dot8 } = loadKernel(bank, xBytes + LANES * FLOAT_BYTES);
      const products = floats.subarray(yAt / FLOAT_BYTES, yAt / FLOAT_BYTES + LANES);
      for (let at = 0; at < y.length; at += block) {
        const end = Math.min(at + block, y.length);
        const origin = Math.floor(((start + at) * down) / up);
        x.copy(origin - bank.nBefore, floats.subarray(xAt / FLOAT_BYTES, yAt / FLOAT_BYTES));
        for (let i = at; i < end; i++) {
          const place = (start + i) * down;
          const position = ((place % up) / up) * ROWS_PER_SAMPLE;
          const row = Math.floor(position);
          const window = xAt + (Math.floor(place / up) - origin) * FLOAT_BYTES;
          // dot8 gets the rows as its input and the input as its weights.
          dot8(row * rowBytes, rowBytes, window, window + rowBytes, yAt, FLOAT_BYTES);
          y[i] = lagrange(products, position - row);
        }
      }
    },
  };
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

/** The kernel with a bank's weights at the beginning of its memory and `bytes` of room behind them. */
function loadKernel(bank: FilterBank, bytes: number): { floats: Float32Array; dot8: Kernel["dot8"] } {
  if (kernel === undefined) {
    const binary = Uint8Array.from(atob(FIR_KERNEL_BASE64), (char) => char.charCodeAt(0));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary));
    kernel = instance.exports as unknown as Kernel;
  }
  const { memory, dot8 } = kernel;
  const pages = Math.ceil((bank.weights.byteLength + bytes - memory.buffer.byteLength) / 65_536);
  if (pages > 0) memory.grow(pages);
  const floats = new Float32Array(memory.buffer);
  if (loadedBank !== bank) floats.set(bank.weights);
  loadedBank = bank;
  return { floats, dot8 };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
