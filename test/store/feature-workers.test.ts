import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { bytesInMemory } from "../../src/audio/byte-source.js";
import { openAudio } from "../../src/audio/decode.js";
import { joined } from "../../src/audio/joined.js";
import type { ClipFeatures, FeatureOptions, OpenFeatures } from "../../src/features/clip-features.js";
import { FeatureStream } from "../../src/features/feature-stream.js";
import { frontEnd } from "../../src/features/front-end.js";
import { signal } from "../features/signals.js";
import { makeFolder, toneWav, writeFiles } from "./files.js";

// Workers run compiled files only: test/build.ts builds them first.
const dist = (file: string) => new URL(`../../dist/src/${file}`, import.meta.url).href;
const { FeatureWorkers } = (await import(
  dist("store/feature-workers.js")
)) as typeof import("../../src/store/feature-workers.js");
const { DataError } = (await import(dist("core/errors.js"))) as typeof import("../../src/core/errors.js");

const compression = { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 20 } as const;
const made = frontEnd({ sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 16, power: 2, compression });
const workers = new FeatureWorkers(1); // so that a clip that never ends would keep the others waiting
afterAll(() => workers.close());

const bytes = toneWav(300, 40, 6000);
const dir = makeFolder();
writeFiles(dir, { "tone.wav": bytes, "text.wav": Buffer.from("no audio") });
const tone = join(dir, "tone.wav");
const channels = { channelData: [signal("chirp", 100_000), signal("noise", 100_000)], sampleRate: 44_100 };

async function read(features: ClipFeatures) {
  const parts: Float32Array[] = [];
  for await (const rows of features.rows()) parts.push(rows);
  const { path, declaredFrames, declaredSec, isLimited, nFrames, durationSec, least, warnings } = features;
  const known = { path, declaredFrames, declaredSec, isLimited, nFrames, durationSec, least, warnings };
  return { ...known, rows: joined(parts), descriptors: features.descriptors() };
}

const open = (opener: OpenFeatures, options: FeatureOptions = {}) =>
  opener(made, { describes: true, ...options });

describe("FeatureWorkers", () => {
  it("give what this thread computes, for a file, bytes and samples", async () => {
    const here = new FeatureStream(await openAudio(bytesInMemory(bytes), "a.wav"), made, "a.wav", {
      describes: true,
    });
    const expected = await read(here);
    expect(expected.warnings.map(({ code }) => code)).toEqual(["low-sample-rate"]);
    const inMemory = workers.opener({ kind: "bytes", bytes, path: "a.wav" });
    expect(await read(await open(inMemory))).toEqual(expected);
    expect(await read(await open(inMemory))).toEqual(expected); // a second time
    const ofFile = await read(await open(workers.opener({ kind: "file", path: tone })));
    expect(ofFile).toEqual({ ...expected, path: tone });
    const [sampled, again] = [
      channels,
      { ...channels, channelData: channels.channelData.map((x) => new Float32Array([9, ...x]).subarray(1)) },
    ];
    const ofSamples = await read(
      await open(workers.opener({ kind: "samples", channels: sampled, path: "a" })),
    );
    expect(ofSamples.nFrames).toBe(1 + Math.floor(Math.round((100_000 * 8000) / 44_100) / 128));
    expect(await read(await open(workers.opener({ kind: "samples", channels: again, path: "a" })))).toEqual(
      ofSamples,
    );
  });

  it("throw what the clip is at fault for, as this thread does", async () => {
    const opened = (path: string) => open(workers.opener({ kind: "file", path }));
    await expect(opened(join(dir, "nowhere.wav"))).rejects.toThrow(DataError);
    const text = await opened(join(dir, "text.wav")).catch((error: unknown) => error);
    expect(text).toBeInstanceOf(DataError);
    expect(text).toMatchObject({
      path: join(dir, "text.wav"),
      reason: "not audio that timbrel reads (WAV, AIFF, AU, MP3, OGG Vorbis, Opus or FLAC)",
    });
    const long = await open(workers.opener({ kind: "file", path: tone }), { maxDurationSec: 10 });
    await expect(read(long)).rejects.toThrow(
      `${tone}: lasts more than 10 s; raise \`maxDurationSec\`, or cut it`,
    );
  });

  it("go on to the next clip when a reader stops, or throws, in the middle", async () => {
    const minutes = { channelData: [new Float32Array(60 * 60 * 8000)], sampleRate: 8000 }; // more than is sent ahead
    const opener = workers.opener({ kind: "samples", channels: minutes, path: "a" });
    for await (const rows of (await open(opener)).rows()) {
      expect(rows.length).toBeGreaterThan(0);
      break;
    }
    const onBlock = () => {
      throw new Error("stopped");
    };
    await expect(read(await open(opener, { onBlock }))).rejects.toThrow("stopped");
    expect((await read(await open(workers.opener({ kind: "file", path: tone })))).durationSec).toBe(40);
  });

  it("say how far they are with every block", async () => {
    const seen: number[] = [];
    const features = await open(workers.opener({ kind: "bytes", bytes, path: "a" }), {
      onBlock: () => seen.push(features.durationSec),
    });
    await read(features);
    expect([features.declaredSec, seen.at(-1)]).toEqual([40, 40]);
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it("leave this thread free", async () => {
    const minutes = { channelData: [new Float32Array(10 * 60 * 8000)], sampleRate: 8000 };
    let isDone = false;
    const reading = open(workers.opener({ kind: "samples", channels: minutes, path: "a" }))
      .then(read)
      .finally(() => {
        isDone = true;
      });
    let turns = 0;
    for (; !isDone; turns++) await setImmediate();
    await reading;
    expect(turns).toBeGreaterThan(200); // computed here, it would be a few
  });

  it("do not keep a program running that is done with its clips", () => {
    const program = `
      import { FeatureWorkers } from ${JSON.stringify(dist("store/feature-workers.js"))};
      const features = await new FeatureWorkers().opener({ kind: "file", path: ${JSON.stringify(tone)} })(${JSON.stringify(made)}, {});
      for await (const _ of features.rows());
      console.log(features.nFrames);`;
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect(said).toBe(`${1 + Math.floor((40 * 8000) / 128)}\n`);
  });
});
