export type MelScale = "slaney" | "htk";

// Slaney's Auditory Toolbox: 3 mels per 200 Hz up to 1 kHz (15 mels), above that 27 mels per factor of 6.4.
const HZ_PER_MEL = 200 / 3;
const LOG_START_HZ = 1000;
const LOG_START_MEL = LOG_START_HZ / HZ_PER_MEL; // 15
const LOG_STEP = Math.log(6.4) / 27;

/**
 * Converts a frequency to mels.
 * - `slaney`: `3 * hz / 200` up to 1 kHz, `15 + 27 * ln(hz / 1000) / ln(6.4)` above;
 * - `htk`: `2595 * log10(1 + hz / 700)`.
 *
 * Same as: librosa 0.11 `hz_to_mel(hz, htk=...)`.
 * @param hz [Hz] at least 0
 */
export function hzToMel(hz: number, scale: MelScale): number {
  if (scale === "htk") return 2595 * Math.log10(1 + hz / 700);
  return hz < LOG_START_HZ ? hz / HZ_PER_MEL : LOG_START_MEL + Math.log(hz / LOG_START_HZ) / LOG_STEP;
}

/** Converts mels to a frequency [Hz]: the inverse of `hzToMel`. */
export function melToHz(mel: number, scale: MelScale): number {
  if (scale === "htk") return 700 * (10 ** (mel / 2595) - 1);
  return mel < LOG_START_MEL ? mel * HZ_PER_MEL : LOG_START_HZ * Math.exp(LOG_STEP * (mel - LOG_START_MEL));
}
