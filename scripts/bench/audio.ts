import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { Random } from "../../src/core/random.js";
import { frontEnd } from "../../src/features/front-end.js";
import { logMel } from "../../src/features/log-mel.js";

const RATE = 44_100;

/** Writes a 16-bit stereo WAV file of two noisy tones, 44.1 kHz; another seed gives other audio. */
export function writeStereoWav(path: string, durationSec: number, seed: string, hz = 220): void {
  const random = new Random(seed);
  const nSamples = Math.round(durationSec * RATE);
  const bytes = Buffer.alloc(44 + 4 * nSamples);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20); // PCM
  bytes.writeUInt16LE(2, 22); // channels
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(4 * RATE, 28);
  bytes.writeUInt16LE(4, 32); // bytes per frame
  bytes.writeUInt16LE(16, 34); // bits
  bytes.write("data", 36);
  bytes.writeUInt32LE(4 * nSamples, 40);
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset + 44, 2 * nSamples);
  for (let i = 0; i < nSamples; i++)
    for (let channel = 0; channel < 2; channel++) {
      const tone = Math.sin((2 * Math.PI * hz * (1 + channel / 2) * i) / RATE);
      samples[2 * i + channel] = 32767 * (0.4 * tone + 0.1 * random.uniform(-1, 1));
    }
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "w");
  writeSync(file, bytes);
  closeSync(file);
}

/** Writes a folder of clips in ten classes, which differ in pitch. */
export function writeClips(folder: string, count: number, durationSec: number): void {
  for (let i = 0; i < count; i++) {
    const label = i % 10;
    const hz = 110 * 2 ** (label / 3) * (1 + (i % 7) / 200);
    writeStereoWav(`${folder}/class${label}/${i}.wav`, durationSec, `clip ${i}`, hz);
  }
}

/** Times the log-mel spectrogram alone of 30 s at the front end's rate [ms]. */
export function timeLogMel(runs: number): number[] {
  const contract = frontEnd();
  const random = new Random(0);
  const { sampleRate } = contract;
  const samples = Float32Array.from({ length: 30 * sampleRate }, () => random.uniform(-0.5, 0.5));
  return Array.from({ length: runs + 5 }, () => {
    const start = performance.now();
    logMel({ samples, sampleRate }, contract);
    return performance.now() - start;
  }).slice(5);
}
