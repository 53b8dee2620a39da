/** A caller's mistake in one setting, and what may help. */
export interface Mistake {
  /** Name of the argument or setting, dotted where it is nested: `fMax`, `optimizer.momentum`; or a flag. */
  readonly setting: string;
  /** What it must do or be, e.g. "be at most 11025 Hz (half of `sampleRate`)". */
  readonly rule: string;
  /** The value, or a text that describes it, e.g. "16000 Hz". */
  readonly got: unknown;
  /** What to do about it, e.g. "lower it, or raise `sampleRate`". Other settings are in backticks. */
  readonly remedy?: string | undefined;
}

/**
 * The caller's mistake: an argument, a setting or a flag that breaks a rule.
 * The message is one line: `<setting> must <rule>, got <got>[; <remedy>]`.
 * @example
 * import { frontEnd, UsageError } from "timbrel";
 *
 * try {
 *   frontEnd({ fMax: 16000 });
 * } catch (error) {
 *   if (error instanceof UsageError) console.log(`${error.setting} must ${error.rule}`);
 *   // -> fMax must be at most 11025 Hz (half of `sampleRate`)
 * }
 */
export class UsageError extends Error implements Mistake {
  override name = "UsageError";
  readonly setting: string;
  readonly rule: string;
  readonly got: unknown;
  readonly remedy: string | undefined;

  constructor({ setting, rule, got, remedy }: Mistake, options: { cause?: unknown } = {}) {
    const end = remedy === undefined ? "" : `; ${remedy}`;
    super(oneLine(`${setting} must ${rule}, got ${valueText(got)}${end}`), options);
    this.setting = setting;
    this.rule = rule;
    this.got = got;
    this.remedy = remedy;
  }
}

/**
 * A problem with data: a file, or what is in it.
 * The message is one line: `<path>: <what is wrong>[; <remedy>]`.
 * @example
 * import { DataError, decodeAudio } from "timbrel";
 *
 * try {
 *   await decodeAudio(new Uint8Array(0), "song.wav");
 * } catch (error) {
 *   if (error instanceof DataError) console.log(error.message); // -> song.wav: the file is empty
 * }
 */
export class DataError extends Error {
  override name = "DataError";
  /** Path of the file or folder as the user named it, or the name of data in memory; null for data without a name. */
  readonly path: string | null;
  /** What is wrong: the message without the path. */
  readonly reason: string;

  constructor(path: string | null, reason: string, options: { cause?: unknown } = {}) {
    // Text from a damaged file may contain anything, such as line breaks.
    super(oneLine(path === null ? reason : `${path}: ${reason}`), options);
    this.path = path;
    this.reason = oneLine(reason);
  }
}

/**
 * Returns the message of anything thrown, on one line, for use inside another message. A UsageError's loses its
 * backticks: there it names something in a file, not an argument of the caller.
 */
export function errorLine(error: unknown): string {
  const text = oneLine(error instanceof Error ? error.message : String(error));
  return error instanceof UsageError ? text.replaceAll("`", "") : text;
}

function oneLine(text: string): string {
  return text.replace(/\s*[\n\r\u2028\u2029]\s*/g, " ");
}

/** Lists and records as JSON, everything else as JavaScript prints it. */
function valueText(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
