import type { Waveform } from "../audio/waveform.js";
import { UsageError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import { tensor } from "../core/tensor.js";
import { type Compress, compressor, limitRange } from "./compress.js";
import type { FrontEnd } from "./front-end.js";
import { emptyMelBands } from "./mel-filter-bank.js";
import { type MelFrames, melFrames } from "./mel-frames.js";

/** What is computed once and used for all clips of a front end. */
interface Plan {
  readonly melFrames: MelFrames;
  readonly compress: Compress;
  /** Index of a band that is not empty, if there is one. */
  readonly probe: number;
}

const plans = new WeakMap<FrontEnd, Plan>();

/**
 * Log-compressed mel spectrogram: frames of the clip -> window -> spectrum -> mel bands -> compression.
 * Computed in double precision, stored in single.
 *
 * Same as: librosa 0.11 `feature.melspectrogram(y=, sr=, n_fft=, win_length=, hop_length=, pad_mode="constant", power=,
 * n_mels=, fmin=, fmax=, htk=, norm=).T`, then the compression (`power_to_db` for `powerToDb`), within 1e-5 of the
 * largest value (test/features/log-mel.test.ts).
 * @param waveform at `frontEnd.sampleRate`, at least one sample; may be shorter than a window
 * @param frontEnd made by `frontEnd`
 * @returns shape [nFrames, nMels], `nFrames = 1 + floor(nSamples / hopLength)`
 * @throws UsageError for another sample rate, no samples, or samples that are not finite
 * @example
 * import { frontEnd, logMel } from "timbrel";
 *
 * const front = frontEnd();
 * const samples = Float32Array.from({ length: 22050 }, (_, n) => Math.sin((2 * Math.PI * 440 * n) / 22050));
 * const { shape, data } = logMel({ samples, sampleRate: 22050 }, front);
 * const frame = [...data.subarray(20 * front.nMels, 21 * front.nMels)];
 * console.log(shape, frame.indexOf(Math.max(...frame))); // -> [ 44, 128 ] 16
 */
export function logMel(waveform: Waveform, frontEnd: FrontEnd): Tensor {
  const { samples, sampleRate } = waveform;
  const { hopLength, nMels } = frontEnd;
  if (sampleRate !== frontEnd.sampleRate)
    throw new UsageError({
      setting: "waveform",
      rule: `be at ${frontEnd.sampleRate} Hz`,
      got: `${sampleRate} Hz`,
      remedy: "resample it first",
    });
  if (samples.length === 0)
    throw new UsageError({ setting: "waveform", rule: "hold at least 1 sample", got: 0 });
  const { melFrames, compress, probe } = planOf(frontEnd);
  const nFrames = 1 + Math.floor(samples.length / hopLength);
  const out = new Float32Array(nFrames * nMels);
  for (let first = 0; first < nFrames; first += melFrames.framesPerBlock) {
    const n = Math.min(melFrames.framesPerBlock, nFrames - first);
    const mel = melFrames.mel(samples, first, n); // [n, nMels]
    for (let i = probe; i < mel.length; i += nMels) if (!Number.isFinite(mel[i])) throw notFinite(samples);
    compress(mel, out, first * nMels);
  }
  limitRange(out, frontEnd.compression);
  return tensor(out, [nFrames, nMels]);
}

/** Front ends are frozen, so one plan serves every clip. */
function planOf(frontEnd: FrontEnd): Plan {
  const known = plans.get(frontEnd);
  if (known !== undefined) return known;
  const empty = new Set(emptyMelBands(frontEnd));
  const plan: Plan = {
    melFrames: melFrames(frontEnd),
    compress: compressor(frontEnd.compression),
    probe: Array.from({ length: frontEnd.nMels }, (_, m) => m).find((m) => !empty.has(m)) ?? 0,
  };
  plans.set(frontEnd, plan);
  return plan;
}

/** A sample that is not finite makes every bin of its frames not finite, so checking one band is enough. */
function notFinite(samples: Float32Array): UsageError {
  const at = samples.findIndex((value) => !Number.isFinite(value));
  return new UsageError({
    setting: "waveform",
    rule: "hold finite samples",
    got: `${samples[at]} at sample ${at}`,
    remedy: "repair the clip or leave it out",
  });
}
