import { Tinypool } from "tinypool";

/** Tasks run in worker threads, and what becomes of them. */
export interface WorkerJob<Task, Result> {
  /** Compiled module whose default export takes a list of tasks and resolves to a list of results. */
  worker: URL;
  /** Given to every worker once, as `Tinypool.workerData`. */
  workerData: unknown;
  nWorkers: number;
  /** The next tasks for one worker; empty when there are no more. Asked only when a worker is about to be free. */
  nextBatch: () => Task[];
  /** What the worker is told of a task. */
  messageOf: (task: Task) => unknown;
  onResults: (tasks: Task[], results: Result[]) => void;
  /** A worker died at this task; the others go on in a new one. */
  onCrash: (task: Task, error: unknown) => void;
  /** After an abort no new tasks start; those under way finish. */
  signal?: AbortSignal;
}

/**
 * Runs tasks on all workers; never more than one batch a worker, and one in waiting, exist at a time, so that memory
 * does not grow with the number of tasks. When a worker dies, its batch is run again task by task, to name the one.
 *
 * tinypool rather than piscina: the same pool, one fifth of the size, no dependencies.
 */
export async function runInWorkers<Task, Result>(job: WorkerJob<Task, Result>): Promise<void> {
  const { nWorkers, signal } = job;
  const pool = new Tinypool({
    filename: job.worker.href,
    workerData: job.workerData,
    minThreads: nWorkers,
    maxThreads: nWorkers,
    execArgv: [], // flags of the main thread, such as --input-type, can keep a worker from starting
  });
  let failed = false;
  const runBatch = async (batch: Task[]): Promise<void> => {
    let results: Result[];
    try {
      results = await pool.run(batch.map(job.messageOf));
    } catch (error) {
      if (failed) return;
      if (batch.length === 1) return job.onCrash(batch[0], error);
      for (const task of batch) if (!signal?.aborted) await runBatch([task]);
      return;
    }
    job.onResults(batch, results);
  };
  const lane = async (): Promise<void> => {
    try {
      while (!failed && !signal?.aborted) {
        const batch = job.nextBatch();
        if (batch.length === 0) return;
        await runBatch(batch);
      }
    } catch (error) {
      failed = true; // thrown by onResults: the other lanes stop, too
      throw error;
    }
  };
  // A worker that dies without a task, e.g. because its module cannot be loaded.
  const broken = new Promise<never>((_, reject) => pool.on("error", reject));
  try {
    await Promise.race([Promise.all(Array.from({ length: nWorkers + 1 }, lane)), broken]);
  } finally {
    failed = true;
    await destroy(pool);
  }
}

/**
 * Ends all workers. tinypool 2.2 waits for them by `events.once`, which on a worker's error calls its `removeListener`; its
 * workers have none, so that one dying just then would end the whole program. Its error is not the job's: that has ended.
 */
async function destroy(pool: Tinypool): Promise<void> {
  for (const worker of pool.threads) Object.assign(worker, { removeListener: () => worker });
  await pool.destroy().catch(() => {});
}
