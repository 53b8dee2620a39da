import { readFileSync } from "node:fs";
import { DataError, errorLine, UsageError } from "../core/errors.js";
import { type NetSettings, netConfig, type SegmentNetConfig } from "../nn/architectures.js";

/** Whether a text names a file that holds a net's settings. */
export function isNetFile(text: string): boolean {
  return text.endsWith(".json");
}

/**
 * The net of a file such as `{"kind": "vgg", "channels": [8, 16]}`; what it does not set is the kind's default.
 * @throws DataError naming the path and the setting
 */
export function readNetFile(path: string): SegmentNetConfig {
  return checkedNet(parse(path), path);
}

/**
 * The net of settings that a file holds.
 * @param path the file's, for errors
 * @throws DataError naming the path and the setting
 */
function checkedNet(settings: unknown, path: string): SegmentNetConfig {
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    throw new DataError(
      path,
      `must hold a net's settings such as {"kind": "vgg"}, holds ${JSON.stringify(settings)}`,
    );
  try {
    return netConfig(settings as NetSettings);
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new DataError(path, errorLine(cause).replace(/^net\./, ""), { cause });
  }
}

function parse(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new DataError(path, code === "ENOENT" ? "does not exist" : `cannot be read: ${errorLine(cause)}`, {
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(path, `is not JSON (${errorLine(cause)})`, { cause });
  }
}
