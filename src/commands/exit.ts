import { CommanderError } from "commander";
import { DataError, errorLine, UsageError } from "../core/errors.js";

/** Exit codes of the command line. */
export const EXIT = {
  ok: 0,
  /** A file, or what it holds, is not what it must be. */
  data: 1,
  usage: 2,
  bug: 70,
  /** Stopped by Ctrl-C, as shells count it: 128 + SIGINT. */
  interrupted: 130,
} as const;

/** Tells what went wrong on stderr, on one line unless it is a bug, and returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // it has spoken already
  if (error instanceof UsageError) return say(error, EXIT.usage);
  if (error instanceof DataError || isSystemError(error)) return say(error, EXIT.data);
  console.error(error instanceof Error ? error.stack : error);
  console.error("timbrel: this is a bug of timbrel; please report it with the command and the lines above");
  return EXIT.bug;
}

function say(error: unknown, code: number): number {
  console.error(`timbrel: ${errorLine(error)}`);
  return code;
}

/** Disk full, no permission and their like: the message names the path. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && "errno" in error;
}
