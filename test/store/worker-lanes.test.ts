import { describe, expect, it } from "vitest";
import { runInWorkers } from "../../src/store/worker-lanes.js";

const worker = new URL("./fixtures/dying-worker.mjs", import.meta.url);

/** Doubles numbers in batches of two, and records results and crashes. */
async function double(
  numbers: number[],
  onResults: (nDone: number) => void = () => {},
  signal?: AbortSignal,
  module = worker,
) {
  const results: [number, number][] = [];
  const crashes: string[] = [];
  let next = 0;
  let nWaiting = 0;
  let mostWaiting = 0;
  await runInWorkers<number, number>({
    worker: module,
    workerData: null,
    nWorkers: 2,
    nextBatch: () => {
      const batch = numbers.slice(next, (next += 2));
      mostWaiting = Math.max(mostWaiting, (nWaiting += batch.length));
      return batch;
    },
    messageOf: (number) => number,
    onResults: (batch, doubled) => {
      nWaiting -= batch.length;
      for (const [i, number] of batch.entries()) results.push([number, doubled[i]]);
      onResults(results.length);
    },
    onCrash: (number, error) => {
      nWaiting--;
      crashes.push(`${number}: ${(error as Error).message}`);
    },
    signal,
  });
  return { results: results.sort(([a], [b]) => a - b), crashes, mostWaiting };
}

describe("workers", () => {
  it("do every task, with only a few batches in progress at a time", async () => {
    const numbers = Array.from({ length: 101 }, (_, i) => i);
    const { results, crashes, mostWaiting } = await double(numbers);
    expect(results).toEqual(numbers.map((number) => [number, 2 * number]));
    expect(crashes).toEqual([]);
    expect(mostWaiting).toBeLessThanOrEqual(6); // two workers and one batch waiting, batches of two
  });
  it("name the task that kills a worker, and do the others", async () => {
    const { results, crashes } = await double([1, 2, 3, -4, 5, 6, -7, 8]);
    expect(results.map(([number]) => number)).toEqual([1, 2, 3, 5, 6, 8]);
    expect(crashes.sort()).toEqual(["-4: out of order", "-7: out of order"]);
  });
  it("start nothing after an abort", async () => {
    const controller = new AbortController();
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    const { results } = await double(numbers, () => controller.abort(), controller.signal);
    expect(results.length).toBeGreaterThan(0);
    expect(results.length).toBeLessThanOrEqual(6);
  });
  it("fail when their module cannot be loaded", async () => {
    const missing = new URL("../dataset/fixtures/no-worker.mjs", import.meta.url);
    // Repeated, since one time in ten a second worker dies while the death of the first is ending the job.
    for (let i = 0; i < 30; i++)
      await expect(double([1, 2, 3], undefined, undefined, missing)).rejects.toThrow(/no-worker\.mjs/);
  });
  it("all stop when the handler of a result throws", async () => {
    const stop = () => {
      throw new Error("disk full");
    };
    await expect(double([1, 2, 3, 4, 5, 6], stop)).rejects.toThrow("disk full");
  });
});
