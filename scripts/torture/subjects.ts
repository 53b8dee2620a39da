import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readNetFile } from "../../src/commands/net-file.js";
import { sha256Hex } from "../../src/core/hash.js";
import type { Random } from "../../src/core/random.js";
import { frontEnd } from "../../src/features/front-end.js";
import type { Engine } from "../../src/runtime/engine.js";
import { decodeNpy } from "../../src/store/npy.js";
import { scanManifest } from "../../src/store/scan-manifest.js";
import { SourceIndex } from "../../src/store/source-index.js";
import { type FeatureStore, intactAudio, openStore, prepareStore } from "../../src/store/store.js";
import { decodeLinearModel, encodeLinearModel, linearModel } from "../../src/tagging/linear-model.js";
import { decodeModel, encodeModel } from "../../src/tagging/model-file.js";
import { decodeAnyModel, openTagger } from "../../src/tagging/open-tagger.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/training/checkpoint.js";
import { trainConfig } from "../../src/training/config.js";
import { prepareRun } from "../../src/training/prepare-run.js";
import { runPaths } from "../../src/training/run-folder.js";
import { damaged, editedJson } from "./damage.js";
import { withCheckpointRecord, withHeader, withRecord } from "./reframe.js";

/** A kind of file that timbrel reads. */
export interface Subject {
  readonly name: string;
  readonly file: Uint8Array;
  /** Ways to damage it; each returns a copy. */
  readonly edits: readonly ((file: Uint8Array, random: Random) => Uint8Array)[];
  /**
   * Reads such a file and does with it what timbrel does.
   * @returns what was read, as a text; undefined if any content is as good, since the file has no checksum
   */
  readonly read: (bytes: Uint8Array) => string | undefined | Promise<string | undefined>;
}

/** A store, and a run that was trained on it. */
export interface Artifacts {
  readonly storeDir: string;
  readonly runDir: string;
  /** An empty folder to write to. */
  readonly workDir: string;
  readonly engine: Engine;
}

const bytesOf = (path: string) => new Uint8Array(readFileSync(path));
const utf8 = (text: string) => new TextEncoder().encode(text);
const asJson = (file: Uint8Array, random: Random) => utf8(editedJson(new TextDecoder().decode(file), random));

/** Edits one line of a file of JSON lines. */
function asJsonLines(file: Uint8Array, random: Random): Uint8Array {
  const lines = new TextDecoder().decode(file).trimEnd().split("\n");
  const i = random.integer(lines.length);
  lines[i] = editedJson(lines[i], random);
  return utf8(`${lines.join("\n")}\n`);
}

/** Tags audio with the model in a file, whose content is someone else's. */
const tagNoise = (engine: Engine) => async (bytes: Uint8Array) => {
  const tagger = await openTagger(decodeAnyModel(bytes, "model.onnx"), engine, "model.onnx");
  const samples = Float32Array.from({ length: 2000 }, (_, n) => Math.sin(n * n));
  const { tags } = await tagger.tagWaveform({ samples, sampleRate: 8000 }).finally(() => tagger.close());
  const wrong = tags.find(({ probability }) => !(probability >= 0 && probability <= 1));
  if (wrong !== undefined) throw new Error(`the probability of ${wrong.label} is ${wrong.probability}`);
  return undefined;
};

/** The files of a run: a damaged one is named, or gives the same answer. */
export function runSubjects({ storeDir, runDir, engine }: Artifacts): Subject[] {
  const paths = runPaths(runDir);
  const model = bytesOf(paths.model);
  const { info } = decodeModel(model, "model.onnx");
  const store = openStore(storeDir);
  const record = (isSigned: boolean) => (file: Uint8Array, random: Random) =>
    withRecord(file, (text) => editedJson(text, random), isSigned);
  const checkpointRecord = (isSigned: boolean) => (file: Uint8Array, random: Random) =>
    withCheckpointRecord(file, (text) => editedJson(text, random), isSigned);
  return [
    {
      name: "model",
      file: model,
      edits: [damaged, damaged, record(false)],
      read: (bytes) => sha256Hex(encodeModel(decodeModel(bytes, "model.onnx"))),
    },
    {
      name: "linear baseline",
      file: bytesOf(paths.linear),
      edits: [damaged, damaged, record(false)],
      read: (bytes) => sha256Hex(linearModel(bytes, "model.linear.onnx", info)),
    },
    {
      name: "linear baseline that tags",
      file: bytesOf(paths.linear),
      edits: [damaged, record(false)],
      read: (bytes) => sha256Hex(encodeLinearModel(decodeLinearModel(bytes, "model.linear.onnx"))),
    },
    {
      name: "checkpoint",
      file: bytesOf(paths.checkpoint),
      edits: [
        damaged,
        damaged,
        checkpointRecord(false),
        (file, random) => withHeader(file, (text) => editedJson(text, random)),
      ],
      read: (bytes) => sha256Hex(encodeCheckpoint(decodeCheckpoint(bytes, "checkpoint.safetensors"))),
    },
    {
      name: "model of someone else",
      file: model,
      edits: [record(true)],
      read: tagNoise(engine),
    },
    {
      name: "linear baseline of someone else",
      file: bytesOf(paths.linear),
      edits: [record(true)],
      read: tagNoise(engine),
    },
    {
      name: "checkpoint of someone else",
      file: bytesOf(paths.checkpoint),
      edits: [checkpointRecord(true)],
      async read(bytes) {
        const resume = decodeCheckpoint(bytes, "checkpoint.safetensors");
        await prepareRun(store, trainConfig(resume.config), { resume });
        return undefined;
      },
    },
  ];
}

/** Reads the features of every clip of a store, as training does. */
async function readAll({ clips, frontEnd: { nMels }, reader }: FeatureStore): Promise<void> {
  for (const clip of clips) {
    const count = Math.min(clip.nFrames, 64);
    await reader.read(clip, clip.nFrames - count, count, new Float32Array(count * nMels), 0);
    await reader.descriptors(clip);
  }
}

/** The files of a store, and others that hold text or numbers. */
export function storeSubjects({ storeDir, workDir }: Artifacts): Subject[] {
  const { clips, frontEnd: front } = openStore(storeDir);
  const copy = join(workDir, "store");
  mkdirSync(copy, { recursive: true });
  symlinkSync(resolve(storeDir, "clips"), join(copy, "clips"));
  const names = ["store.json", "clips.jsonl", "sources.jsonl"];
  const whole = new Map(names.map((name) => [name, bytesOf(join(storeDir, name))]));
  /** Writes a file in the place of the store's, all others as they were. */
  const put = (name: string, bytes: Uint8Array) => {
    for (const [each, content] of whole) writeFileSync(join(copy, each), each === name ? bytes : content);
  };
  const features = bytesOf(join(storeDir, clips[0].features));
  const text = (name: string) => ({ name, file: whole.get(name)! });
  const written = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(workDir, name), bytes);
    return join(workDir, name);
  };
  const manifest = clips.map(({ labels }, i) => ({ path: `${i}.wav`, label: labels, split: "train" }));
  for (const { path } of manifest) writeFileSync(join(workDir, path), "");
  return [
    {
      ...text("store.json"),
      edits: [damaged, asJson],
      async read(bytes) {
        put("store.json", bytes);
        prepareStore(copy, frontEnd(front));
        await readAll(openStore(copy));
        return undefined;
      },
    },
    {
      ...text("clips.jsonl"),
      edits: [damaged, asJsonLines],
      async read(bytes) {
        put("clips.jsonl", bytes);
        await readAll(openStore(copy));
        return undefined;
      },
    },
    {
      ...text("sources.jsonl"),
      edits: [damaged, asJsonLines],
      read(bytes) {
        put("sources.jsonl", bytes);
        const index = new SourceIndex(copy);
        index.close();
        intactAudio(copy, index.audio, frontEnd(front));
        return undefined;
      },
    },
    {
      name: "features.npy",
      file: features,
      edits: [damaged],
      read(bytes) {
        const { data, shape } = decodeNpy(bytes, "features.npy");
        if (data.length !== shape.reduce((size, dim) => size * dim, 1))
          throw new Error(`${data.length} numbers for the shape ${shape}`);
        return undefined;
      },
    },
    {
      name: "manifest.jsonl",
      file: utf8(manifest.map((row) => `${JSON.stringify(row)}\n`).join("")),
      edits: [damaged, asJsonLines],
      read: (bytes) => void scanManifest(written("manifest.jsonl", bytes)),
    },
    {
      name: "manifest.csv",
      file: utf8(["path,label", ...manifest.map(({ path, label }) => `${path},"${label}"`)].join("\n")),
      edits: [damaged],
      read: (bytes) => void scanManifest(written("manifest.csv", bytes)),
    },
    {
      name: "net.json",
      file: utf8(
        '{"kind": "vgg", "channels": [8, 16], "pools": [[2, 2], [2, 2]], "batchNorm": {"epsilon": 1e-5, "momentum": 0.1}}',
      ),
      edits: [damaged, asJson],
      read: (bytes) => void readNetFile(written("net.json", bytes)),
    },
  ];
}
