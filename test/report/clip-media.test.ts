import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { frontEnd } from "../../src/features/front-end.js";
import { type ClipMedia, clipMedia } from "../../src/report/clip-media.js";
import { openStore } from "../../src/store/store.js";
import { makeFolder, toneWav, writeFiles } from "../store/files.js";

// Workers run compiled files only: test/build.ts builds them first.
const compiled = new URL("../../dist/src/store/extract.js", import.meta.url).href;
const { extractFeatures } = (await import(compiled)) as typeof import("../../src/store/extract.js");

const FRONT = frontEnd({ sampleRate: 8000, nMels: 32 });

/** Ten seconds of which only those from 6 to 8 are not silent. */
function lateTone(): Uint8Array {
  const samples = Float32Array.from({ length: 80_000 }, (_, n) =>
    n >= 48_000 && n < 64_000 ? 0.5 * Math.sin(n / 3) : 0,
  );
  return encodeWav({ samples, sampleRate: 8000 });
}

async function mediaOf(change: (audio: string) => void = () => {}): Promise<Record<string, ClipMedia>> {
  const dir = makeFolder();
  const audio = join(dir, "audio");
  writeFiles(audio, { "a/tone.wav": toneWav(440), "b/late.wav": lateTone(), "b/other.wav": toneWav(550) });
  await extractFeatures(audio, join(dir, "store"), { frontEnd: FRONT });
  const store = openStore(join(dir, "store"));
  change(audio);
  const media = await clipMedia(store.clips, { data: store, storeDir: store.dir });
  return Object.fromEntries(store.clips.map(({ name, audioHash }) => [name, media.get(audioHash)!]));
}

describe("clipMedia", () => {
  it("reads a clip's picture, and the loudest three seconds of its audio", async () => {
    const { "a/tone.wav": tone, "b/late.wav": late } = await mediaOf();
    const { width, height } = decode(late.picture!);
    expect([width <= 360, height]).toEqual([true, 32]);
    if (typeof tone.audio === "string" || typeof late.audio === "string") throw new Error("no audio");
    expect([tone.audio.fromSec, tone.audio.toSec]).toEqual([0, 0.25]);
    expect(late.audio.fromSec).toBeGreaterThan(4.9);
    expect(late.audio.fromSec).toBeLessThan(6.1);
    const { channelData, sampleRate } = await decodeAudio(late.audio.wav, "late");
    expect([channelData.length, channelData[0].length, sampleRate]).toEqual([1, 24_000, 8000]);
    expect(channelData[0].filter((sample) => Math.abs(sample) > 0.01).length).toBeGreaterThan(15_000);
  });

  it("has a picture and says why there is no sound of a file that moved, changed or broke", async () => {
    const media = await mediaOf((audio) => {
      rmSync(join(audio, "a/tone.wav"));
      writeFileSync(join(audio, "b/other.wav"), toneWav(660, 1));
    });
    for (const name of ["a/tone.wav", "b/other.wav"]) {
      expect(media[name].picture).not.toBeNull();
      expect(media[name].audio).toBe("The audio file is not where it was, or has changed.");
    }
    expect(typeof media["b/late.wav"].audio).toBe("object");
  });
});
