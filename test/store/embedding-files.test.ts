import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { EMBEDDING_FILES, EmbeddingFiles, removeEmbeddingParts } from "../../src/store/embedding-files.js";
import { decodeNpy } from "../../src/store/npy.js";
import { makeFolder } from "./files.js";
import { killedAt } from "./kill-in-process.js";

const SIZE = 5;
/** Rows for some seed. */
function rowsOf(seed: string, count: number) {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => ({
    path: `${seed} ${i}, a "file".wav`,
    durationSec: i + 0.12345,
    nSegments: i + 1,
    embedding: Float32Array.from({ length: SIZE }, () => random.normal()),
  }));
}

async function writeAll(dir: string, rows: ReturnType<typeof rowsOf>): Promise<void> {
  removeEmbeddingParts(dir);
  const files = new EmbeddingFiles(dir, "clips");
  for (const { embedding, ...row } of rows) files.write(row, embedding);
  files.end();
}

/** What the folder holds: the index, and the embeddings that belong to it. */
function content(dir: string) {
  const index = readFileSync(join(dir, EMBEDDING_FILES.index), "utf8");
  const path = join(dir, EMBEDDING_FILES.embeddings);
  return { index, ...decodeNpy(readFileSync(path), path) };
}

function expectRows(dir: string, rows: ReturnType<typeof rowsOf>): void {
  const { index, data, shape } = content(dir);
  expect(shape).toEqual([rows.length, SIZE]);
  expect(data).toEqual(Float32Array.from(rows.flatMap(({ embedding }) => [...embedding])));
  const lines = rows.map(
    ({ path, durationSec, nSegments }) =>
      `"${path.replaceAll('"', '""')}",${durationSec.toFixed(3)},${nSegments}\n`,
  );
  expect(index).toBe(`path,seconds,nSegments\n${lines.join("")}`);
}

describe("the files of embeddings", () => {
  it("read back as they were written, and replace earlier ones", async () => {
    const dir = makeFolder();
    await writeAll(dir, rowsOf("first", 4));
    expectRows(dir, rowsOf("first", 4));
    await writeAll(dir, rowsOf("second", 2));
    expectRows(dir, rowsOf("second", 2));
    expect(readdirSync(dir).sort()).toEqual(["embeddings.npy", "index.csv"]);
  });

  it("belong together wherever their writer is killed, and are written whole by the next", async () => {
    const [old, next] = [rowsOf("old", 3), rowsOf("next", 2)];
    let n = 1;
    for (; ; n++) {
      const dir = makeFolder();
      await writeAll(dir, old);
      const wasKilled = await killedAt(n, dir, () => writeAll(dir, next));
      if (existsSync(join(dir, EMBEDDING_FILES.index))) {
        const isOld = content(dir).index.includes("old");
        expectRows(dir, isOld ? old : next);
      }
      await writeAll(dir, next);
      expectRows(dir, next);
      expect(readdirSync(dir).length).toBe(2);
      if (!wasKilled) break;
    }
    expect(n).toBeGreaterThan(5);
  });
});
