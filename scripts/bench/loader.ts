import { TrainSampler } from "../../src/dataset/batches.js";
import { type FeatureData, featuresInMemory } from "../../src/dataset/feature-data.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import { splitClips } from "../../src/dataset/splits.js";
import { openStore } from "../../src/store/store.js";
import { SEGMENT_FRAMES } from "../../src/training/config.js";

const EPOCHS = 3;

/** Times each batch of 32 examples of the default net, read from a store and from the same features in memory [ms]. */
export async function timeLoader(storeDir: string): Promise<{ store: number[]; memory: number[] }> {
  const store = openStore(storeDir);
  const { frontEnd, reader, clips } = store;
  const { nMels } = frontEnd;
  const read = async (clip: (typeof clips)[number]) => {
    const { nFrames, name, labels } = clip;
    const data = new Float32Array(nFrames * nMels);
    await reader.read(clip, 0, nFrames, data, 0);
    return { name, labels, features: { data, shape: [nFrames, nMels] } };
  };
  const memory = featuresInMemory(frontEnd, await Promise.all(clips.map(read)));
  return { store: await timeBatches(store), memory: await timeBatches(memory) };
}

async function timeBatches(data: FeatureData): Promise<number[]> {
  const { train } = featureSets(data, splitClips(data.clips));
  const sampler = new TrainSampler(train, { batchSize: 32, segmentFrames: SEGMENT_FRAMES.vgg });
  const times: number[] = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    sampler.startEpoch(epoch);
    for (let step = 0; step < sampler.stepsPerEpoch; step++) {
      const start = performance.now();
      await sampler.next();
      if (epoch > 0) times.push(performance.now() - start);
    }
  }
  return times;
}
