import { Tinypool } from "tinypool";

/** Tasks to run in worker threads, and the handlers of their results. */
export interface WorkerJob<Task, Result> {
  /** Compiled module whose default export takes a list of tasks and resolves to a list of results. */
  worker: URL;
  /** Given to every worker once, as `Tinypool.workerData`. */
  workerData: unknown;
  nWorkers: number;
  /** Returns the next tasks for a worker, none at the end. Called only when a worker is about to be free. */
  nextBatch: () => Task[];
  /** Message that the worker gets for a task. */
  messageOf: (task: Task) => unknown;
  onResults: (tasks: Task[], results: Result[]) => void;
  /** Called when a worker dies at this task; the other tasks go on in a new worker. */
  onCrash: (task: Task, error: unknown) => void;
  /** After an abort no new tasks start; those in progress finish. */
  signal?: AbortSignal;
}

/**
 * Runs tasks on all workers. At most one batch per worker and one waiting exist at a time, so that memory does not grow
 * with the number of tasks. When a worker dies, its batch is run again task by task, to find the one that kills it.
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
      failed = true; // thrown by onResults: the other lanes stop too
      throw error;
    }
  };
  // Rejects when a worker dies without a task, e.g. because its module cannot be loaded.
  const broken = new Promise<never>((_, reject) => pool.on("error", reject));
  try {
    await Promise.race([Promise.all(Array.from({ length: nWorkers + 1 }, lane)), broken]);
  } finally {
    failed = true;
    await endWorkers(pool);
  }
}

/**
 * Ends all workers. tinypool 2.2 waits for them with `events.once`, which calls `removeListener` on a failed worker.
 * Its workers have none, so one dying just then would end the whole program. Its error is ignored: the job has ended.
 */
export async function endWorkers(pool: Tinypool): Promise<void> {
  for (const worker of pool.threads) Object.assign(worker, { removeListener: () => worker });
  await pool.destroy().catch(() => {});
}
