import { checkInteger } from "../core/check.js";
import { canonicalWav } from "./canonical-wav.js";
import { toWaveform } from "./inputs.js";
import type { Waveform } from "./waveform.js";

/**
 * A mono 16-bit PCM WAV file: each sample `round(32768 * x)`, clipped to [-32768, 32767].
 * @example
 * import { decodeAudio, encodeWav } from "timbrel";
 *
 * const wav = encodeWav({ samples: Float32Array.of(0, 0.5, -0.5, 2), sampleRate: 8000 });
 * const { channelData } = await decodeAudio(wav, "four samples");
 * console.log(wav.length, channelData[0].join(" ")); // -> 52 0 0.5 -0.5 0.999969482421875
 */
export function encodeWav(waveform: Waveform): Uint8Array {
  const { samples, sampleRate } = toWaveform("waveform", waveform);
  checkInteger("waveform.sampleRate", sampleRate, { min: 1, max: 2 ** 32 - 1 });
  const data = new DataView(new ArrayBuffer(2 * samples.length));
  for (let n = 0; n < samples.length; n++)
    data.setInt16(2 * n, Math.max(-32768, Math.min(32767, Math.round(32768 * samples[n]))), true);
  const format = {
    kind: "pcm",
    encoding: "16-bit PCM",
    channels: 1,
    sampleRate,
    sampleBytes: 2,
    bits: 16,
    littleEndian: true,
    isUnsigned8: true,
  } as const;
  return new Uint8Array(canonicalWav(new Uint8Array(data.buffer), format));
}
