import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { Random } from "../../src/core/random.js";
import { frontEnd } from "../../src/features/front-end.js";
import { logMel } from "../../src/features/log-mel.js";

const RATE = 44_100;

/** The header of a 16-bit stereo WAV file, 44.1 kHz. */
function wavHeader(nSamples: number): Buffer {
  const bytes = Buffer.alloc(44);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + 4 * nSamples, 4);
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
  return bytes;
}

/** Two noisy tones, 16-bit stereo; another seed gives other noise. */
function noisyTones(nSamples: number, seed: string, hz: number): Int16Array {
  const random = new Random(seed);
  const samples = new Int16Array(2 * nSamples);
  for (let i = 0; i < nSamples; i++)
    for (let channel = 0; channel < 2; channel++) {
      const tone = Math.sin((2 * Math.PI * hz * (1 + channel / 2) * i) / RATE);
      samples[2 * i + channel] = 32767 * (0.4 * tone + 0.1 * random.uniform(-1, 1));
    }
  return samples;
}

/** Writes a WAV file of some samples, again and again. */
function writeWav(path: string, samples: Int16Array, times = 1): void {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "w");
  writeSync(file, wavHeader((times * samples.length) / 2));
  for (let i = 0; i < times; i++) writeSync(file, samples);
  closeSync(file);
}

/** Writes a 16-bit stereo WAV file of two noisy tones, 44.1 kHz; another seed gives other audio. */
export function writeStereoWav(path: string, durationSec: number, seed: string, hz = 220): void {
  writeWav(path, noisyTones(Math.round(durationSec * RATE), seed, hz));
}

/** Writes a long one, which repeats its first 30 seconds. */
export function writeLongWav(path: string, durationSec: number): void {
  writeWav(path, noisyTones(30 * RATE, "long", 220), Math.round(durationSec / 30));
}

/** Writes very many short clips in ten classes, fast: those of a class differ in their first samples only. */
export function writeShortClips(folder: string, count: number, durationSec: number): void {
  const classes = Array.from({ length: 10 }, (_, label) =>
    noisyTones(Math.round(durationSec * RATE), `class ${label}`, 110 * 2 ** (label / 3)),
  );
  for (let i = 0; i < count; i++) {
    const samples = classes[i % 10];
    samples.set([i & 0x7fff, i >> 15]);
    writeWav(`${folder}/class${i % 10}/${Math.floor(i / 1000)}/${i}.wav`, samples);
  }
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
