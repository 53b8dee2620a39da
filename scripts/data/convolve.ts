import FFT from "fft.js";

const plans = new Map<number, FFT>();

function planFor(size: number): FFT {
  const known = plans.get(size);
  if (known !== undefined) return known;
  const made = new FFT(size);
  plans.set(size, made);
  return made;
}

/** Convolves a signal with a response by FFT and returns the first `signal.length` samples. */
export function convolve(signal: Float32Array, response: Float32Array): Float32Array {
  const size = 2 ** Math.ceil(Math.log2(signal.length + response.length));
  const fft = planFor(size);
  const spectrumOf = (samples: Float32Array): Float64Array => {
    const padded = new Float64Array(size);
    padded.set(samples);
    const spectrum = new Float64Array(2 * size);
    fft.realTransform(spectrum as unknown as number[], padded as unknown as number[]);
    return spectrum;
  };
  const a = spectrumOf(signal);
  const b = spectrumOf(response);
  for (let i = 0; i <= size; i += 2) {
    const re = a[i] * b[i] - a[i + 1] * b[i + 1];
    a[i + 1] = a[i] * b[i + 1] + a[i + 1] * b[i];
    a[i] = re;
  }
  fft.completeSpectrum(a as unknown as number[]);
  const out = b;
  fft.inverseTransform(out as unknown as number[], a as unknown as number[]);
  return Float32Array.from({ length: signal.length }, (_, i) => out[2 * i]);
}
