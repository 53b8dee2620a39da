import FFT from "fft.js";

/** A transform of one size with room to work in; all arrays hold complex numbers, real and imaginary parts in turn. */
interface Plan {
  readonly fft: FFT;
  readonly input: number[];
  readonly spectrum: number[];
  readonly response: number[];
}

const plans = new Map<number, Plan>();

function planFor(size: number): Plan {
  const known = plans.get(size);
  if (known !== undefined) return known;
  const room = () => new Float64Array(2 * size) as unknown as number[];
  const made = { fft: new FFT(size), input: room(), spectrum: room(), response: room() };
  plans.set(size, made);
  return made;
}

/**
 * Convolves a signal with a response by FFT and returns the first `signal.length` samples. The signal's halves are the
 * real and the imaginary part of one transform: the response is real, so that they stay apart.
 */
export function convolve(signal: Float32Array, response: Float32Array): Float32Array {
  const half = Math.ceil(signal.length / 2);
  const size = 2 ** Math.ceil(Math.log2(half + response.length));
  const { fft, input, spectrum, response: filter } = planFor(size);
  input.fill(0);
  for (let i = 0; i < response.length; i++) input[2 * i] = response[i];
  fft.transform(filter, input);
  input.fill(0);
  for (let i = 0; i < half; i++) {
    input[2 * i] = signal[i];
    input[2 * i + 1] = half + i < signal.length ? signal[half + i] : 0;
  }
  fft.transform(spectrum, input);
  for (let i = 0; i < 2 * size; i += 2) {
    const re = spectrum[i] * filter[i] - spectrum[i + 1] * filter[i + 1];
    spectrum[i + 1] = spectrum[i] * filter[i + 1] + spectrum[i + 1] * filter[i];
    spectrum[i] = re;
  }
  fft.inverseTransform(input, spectrum);
  const out = new Float32Array(signal.length);
  const nOut = Math.min(signal.length, half + response.length);
  for (let i = 0; i < nOut; i++) out[i] = input[2 * i];
  for (let i = half; i < signal.length; i++) out[i] += input[2 * (i - half) + 1];
  return out;
}
