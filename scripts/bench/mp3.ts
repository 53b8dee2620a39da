import { FeatureStream } from "../../src/features/feature-stream.js";
import { frontEnd } from "../../src/features/front-end.js";
import { openAudioFile } from "../../src/store/open-audio-file.js";

const WARM_UP = 5;

/** Times decoding an audio file and computing its log-mel spectrogram, in one thread [ms]. */
export async function timeToLogMel(path: string, runs: number): Promise<number[]> {
  const contract = frontEnd();
  const times: number[] = [];
  for (let i = 0; i < runs + WARM_UP; i++) {
    const start = performance.now();
    const features = new FeatureStream(await openAudioFile(path), contract, path);
    for await (const _ of features.rows());
    if (i >= WARM_UP) times.push(performance.now() - start);
  }
  return times;
}
