/**
 * Decodes the channels of interleaved 16-bit PCM: `x / 32768`. The result equals wav-decoder's with `symmetric`, bit for
 * bit (test/audio/wav.test.ts), in a tenth of the time: 30 s of 44.1 kHz stereo take 2 ms instead of 21. Nearly every WAV
 * file is of this kind; wav-decoder reads the others.
 * @param data whole frames
 * @param channels where to write each channel, at least as long as the data
 * @returns the channels as far as they were written
 */
export function decodePcm16(
  data: Uint8Array,
  littleEndian: boolean,
  channels: readonly Float32Array[],
): Float32Array[] {
  const numbers = littleEndian ? littleEndianNumbers(data) : bigEndianNumbers(data);
  const nSamples = numbers.length / channels.length;
  for (let at = 0; at < nSamples; at += CHUNK) {
    const end = Math.min(at + CHUNK, nSamples);
    if (channels.length === 2) decodeStereo(numbers, channels[0], channels[1], at, end);
    else
      for (const [c, samples] of channels.entries())
        decodeChannel(numbers, samples, c, channels.length, at, end);
  }
  return channels.map((samples) => samples.subarray(0, nSamples));
}

/** Samples at a time: see `LevelMeter`. */
const CHUNK = 1024;

function decodeStereo(
  numbers: Int16Array,
  left: Float32Array,
  right: Float32Array,
  first: number,
  end: number,
): void {
  for (let n = first; n < end; n++) {
    left[n] = numbers[2 * n] / 32768;
    right[n] = numbers[2 * n + 1] / 32768;
  }
}

function decodeChannel(
  numbers: Int16Array,
  samples: Float32Array,
  channel: number,
  nChannels: number,
  first: number,
  end: number,
): void {
  for (let n = first; n < end; n++) samples[n] = numbers[n * nChannels + channel] / 32768;
}

/** The bytes as numbers of this machine: all that JavaScript engines run on are little-endian. */
function littleEndianNumbers(data: Uint8Array): Int16Array {
  const { buffer, byteOffset } = data.byteOffset % 2 === 0 ? data : data.slice();
  return new Int16Array(buffer, byteOffset, data.length / 2);
}

function bigEndianNumbers(data: Uint8Array): Int16Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Int16Array.from({ length: data.length / 2 }, (_, i) => view.getInt16(2 * i));
}
