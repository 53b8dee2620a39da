import { sha256Hex } from "../../src/core/hash.js";
import type { MemoryClip } from "../../src/dataset/feature-data.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import type { ClipSplits } from "../../src/dataset/splits.js";
import { DESCRIPTOR_NAMES } from "../../src/features/descriptors.js";
import { frontEnd } from "../../src/features/front-end.js";
import { writeAtomically } from "../../src/store/atomic-file.js";
import { encodeNpy } from "../../src/store/npy.js";
import { clipFiles, type FeatureStore, featureStore, type StoredClip } from "../../src/store/store.js";
import { makeFolder } from "../store/files.js";

/** A clip as a store lists it; by default, its audio and group are its own. */
export function clipOf(name: string, label: string, more: Partial<StoredClip> = {}): StoredClip {
  const audioHash = more.audioHash ?? sha256Hex(name);
  const stem = { durationSec: 1, nFrames: 1, ...clipFiles(audioHash, "0".repeat(64)) };
  return { name, audioHash, labels: [label], group: audioHash, split: null, ...stem, ...more };
}

/** A store with given features: `frames` [nFrames][nMels] of each clip. */
export function makeStore(
  nMels: number,
  clips: { name: string; label: string; frames: number[][]; descriptors?: number[] }[],
): FeatureStore {
  const dir = makeFolder();
  const made = frontEnd({ nMels });
  const stored = clips.map(({ name, label, frames, descriptors = [0] }) => {
    const clip = clipOf(name, label, { nFrames: frames.length });
    const data = Float32Array.from(frames.flat());
    writeAtomically(`${dir}/${clip.features}`, encodeNpy({ data, shape: [frames.length, nMels] }));
    const summary = { data: new Float32Array(DESCRIPTOR_NAMES.length), shape: [DESCRIPTOR_NAMES.length] };
    summary.data.set(descriptors);
    writeAtomically(`${dir}/${clip.descriptors}`, encodeNpy(summary));
    return clip;
  });
  return featureStore(dir, made, stored);
}

/** The sets of a store with these training clips, [nFrames][nMels] each, and these test clips after them. */
export function trainOf(trainFrames: number[][][], testFrames: number[][][] = []) {
  const clips = [...trainFrames, ...testFrames].map((frames, i) => ({
    name: `clip ${i}`,
    label: "x",
    frames,
  }));
  const store = makeStore(clips[0].frames[0].length, clips);
  const splits: ClipSplits = {
    train: store.clips.slice(0, trainFrames.length),
    valid: [],
    test: store.clips.slice(trainFrames.length),
    hash: "",
  };
  return featureSets(store, splits);
}

/** A clip in memory: `frames` [nFrames][nMels]. */
export function memoryClip(name: string, frames: number[][], more: Partial<MemoryClip> = {}): MemoryClip {
  const features = { data: Float32Array.from(frames.flat()), shape: [frames.length, frames[0].length] };
  return { name, labels: ["x"], features, ...more };
}
