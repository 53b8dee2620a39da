import { type Remote, releaseProxy, wrap } from "comlink";

/** A worker thread, and what it does. */
export interface Thread<Work> {
  readonly work: Remote<Work>;
  /** Ends it at once, whatever it does: what is awaited from it never comes. */
  readonly end: () => void;
}

/**
 * Starts a worker thread.
 * @param name of its script, beside this one
 * @param onFailure gets why the script could not be loaded or run
 */
export function startThread<Work>(name: string, onFailure: (problem: string) => void): Thread<Work> {
  const worker = new Worker(new URL(`./${name}.js`, import.meta.url), { type: "module" });
  worker.onerror = ({ message }) =>
    onFailure(`A part of this page cannot be loaded or failed (${message || name}); reload the page.`);
  const work = wrap<Work>(worker);
  return {
    work,
    end() {
      work[releaseProxy]();
      worker.terminate();
    },
  };
}
