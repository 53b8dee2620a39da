import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { Random } from "../../src/core/random.js";
import type { Split } from "../../src/dataset/split-names.js";
import { type FrontEnd, frontEnd, frontEndHash } from "../../src/features/front-end.js";
import { netConfig } from "../../src/nn/architectures.js";
import { extractClip } from "../../src/store/extract-clip.js";
import { decodeNpy, encodeNpy } from "../../src/store/npy.js";
import {
  clipFiles,
  completeStore,
  type FeatureStore,
  openStore,
  prepareStore,
  type StoredClip,
} from "../../src/store/store.js";
import { type TrainConfig, trainConfig } from "../../src/training/config.js";
import { makeFolder } from "../store/files.js";

/** 8 kHz, 16 bands, 62.5 frames a second. */
export const TINY_FRONT_END = frontEnd({ sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 16 });

/** Settings that train very fast, with everything enabled that draws random numbers or keeps state. */
export const TINY_CONFIG: Partial<TrainConfig> = {
  net: netConfig({ kind: "vgg", channels: [4, 6], dropout: 0.3 }),
  segmentFrames: 16,
  batchSize: 6,
  epochs: 3,
  emaDecay: 0.8,
  augment: 1,
  schedule: { kind: "cosine", warmUp: 0.1 },
  optimizer: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
  learningRate: 0.05,
};

export const tinyConfig = (changes: Partial<TrainConfig> = {}) => trainConfig({ ...TINY_CONFIG, ...changes });

/** The sounds of clips. */
export const SOUNDS = ["hiss", "hum", "tone"] as const;
type Sound = (typeof SOUNDS)[number];

/** Mono samples: white noise, a low square wave or a high sine, with some noise, different for every seed. */
export function makeSound(
  sound: Sound,
  seed: string,
  options: { durationSec?: number; sampleRate?: number } = {},
) {
  const { durationSec = 0.45, sampleRate = 8000 } = options;
  const random = new Random(`${sound} ${seed}`);
  const hz = { hiss: 0, hum: random.uniform(80, 160), tone: random.uniform(900, 1800) }[sound];
  const level = random.uniform(0.1, 0.4);
  const samples = Float32Array.from({ length: Math.round(durationSec * sampleRate) }, (_, n) => {
    const wave = Math.sin((2 * Math.PI * hz * n) / sampleRate);
    const noise = random.uniform(-1, 1);
    return level * (sound === "hiss" ? noise : (sound === "hum" ? Math.sign(wave) : wave) + 0.05 * noise);
  });
  return { samples, sampleRate };
}

/** One clip to store. */
export interface TinyClip {
  name: string;
  labels: string[];
  split: Split | null;
  wav: Uint8Array;
  group?: string;
}

/** Five training, two validation and two test clips of every sound. */
export function tinyClips(): TinyClip[] {
  const splits: Split[] = ["train", "train", "train", "train", "train", "valid", "valid", "test", "test"];
  return SOUNDS.flatMap((sound) =>
    splits.map((split, i) => ({
      name: `${sound}/${i}.wav`,
      labels: [sound],
      split,
      // Three lengths, one of them shorter than a segment.
      wav: encodeWav(makeSound(sound, `${i}`, { durationSec: [0.45, 0.3, 0.2][i % 3] })),
    })),
  );
}

/** A feature store of these clips, made by the extraction's own steps; the audio is next to it in `audio/`. */
export async function makeTinyStore(
  clips: readonly TinyClip[] = tinyClips(),
  made: FrontEnd = TINY_FRONT_END,
): Promise<FeatureStore> {
  const dir = makeFolder();
  const storeDir = join(dir, "store");
  const hash = frontEndHash(made);
  prepareStore(storeDir, made);
  mkdirSync(join(dir, "audio"));
  const stored: StoredClip[] = [];
  for (const [i, { name, labels, split, wav, group }] of clips.entries()) {
    const path = join(dir, "audio", `${i}.wav`);
    writeFileSync(path, wav);
    const setup = { storeDir, frontEnd: made, frontEndHash: hash, knownHashes: new Set<string>() };
    const extracted = await extractClip(path, setup);
    if (extracted.kind !== "made") throw new Error(`${name}: ${JSON.stringify(extracted)}`);
    const { audioHash, durationSec, nFrames } = extracted;
    const files = clipFiles(audioHash, hash);
    stored.push({
      name,
      audioHash,
      labels,
      group: group ?? audioHash,
      split,
      durationSec,
      nFrames,
      ...files,
    });
  }
  completeStore(storeDir, stored);
  return openStore(storeDir);
}

/** Changes every stored feature of a clip. */
export function changeFeatures(
  store: FeatureStore,
  clip: StoredClip,
  change: (value: number) => number = (value) => 1 - value,
): void {
  const path = join(store.dir, clip.features);
  const { data, shape } = decodeNpy(readFileSync(path), path);
  writeFileSync(path, encodeNpy({ shape, data: data.map(change) }));
}
