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

/** Runs ONNX models. A program makes one at its start and passes it to everything that trains or predicts. */
export interface Engine {
  /**
   * Loads a model.
   * @param model the bytes of an ONNX model
   * @throws UsageError if the engine cannot load it
   */
  open(model: Uint8Array): Promise<Session>;
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
