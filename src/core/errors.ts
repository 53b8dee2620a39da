/**
 * The caller asked for something that cannot be: a wrong argument, flag or combination.
 * The message is one line: `<function>: <argument> must be <rule>, got <value>[; <remedy>]`.
 */
export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * A file or its content is not what it must be. The message is one line: `<path>: <what is wrong>[; <remedy>]`.
 */
export class DataError extends Error {
  override name = "DataError";
  /** Path of the file as the user named it. */
  readonly path: string;

  constructor(path: string, reason: string, options: { cause?: unknown } = {}) {
    super(`${path}: ${reason}`, options);
    this.path = path;
  }
}

/** The text of anything thrown, on one line. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*[\n\r\u2028\u2029]\s*/g, " ");
}
