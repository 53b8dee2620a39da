import { encodeGraph, Graph, matmul } from "../graph/index.js";
import { type Engine, withSession } from "../runtime/engine.js";

/** Vectors of one size that are read on demand. */
export interface VectorTable {
  /** Number of values of a vector. */
  readonly size: number;
  /** Number of vectors. */
  readonly count: number;
  /** @param out [count, size] from its beginning on */
  read(first: number, count: number, out: Float32Array): Promise<void>;
}

/** Makes a table of vectors in memory. */
export function vectorsInMemory(vectors: readonly Float32Array[]): VectorTable {
  const size = vectors[0].length;
  return {
    size,
    count: vectors.length,
    async read(first, count, out) {
      for (let i = 0; i < count; i++) out.set(vectors[first + i], i * size);
    },
  };
}

/** A vector among the nearest to another. */
export interface NearVector {
  /** Its place in the table. */
  readonly row: number;
  /** Cosine of the angle between the two, in [-1, 1]; 0 if one of them is all zeros. */
  readonly similarity: number;
}

/** Vectors in one product: 64 MB of similarities. */
const BLOCK = 4096;

/** How neighbours are searched. */
export interface NearestOptions {
  readonly engine: Engine;
  /** Number of neighbours of each vector. */
  readonly top: number;
  /** Whether a row of the table may be a neighbour of a query. @default every one */
  readonly mayBeNear?: (query: number, row: number) => boolean;
  /** Called with the number of queries that are answered. */
  readonly onProgress?: ((done: number) => void) | undefined;
  /** After an abort the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds the nearest vectors of a table to each query by cosine similarity, most similar first, and of equally similar ones the
 * first in the table. Both are read in blocks: memory is used for two blocks, their products and the answers.
 * @returns for each query its neighbours; fewer than `top` if the table has no more
 */
export async function nearestVectors(
  queries: VectorTable,
  table: VectorTable,
  options: NearestOptions,
): Promise<NearVector[][]> {
  const { engine, top, mayBeNear = () => true, onProgress, signal } = options;
  const { size } = table;
  const [nQueries, nRows] = [queries, table].map(({ count }) => Math.min(BLOCK, count));
  const [some, others] = [new Float32Array(nQueries * size), new Float32Array(nRows * size)];
  const answers: NearVector[][] = [];
  await withSession(engine, productGraph(nQueries, nRows, size), async (session) => {
    for (let from = 0; from < queries.count; from += nQueries) {
      const count = Math.min(nQueries, queries.count - from);
      await readUnit(queries, from, count, some);
      const best = Array.from({ length: count }, () => new Best(top));
      for (let first = 0; first < table.count; first += nRows) {
        signal?.throwIfAborted();
        const n = Math.min(nRows, table.count - first);
        await readUnit(table, first, n, others);
        const { products } = await session.run({
          a: { data: some, shape: [nQueries, size] },
          b: { data: others, shape: [nRows, size] },
        });
        for (const [i, list] of best.entries())
          for (let j = 0; j < n; j++) {
            const similarity = products.data[i * nRows + j];
            if (similarity > list.least && mayBeNear(from + i, first + j)) list.add(first + j, similarity);
          }
      }
      answers.push(...best.map(({ neighbours }) => neighbours));
      onProgress?.(from + count);
    }
  });
  return answers;
}

/** The graph of the products of all rows of `a` with all of `b`. */
function productGraph(nA: number, nB: number, size: number): Uint8Array {
  const graph = new Graph();
  const [a, b] = [graph.input("a", [nA, size]), graph.input("b", [nB, size])];
  graph.output("products", matmul(a, b, { transB: true }));
  return encodeGraph(graph);
}

/** Reads vectors scaled to length 1; what is left of a block is not used. */
async function readUnit(table: VectorTable, first: number, count: number, out: Float32Array): Promise<void> {
  const { size } = table;
  await table.read(first, count, out);
  for (let at = 0; at < count * size; at += size) {
    let squares = 0;
    for (let i = at; i < at + size; i++) squares += out[i] * out[i];
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = at; i < at + size; i++) out[i] *= scale;
  }
}

/** The most similar of the rows that were added, in order. */
class Best {
  readonly #top: number;
  readonly neighbours: NearVector[] = [];
  /** Only more similar rows get into the list. */
  least = Number.NEGATIVE_INFINITY;

  constructor(top: number) {
    this.#top = top;
  }

  add(row: number, similarity: number): void {
    const list = this.neighbours;
    let place = list.length;
    while (place > 0 && list[place - 1].similarity < similarity) place--;
    list.splice(place, 0, { row, similarity });
    if (list.length > this.#top) list.pop();
    if (list.length === this.#top) this.least = list[this.#top - 1].similarity;
  }
}
