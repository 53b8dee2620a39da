import { decodeAudio } from "../../src/audio/decode.js";
import { downmix } from "../../src/audio/downmix.js";
import { resample } from "../../src/audio/resample.js";
import { frontEnd } from "../../src/features/front-end.js";
import { logMel } from "../../src/features/log-mel.js";

/** Times each run from a WAV file's bytes to its log-mel [ms], with the preset gct634. The peer is front-end-peer.py. */
export async function timeFrontEnd(wav: Uint8Array, options: { runs: number }): Promise<number[]> {
  const contract = frontEnd();
  const times: number[] = [];
  const warmUp = 5;
  for (let run = 0; run < options.runs + warmUp; run++) {
    const start = performance.now();
    const decoded = await decodeAudio(wav, "clip.wav");
    logMel(resample(downmix(decoded), contract.sampleRate), contract);
    if (run >= warmUp) times.push(performance.now() - start);
  }
  return times;
}
