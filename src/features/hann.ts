/**
 * Periodic Hann window, `0.5 - 0.5 * cos(2 * pi * n / winLength)`, centred in `nFft` values; the rest is zero.
 *
 * Same as: librosa 0.11 `util.pad_center(scipy.signal.get_window("hann", winLength, fftbins=True), size=nFft)`.
 * @param winLength [samples] at most `nFft`
 */
export function hann(winLength: number, nFft: number): Float64Array {
  const window = new Float64Array(nFft);
  const first = Math.floor((nFft - winLength) / 2);
  for (let n = 0; n < winLength; n++)
    window[first + n] = winLength === 1 ? 1 : 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / winLength);
  return window;
}
