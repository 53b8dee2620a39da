import { UsageError } from "../../src/core/errors.js";

/** The message of what `make` throws. */
export function messageOf(make: () => unknown): string {
  return thrownBy(make).message;
}

/** The message of the UsageError that `make` throws. */
export function usageMessageOf(make: () => unknown): string {
  const error = thrownBy(make);
  if (error instanceof UsageError) return error.message;
  throw error;
}

function thrownBy(make: () => unknown): Error {
  try {
    make();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

/** The message that a promise rejects with. */
export const rejectionOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "resolved",
    (error: Error) => error.message,
  );
