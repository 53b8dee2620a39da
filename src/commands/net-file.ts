import { readFileSync } from "node:fs";
import { DataError, errorLine, UsageError } from "../core/errors.js";
import { type NetSettings, netConfig, type SegmentNetConfig } from "../nn/architectures.js";
import { readingReason } from "../store/system-errors.js";

/** Whether a value of `--net` is the path of a file rather than the kind of a net. */
export function isNetFile(text: string): boolean {
  return text.endsWith(".json");
}

/**
 * Reads the net in a file such as `{"kind": "vgg", "channels": [8, 16]}`; what it leaves out is the kind's default.
 * @throws DataError naming the path and the setting
 */
export function readNetFile(path: string): SegmentNetConfig {
  return checkedNet(parse(path), path);
}

/**
 * Checks the settings of a net and fills in its defaults.
 * @param path path of the settings' file, for errors
 * @throws DataError naming the path and the setting
 */
function checkedNet(settings: unknown, path: string): SegmentNetConfig {
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    throw new DataError(
      path,
      `must hold a net's settings such as {"kind": "vgg"}, but holds ${JSON.stringify(settings)}`,
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
    throw new DataError(path, readingReason(cause), { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(path, `is not JSON (${errorLine(cause)})`, { cause });
  }
}
