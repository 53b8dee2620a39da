/** A shell command in a Markdown text. */
export interface ShellCommand {
  /** One line, without the comment at its end. */
  readonly line: string;
  /** What the text says that it prints: the paragraph of an indented block that comes next; null if a command does. */
  readonly output: string | null;
}

/** Programs that a command begins with. A paragraph of an indented block that begins with none of them is output. */
const PROGRAMS = /^(npm|npx|node|apt-get|mkdir|cd|cat) /;

/**
 * The commands in a Markdown text, in their order: the lines of indented blocks, and code within sentences that has arguments, as in
 * `npm run lab -- features`.
 * @throws Error if a block is neither commands nor the output of one
 */
export function commandsOf(markdown: string): ShellCommand[] {
  const prose = markdown.replace(/^```.*?^```$/gms, "");
  const commands: ShellCommand[] = [];
  for (const [text, inline] of prose.matchAll(/^(?: {4}.*\n)+|`(npm\srun\s[^`]*\s--\s[^`]*)`/gm)) {
    const paragraph = text.replace(/^ {4}/gm, "");
    if (inline !== undefined) commands.push({ line: oneLine(inline), output: null });
    else if (PROGRAMS.test(paragraph)) {
      const lines = paragraph.trimEnd().replaceAll("\\\n", "").split("\n");
      commands.push(...lines.map((line) => ({ line: oneLine(line.replace(/ # .*/, "")), output: null })));
    } else {
      const last = commands.pop();
      if (last === undefined || last.output !== null)
        throw new Error(`neither commands nor the output of one:\n${paragraph}`);
      commands.push({ ...last, output: paragraph });
    }
  }
  return commands;
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

/** The option's value in a command; undefined if it has none. */
export function optionOf(line: string, name: string): string | undefined {
  return new RegExp(` --${name} (\\S+)`).exec(line)?.[1];
}

/** Whether another command runs the same script with the same flags, and maybe more: only names and numbers differ. */
export function isCoveredBy(line: string, other: string): boolean {
  const words = other.split(" ");
  return (
    line.match(/^npm run (-s )?\S+/)![0] === other.match(/^npm run (-s )?\S+/)![0] &&
    line.split(" ").every((word) => !word.startsWith("--") || words.includes(word))
  );
}

/**
 * The files and folders that a command needs but that are neither given nor written by a command before it.
 * @param known paths that are there, each with whatever is below it; gets the paths that the command writes
 */
export function missingPaths(line: string, known: Set<string>): string[] {
  const written = ["out", "png", "report", "predictions"].flatMap((name) => optionOf(line, name) ?? []);
  const paths = line.split(" ").filter((word) => /[a-z][/.][a-z]/i.test(word) && !written.includes(word));
  const missing = paths.filter((path) => ![...known].some((each) => `${path}/`.startsWith(`${each}/`)));
  for (const path of written) known.add(path);
  return missing;
}
