import { DataError } from "../../src/core/errors.js";

/**
 * One sample of a GUS patch.
 * Reference: Gravis UltraSound SDK 2.22, appendix C, and TiMidity++'s instrum.c.
 */
export interface GusSample {
  /** In [-1, 1). */
  readonly audio: Float32Array;
  readonly sampleRate: number;
  /** Frequency at which the sample sounds if it is played at its own rate. */
  readonly rootHz: number;
  /** Frequencies that the sample is meant for. */
  readonly lowHz: number;
  readonly highHz: number;
  /** Samples that repeat while the note sounds, the second one exclusive; null if the sample ends. */
  readonly loop: readonly [start: number, end: number] | null;
  /** null if the sample ends by itself: there is nothing to shape then. */
  readonly envelope: GusEnvelope | null;
}

/** The volume of a note: a rise, a fall to what is held, and the fall after the note. */
export interface GusEnvelope {
  readonly attackSec: number;
  /** Time of the fall; 0 for none. */
  readonly decaySec: number;
  /** What is held, relative to the peak [dB], at most 0. */
  readonly sustainDb: number;
  /** Time in which the volume falls by 96 dB. */
  readonly releaseSec: number;
}

const HEADER_BYTES = 129;
const INSTRUMENT_BYTES = 63;
const LAYER_BYTES = 47;
const SAMPLE_HEADER_BYTES = 96;
const N_SAMPLES_AT = HEADER_BYTES + INSTRUMENT_BYTES + 6;

const MODE = { is16Bit: 1, isUnsigned: 2, loops: 4, pingPong: 8, reverse: 16 } as const;

/** The chip's volume is logarithmic: 256 steps over 16 octaves of amplitude. */
const DB_PER_STEP = (20 * Math.log10(2)) / 16;
const ENVELOPE_RATE_HZ = 44100;

/**
 * Reads a patch of the Gravis UltraSound: recordings with their tuning, loops and envelopes. What it says of tremolo,
 * vibrato and panning, and the fraction of a sample in the loop's points, is left aside.
 * @param name the file's name in messages
 * @throws DataError if it is no such patch, if it ends early, or if a sample is played backward
 */
export function decodeGusPatch(bytes: Uint8Array, name: string): GusSample[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...bytes.subarray(at, at + length));
  if (text(0, 8) !== "GF1PATCH")
    throw new DataError(name, "is no GUS patch: it does not begin with GF1PATCH");
  if (bytes.length < HEADER_BYTES + INSTRUMENT_BYTES + LAYER_BYTES)
    throw new DataError(name, `ends after ${bytes.length} bytes, within its header`);
  const samples: GusSample[] = [];
  let at = HEADER_BYTES + INSTRUMENT_BYTES + LAYER_BYTES;
  for (let i = 0; i < bytes[N_SAMPLES_AT]; i++) {
    const size = at + SAMPLE_HEADER_BYTES > bytes.length ? Number.NaN : view.getUint32(at + 8, true);
    if (!(at + SAMPLE_HEADER_BYTES + size <= bytes.length))
      throw new DataError(name, `ends within sample ${i + 1} of ${bytes[N_SAMPLES_AT]}`);
    samples.push(
      decodeSample(new DataView(view.buffer, view.byteOffset + at, SAMPLE_HEADER_BYTES + size), name),
    );
    at += SAMPLE_HEADER_BYTES + size;
  }
  return samples;
}

/** @param view header and audio of one sample */
function decodeSample(view: DataView, name: string): GusSample {
  const mode = view.getUint8(55);
  if ((mode & MODE.reverse) !== 0) throw new DataError(name, "has a sample that is played backward");
  const [sampleRate, rootHz] = [view.getUint16(20, true), view.getUint32(30, true) / 1000];
  if (sampleRate === 0 || rootHz === 0) throw new DataError(name, "has a sample without a rate or a pitch");
  const audio = decodePcm(
    new DataView(view.buffer, view.byteOffset + SAMPLE_HEADER_BYTES, view.byteLength - SAMPLE_HEADER_BYTES),
    mode,
  );
  const bytesPerSample = mode & MODE.is16Bit ? 2 : 1;
  const start = Math.floor(view.getUint32(12, true) / bytesPerSample);
  const end = Math.min(audio.length, Math.floor(view.getUint32(16, true) / bytesPerSample));
  const loops = (mode & MODE.loops) !== 0 && end > start;
  return {
    sampleRate,
    rootHz,
    lowHz: view.getUint32(22, true) / 1000,
    highHz: view.getUint32(26, true) / 1000,
    envelope: loops ? envelopeOf(view) : null,
    ...(loops && (mode & MODE.pingPong) !== 0
      ? forthAndBack(audio, start, end)
      : { audio, loop: loops ? [start, end] : null }),
  };
}

function decodePcm(view: DataView, mode: number): Float32Array {
  const isUnsigned = (mode & MODE.isUnsigned) !== 0;
  if ((mode & MODE.is16Bit) === 0)
    return Float32Array.from({ length: view.byteLength }, (_, i) =>
      isUnsigned ? view.getUint8(i) / 128 - 1 : view.getInt8(i) / 128,
    );
  return Float32Array.from({ length: view.byteLength >> 1 }, (_, i) =>
    isUnsigned ? view.getUint16(2 * i, true) / 32768 - 1 : view.getInt16(2 * i, true) / 32768,
  );
}

/** The sample with its loop followed by the loop backward, which repeats as one. */
function forthAndBack(audio: Float32Array, start: number, end: number): Pick<GusSample, "audio" | "loop"> {
  const back = audio.slice(start, end).reverse();
  const unrolled = new Float32Array(end + back.length);
  unrolled.set(audio.subarray(0, end));
  unrolled.set(back, end);
  return { audio: unrolled, loop: [start, unrolled.length] };
}

/** The first three of the six ramps are those of a note that is held, the fourth begins at its end. */
function envelopeOf(view: DataView): GusEnvelope {
  const [rates, offsets] = [37, 43].map((at) => Array.from({ length: 6 }, (_, i) => view.getUint8(at + i)));
  const [peak, middle, held] = offsets;
  const falls = held < peak;
  return {
    attackSec: rampSec(rates[0], peak),
    decaySec: falls ? rampSec(rates[1], middle - peak) + rampSec(rates[2], held - middle) : 0,
    sustainDb: falls ? (held - peak) * DB_PER_STEP : 0,
    releaseSec: rampSec(rates[3], 255),
  };
}

/** Time of a ramp over some of the 256 steps: six bits are the speed, the upper two divide it by 1, 8, 64 or 512. */
function rampSec(rate: number, steps: number): number {
  const speed = Math.max(1, rate & 63) << (3 * (3 - (rate >> 6)));
  return (Math.abs(steps) * 8192) / speed / ENVELOPE_RATE_HZ;
}
