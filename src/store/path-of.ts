import { fileURLToPath } from "node:url";
import { UsageError } from "../core/errors.js";
import { kindOf } from "../core/inputs.js";

/**
 * Returns the path that a text or a `file:` URL names.
 * @throws UsageError for anything else, and for an empty text
 */
export function pathOf(setting: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  if (value === "") throw new UsageError({ setting, rule: "not be empty", got: '""' });
  if (value instanceof URL && value.protocol === "file:") return fileURLToPath(value);
  const got = value instanceof URL ? value.href : kindOf(value);
  throw new UsageError({ setting, rule: "be a path or a file: URL", got });
}
