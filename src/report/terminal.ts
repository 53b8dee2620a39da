/** Control characters except line feed and tab, and those that reverse the direction of text. */
const CONTROL = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Returns a text whose control characters are written as `\u001b`, so that names and labels cannot move the cursor, hide a
 * line or give the terminal commands. In JSON this is only another spelling of the same value.
 */
export function visible(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The same for a text that must stay on one line, such as a name or a label. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

/** Writes a text and a line feed to stdout: results. */
export function print(text: string): void {
  process.stdout.write(`${visible(text)}\n`);
}

/** Writes a text and a line feed to stderr: everything else. */
export function say(text: string): void {
  process.stderr.write(`${visible(text)}\n`);
}
