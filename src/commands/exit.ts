import { type Command, CommanderError } from "commander";
import { DataError, UsageError } from "../core/errors.js";
import { say, visibleLine } from "../report/terminal.js";
import { isSystemError, systemReason } from "../store/system-errors.js";
import { errorText } from "./flag-names.js";

/** Exit codes of the command line. */
export const EXIT = {
  ok: 0,
  /** Bad input file. */
  data: 1,
  /** Bad command line. */
  usage: 2,
  /** Internal error. */
  bug: 70,
  /** Stopped by Ctrl-C; 128 + SIGINT, as in shells. */
  interrupted: 130,
} as const;

/** Whether a file is the problem, so that work on others can go on. */
export function isBadFile(error: unknown): boolean {
  return error instanceof DataError || isSystemError(error);
}

/**
 * Prints what went wrong to stderr, on one line unless it is a bug, and returns the exit code.
 * @param command command that ran, whose flags the line names; undefined if none has run yet
 */
export function reportError(error: unknown, command?: Command): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // Commander has printed it
  if (error instanceof UsageError) return fail(errorText(error, command), EXIT.usage);
  if (error instanceof DataError) return fail(errorText(error, command), EXIT.data);
  if (isSystemError(error))
    return fail(
      error.path === undefined ? error.message : `${error.path}: ${systemReason(error)}`,
      EXIT.data,
    );
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  say("timbrel: this is a bug in timbrel; please report it with the command and the lines above");
  return EXIT.bug;
}

function fail(text: string, code: number): number {
  say(`timbrel: ${visibleLine(text)}`);
  return code;
}
