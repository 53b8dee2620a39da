import { fileURLToPath } from "node:url";
import { errorLine, UsageError } from "../core/errors.js";
import { kindOf } from "../core/inputs.js";

const RULE = "be a path or a file: URL";

/**
 * Returns the path that a text or a `file:` URL names; the URL may be a text, too.
 * @throws UsageError for anything else, and for an empty text
 */
export function pathOf(setting: string, value: unknown): string {
  if (value === "") throw new UsageError({ setting, rule: "not be empty", got: '""' });
  const isUrl = value instanceof URL || (typeof value === "string" && /^file:\/\//i.test(value));
  const path = isUrl ? pathOfUrl(setting, String(value)) : value;
  if (typeof path !== "string") throw new UsageError({ setting, rule: RULE, got: kindOf(value) });
  if (path.includes("\0"))
    throw new UsageError({
      setting,
      rule: "be a path, which has no character of code 0",
      got: JSON.stringify(path),
    });
  return path;
}

function pathOfUrl(setting: string, url: string): string {
  if (!/^file:/i.test(url)) throw new UsageError({ setting, rule: RULE, got: url });
  try {
    return fileURLToPath(url);
  } catch (cause) {
    const rule = `be the URL of a file on this machine (${errorLine(cause)})`;
    throw new UsageError({ setting, rule, got: url }, { cause });
  }
}
