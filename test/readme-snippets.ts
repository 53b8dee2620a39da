import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "..");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

/** A program in a Markdown file. */
export interface Snippet {
  /** A block of `ts`. */
  readonly code: string;
  /** What the program prints: the next block, if it is one of `text`; else null. */
  readonly output: string | null;
}

/** The programs in a Markdown text. */
export function snippetsOf(markdown: string): Snippet[] {
  const blocks = [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, text]) => ({
    language,
    text,
  }));
  return blocks.flatMap(({ language, text }, i) => {
    if (language !== "ts") return [];
    const next = blocks[i + 1];
    return [{ code: text, output: next?.language === "text" ? next.text : null }];
  });
}

/**
 * What a program prints on stdout. It is compiled as strictly as the sources are, and imports the built package by its name.
 * @param options.cwd the folder that it runs in. @default the repository
 * @throws Error with the compiler's or the program's own messages
 */
export async function runSnippet(code: string, options: { cwd?: string } = {}): Promise<string> {
  const { cwd = ROOT } = options;
  // A folder in the package, or its name would not be found; `dist` is ignored by git.
  const dir = mkdtempSync(join(ROOT, "dist/snippet-"));
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions: { rootDir: ".", outDir: ".", declaration: false, incremental: false },
    files: ["snippet.ts"],
    include: [],
  };
  try {
    writeFileSync(join(dir, "tsconfig.json"), JSON.stringify(config));
    writeFileSync(join(dir, "snippet.ts"), code);
    await node([TSC, "-p", dir], ROOT);
    return await node([join(dir, "snippet.js")], cwd);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function node(args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await promisify(execFile)(process.execPath, args, { cwd })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(stdout + stderr, { cause: error });
  }
}
