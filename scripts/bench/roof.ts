import { sizeOf } from "../../src/core/tensor.js";
import { encodeGraph, Graph, matmul, sum } from "../../src/graph/index.js";
import { withSession } from "../../src/runtime/engine.js";
import { nodeEngine } from "../../src/runtime/node.js";

/** What the machine can do at most, as measured. */
export interface Roof {
  /** Of a product of matrices of 2048 x 2048 [GFLOP/s]. */
  readonly gflops: number;
  /** Of reading 256 MB from memory, all cores [GB/s]. */
  readonly gigabytes: number;
}

const SIZE = 2048;
const ROWS = [64, 2 ** 20];
const RUNS = 6;

/** Measures both, best of some runs. */
export async function measureRoof(threads: number): Promise<Roof> {
  const product = new Graph();
  const square = [SIZE, SIZE];
  product.output("out", matmul(product.input("a", square), product.input("b", square)));
  const matrix = { shape: square, data: new Float32Array(SIZE * SIZE).fill(0.5) };
  const productSec = await bestSec(encodeGraph(product), { a: matrix, b: matrix }, threads);
  const pass = new Graph();
  pass.output("out", sum(pass.input("x", ROWS), [1]));
  const rows = { shape: ROWS, data: new Float32Array(sizeOf(ROWS)).fill(1) };
  const passSec = await bestSec(encodeGraph(pass), { x: rows }, threads);
  return { gflops: (2 * SIZE ** 3) / productSec / 1e9, gigabytes: (4 * sizeOf(ROWS)) / passSec / 1e9 };
}

async function bestSec(
  model: Uint8Array,
  feeds: Record<string, { shape: number[]; data: Float32Array }>,
  threads: number,
): Promise<number> {
  return withSession(nodeEngine({ threads }), model, async (session) => {
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < RUNS; run++) {
      const start = performance.now();
      await session.run(feeds);
      best = Math.min(best, performance.now() - start);
    }
    return best / 1000;
  });
}
