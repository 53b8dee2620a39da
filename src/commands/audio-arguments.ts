import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { DataError, UsageError } from "../core/errors.js";
import { say, visibleLine } from "../report/terminal.js";
import { findAudio, statOrNull } from "../store/audio-files.js";
import { SHIPPED_MODEL } from "../tagging/shipped-model.js";
import { EXIT, isBadFile, reportError } from "./exit.js";

/**
 * Path of the model that comes with timbrel.
 * @throws UsageError if it is not there
 */
export function shippedModel(): string {
  const path = fileURLToPath(SHIPPED_MODEL);
  if (existsSync(path)) return path;
  throw new UsageError({
    setting: "--model",
    rule: "name a model file, because this copy of timbrel comes without one",
    got: `no ${path}`,
    remedy: "train one with timbrel train",
  });
}

/** Lists the audio files at a path; a folder is searched. What cannot be opened in it, or no audio in it, makes the exit code 1. */
export function audioFiles(path: string, command: Command): string[] {
  if (statOrNull(path)?.isDirectory() !== true) return [path]; // reading it says what is wrong
  const files = findAudio(path, (line) => {
    say(`timbrel: ${visibleLine(line)}`);
    process.exitCode = EXIT.data;
  });
  if (files.length === 0) process.exitCode = reportError(new DataError(path, "holds no audio"), command);
  return files;
}

/** Awaits what is made of a file; null if the file is bad, which is reported and makes the exit code 1. */
export async function orReport<T>(command: Command, making: Promise<T>): Promise<T | null> {
  try {
    return await making;
  } catch (error) {
    if (!isBadFile(error)) throw error;
    process.exitCode = reportError(error, command);
    return null;
  }
}
