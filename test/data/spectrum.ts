/** Length of the analysed part of a sound [s]. */
const WINDOW_SEC = 0.18;

/** Level at a frequency [dB], of the part of a sound from a moment on, by a Hann-windowed Fourier sum. */
export function levelDb(
  samples: Float32Array,
  sampleRate: number,
  hz: number,
  fromSec: number,
  windowSec = WINDOW_SEC,
): number {
  const first = Math.round(fromSec * sampleRate);
  const n = Math.round(windowSec * sampleRate);
  let [re, im] = [0, 0];
  for (let i = 0; i < n; i++) {
    const x = samples[first + i] * (1 - Math.cos((2 * Math.PI * i) / n));
    re += x * Math.cos((2 * Math.PI * hz * i) / sampleRate);
    im += x * Math.sin((2 * Math.PI * hz * i) / sampleRate);
  }
  return 20 * Math.log10(Math.hypot(re, im) / n + 1e-12);
}

/**
 * The pitch of the part of a sound from a moment on, as a MIDI note number: the shortest lag in the range at which the
 * autocorrelation is within 10 % of its largest value.
 * @param range lowest and highest MIDI note number
 */
export function pitchOf(
  samples: Float32Array,
  sampleRate: number,
  fromSec: number,
  range: readonly [number, number],
): number {
  const hzOf = (key: number) => 440 * 2 ** ((key - 69) / 12);
  const first = Math.round(fromSec * sampleRate);
  const n = Math.round(WINDOW_SEC * sampleRate);
  const [shortest, longest] = [
    Math.floor(sampleRate / hzOf(range[1] + 1)),
    Math.ceil(sampleRate / hzOf(range[0] - 1)),
  ];
  const likeness = (lag: number) => {
    let [product, a, b] = [0, 0, 0];
    for (let i = first; i < first + n; i++) {
      product += samples[i] * samples[i + lag];
      a += samples[i] ** 2;
      b += samples[i + lag] ** 2;
    }
    return product / Math.sqrt(a * b);
  };
  const values = Array.from({ length: longest - shortest + 1 }, (_, i) => likeness(shortest + i));
  const enough = 0.9 * Math.max(...values);
  let at = values.findIndex((value) => value >= enough);
  while (at + 1 < values.length && values[at + 1] > values[at]) at++;
  const [before, here, after] = [values[at - 1] ?? values[at], values[at], values[at + 1] ?? values[at]];
  const curvature = before - 2 * here + after;
  const lag = shortest + at + (curvature === 0 ? 0 : (before - after) / (2 * curvature));
  return 69 + 12 * Math.log2(sampleRate / lag / 440);
}
