import { errorLine } from "../core/errors.js";

/** Browser errors that have a name but no message. */
const NAMED: Readonly<Record<string, string>> = {
  QuotaExceededError:
    "the browser has no room left for this page; remove examples, or free space on the disk",
};

/** Settings of the library, as the page calls them. */
const WORDS: Readonly<Record<string, string>> = {
  "learningRate must": "The learning rate must",
  "TypeError: Failed to fetch": "The page's server does not answer; start it again",
  "Failed to fetch": "The page's server does not answer; start it again",
};

/** An error in the page's words, on one line; never empty. */
export function problemLine(error: unknown): string {
  const { name = "", message = "" } = Object(error) as { name?: string; message?: string };
  const known = NAMED[name];
  if (known !== undefined) return known;
  const line = message === "" ? `an error of the browser (${name || String(error)})` : errorLine(error);
  return Object.entries(WORDS).reduce((text, [words, others]) => text.replace(words, others), line);
}
