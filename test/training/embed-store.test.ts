import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sha256Hex } from "../../src/core/hash.js";
import { FeatureSet } from "../../src/dataset/feature-set.js";
import { frontEnd } from "../../src/features/front-end.js";
import type { EmbeddingTable } from "../../src/store/embedding-table.js";
import { LOCK_FILE } from "../../src/store/folder-lock.js";
import { decodeNpy } from "../../src/store/npy.js";
import { completeStore, type FeatureStore, openStore } from "../../src/store/store.js";
import { clipEmbeddings } from "../../src/tagging/embeddings.js";
import { embeddingGraph, logitsGraph } from "../../src/tagging/model-file.js";
import { embedStore } from "../../src/training/embed-store.js";
import { countingEngine, ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { killedAt } from "../store/kill-in-process.js";
import { rejectionOf } from "../store/message-of.js";
import { SEGMENT_FRAMES, tinyTrained } from "../tagging/tiny-model.js";
import { changeFeatures, makeTinyStore, TINY_FRONT_END } from "./tiny-store.js";

const model = tinyTrained();
const made = await makeTinyStore();
/** A store of its own for a test. */
function copied(): FeatureStore {
  const dir = join(makeFolder(), "store");
  cpSync(made.dir, dir, { recursive: true });
  return openStore(dir);
}
/** The same body with another last layer, and another body. */
function changed(name: string) {
  const { data, shape } = model.weights.get(name)!;
  return {
    ...model,
    weights: new Map(model.weights).set(name, { shape, data: data.map((x) => x * 1.5 + 0.1) }),
  };
}
const stem = join("embeddings", sha256Hex(embeddingGraph(model)).slice(0, 16));

/** The embeddings of the store's clips by the graph that has the logits, too, one clip at a time. */
const expected = await (async () => {
  const session = await ENGINE.open(logitsGraph(model));
  const set = new FeatureSet(made, { train: [], valid: [], test: made.clips, hash: "" }, "test", []);
  const rows = new Map<string, Float32Array>();
  const runs = { segmentFrames: SEGMENT_FRAMES, maxSegments: 1 };
  await clipEmbeddings(session, set, runs, {
    onClip: (clip, { embedding }) => rows.set(set.clips[clip].audioHash, embedding),
  });
  await session.close();
  return rows;
})();

async function expectRows(table: EmbeddingTable, store: FeatureStore): Promise<void> {
  const row = new Float32Array(table.size);
  for (const { audioHash } of store.clips) {
    await table.read(table.rowOf(audioHash)!, 1, row);
    expected.get(audioHash)!.forEach((value, i) => {
      expect(Math.abs(value - row[i])).toBeLessThan(1e-5); // batches of other sizes round differently
    });
  }
}

it("computes the embedding of every clip once, shares it with models of the same body, and grows with the store", async () => {
  const store = copied();
  const [some, all] = [store.clips.slice(0, 10), store.clips];
  completeStore(store.dir, some);
  const { engine, open } = countingEngine();
  let nOpened = 0;
  const counting = {
    open(bytes: Uint8Array) {
      nOpened++;
      return engine.open(bytes);
    },
  };
  const seen: number[][] = [];
  const run = (clips: typeof all, of = model) => {
    completeStore(store.dir, clips);
    return embedStore(openStore(store.dir), of, {
      engine: counting,
      onProgress: (...progress) => seen.push(progress),
    });
  };
  const first = await run(some);
  await expectRows(first, openStore(store.dir));
  expect([first.count, seen[0], seen.at(-1), nOpened]).toEqual([10, [1, 10], [10, 10], 1]);
  const bytes = readFileSync(`${join(store.dir, stem)}.npy`);
  await run(some, changed("output.weight"));
  expect(nOpened).toBe(1);
  seen.length = 0;
  const second = await run([...all, { ...all[0], name: "a copy" }]);
  await expectRows(second, openStore(store.dir));
  expect([second.count, seen[0], seen.at(-1), nOpened]).toEqual([27, [11, 27], [27, 27], 2]);
  const path = `${join(store.dir, stem)}.npy`;
  const { data, shape } = decodeNpy(readFileSync(path), path);
  expect(shape).toEqual([27, second.size]);
  expect(Buffer.from(data.buffer, 0, 4 * 10 * second.size)).toEqual(bytes.subarray(128));
  // The store's list is one clip shorter again: its rows stay.
  expect((await run(some)).count).toBe(27);
  expect([nOpened, open()]).toEqual([2, 0]);
  await run(some, changed("block1.conv.weight"));
  expect(nOpened).toBe(3);
  expect(readdirSync(join(store.dir, "embeddings")).length).toBe(4);
});

it("goes on wherever it was killed, and an abort keeps what was written", async () => {
  const part = copied();
  completeStore(part.dir, part.clips.slice(0, 3));
  await embedStore(openStore(part.dir), model, { engine: ENGINE });
  completeStore(part.dir, part.clips.slice(0, 8));
  let n = 1;
  for (; ; n++) {
    const dir = join(makeFolder(), "store");
    cpSync(part.dir, dir, { recursive: true });
    const embed = () => embedStore(openStore(dir), model, { engine: ENGINE });
    const wasKilled = await killedAt(n, dir, embed);
    const table = await embed();
    expect(table.count).toBe(8);
    await expectRows(table, openStore(dir));
    const path = `${join(dir, stem)}.npy`;
    expect(decodeNpy(readFileSync(path), path).shape[0]).toBe(8);
    if (!wasKilled) break;
  }
  expect(n).toBeGreaterThan(8);
  const store = copied();
  const controller = new AbortController();
  const { signal } = controller;
  let stoppedAt = 0;
  const embedding = embedStore(store, model, {
    engine: ENGINE,
    signal,
    onProgress(done) {
      stoppedAt ||= done;
      controller.abort();
    },
  });
  await expect(embedding).rejects.toThrow("aborted");
  expect(existsSync(join(store.dir, LOCK_FILE))).toBe(false);
  let first = 0;
  await embedStore(store, model, { engine: ENGINE, onProgress: (done) => (first ||= done) });
  expect(first).toBeGreaterThan(stoppedAt);
});

it("names damage and its remedy, and computes rows that were cut off again", async () => {
  const store = copied();
  const embed = () => embedStore(store, model, { engine: ENGINE });
  const table = await embed();
  const [npy, index] = [`${join(store.dir, stem)}.npy`, `${join(store.dir, stem)}.jsonl`];
  const remedy = `delete ${index}, and its embeddings are computed again`;
  const bytes = readFileSync(npy);
  bytes[128 + 4 * table.size * 5 + 2] ^= 1;
  writeFileSync(npy, bytes);
  const out = new Float32Array(7 * table.size);
  expect(await rejectionOf(table.read(0, 7, out))).toBe(
    `${npy}: is damaged (row 5 does not match its checksum); ${remedy}`,
  );
  await table.read(6, 1, out);
  truncateSync(npy, 128 + 4 * table.size * 5 + 9);
  await expectRows(await embed(), store);
  const text = readFileSync(index, "utf8");
  writeFileSync(index, text.replace('"nSegments":', '"segments":'));
  expect(await rejectionOf(embed())).toBe(
    `${index}:2: is damaged (it is no line of this version); ${remedy}`,
  );
  writeFileSync(index, text.replace(/"size":\d+/, '"size":7'));
  expect(await rejectionOf(embed())).toBe(`${index}: is damaged (it is of another model); ${remedy}`);
  writeFileSync(index, text);
  appendFileSync(index, '{"audioHash":"');
  await expectRows(await embed(), store);
});

it("names a clip whose features are not finite numbers", async () => {
  const store = copied();
  const clip = store.clips[3];
  changeFeatures(store, clip, () => Number.NaN);
  const path = join(store.dir, clip.features);
  expect(await rejectionOf(embedStore(store, model, { engine: ENGINE }))).toBe(
    `${clip.name}: holds features that are not finite numbers; delete ${path} and extract the source again`,
  );
});

it("needs the model's front end", async () => {
  const other = { ...model, info: { ...model.info, frontEnd: frontEnd({ ...TINY_FRONT_END, fMin: 100 }) } };
  expect(await rejectionOf(embedStore(made, other, { engine: ENGINE }))).toBe(
    `${made.dir}: holds features of another front end than the model's (\`fMin\` 0 there, 100 here); extract them again with the model's`,
  );
});
