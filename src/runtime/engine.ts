import { checkObject } from "../core/inputs.js";
import type { Check } from "../core/setting-checks.js";
import type { Tensor } from "../core/tensor.js";

/** One loaded ONNX model, ready to run. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the model once. Results are in new memory; feeds are not changed.
   * @throws UsageError if the session is closed
   */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Frees the model's memory once the runs that go on are done. May be called again. */
  close(): Promise<void>;
}

/** A result that stays where its engine computes, such as the memory of a GPU, until a later run reads it. */
export interface KeptTensor {
  readonly shape: readonly number[];
  /** Frees its memory; it cannot be read or fed after that. */
  free(): void;
}

/** A loaded ONNX model some of whose results may stay with the engine. */
export interface KeepingSession {
  /**
   * Runs the model once.
   * @param feeds tensors, and results that a session of the same engine has kept
   * @throws UsageError if the session is closed
   */
  run(feeds: Readonly<Record<string, Tensor | KeptTensor>>): Promise<{
    results: Record<string, Tensor>;
    kept: Record<string, Tensor | KeptTensor>;
  }>;
  /** Copies kept results into the program's memory, under the same names; tensors already there are returned as they are. */
  read(kept: ReadonlyMap<string, Tensor | KeptTensor>): Promise<ReadonlyMap<string, Tensor>>;
  /** Frees the model's memory once the runs that go on are done; kept results remain. May be called again. */
  close(): Promise<void>;
}

/** Runs ONNX models. A program makes one at its start and passes it to everything that trains or predicts. */
export interface Engine {
  /**
   * Loads a model.
   * @param model the bytes of an ONNX model
   * @throws UsageError if the engine cannot load it
   */
  open(model: Uint8Array): Promise<Session>;
  /**
   * Loads a model and keeps its results `names` where the engine computes. An engine that computes in the program's own memory
   * does not need this method.
   */
  openKeeping?(model: Uint8Array, names: readonly string[]): Promise<KeepingSession>;
}

/** Loads a model and keeps its results `names` with the engine, if the engine has memory of its own. */
export async function openKeeping(
  engine: Engine,
  model: Uint8Array,
  names: readonly string[],
): Promise<KeepingSession> {
  if (engine.openKeeping !== undefined) return engine.openKeeping(model, names);
  const session = await engine.open(model);
  type State = ReadonlyMap<string, Tensor>; // an engine without this method keeps nothing
  return {
    async run(feeds) {
      const results = await session.run(feeds as Readonly<Record<string, Tensor>>);
      return { results, kept: results };
    },
    read: async (kept) => kept as State,
    close: () => session.close(),
  };
}

/** Frees what an engine holds of these tensors. */
export function freeTensors(tensors: Iterable<Tensor | KeptTensor>): void {
  for (const tensor of tensors) if ("free" in tensor) tensor.free();
}

/**
 * Checks that a value is an engine.
 * @throws UsageError otherwise
 */
export function checkEngine(value: unknown): void {
  checkObject("engine", value, "be an engine", { open: "function" });
}

/** Checks an option that is an engine. */
export const engineOption: Check = (_, value) => checkEngine(value);

/** Opens a model, passes its session to `use`, and closes the session, also if `use` throws. */
export async function withSession<T>(
  engine: Engine,
  model: Uint8Array,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await engine.open(model);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}
