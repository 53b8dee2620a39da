import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "..");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

/** A program in a Markdown file. */
export interface Snippet {
  /** Content of a `ts` block. */
  readonly code: string;
  /** Output of the program: the next block if it is a `text` block, else null. */
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
 * Runs a program and returns its stdout. It is compiled as strictly as the sources and imports the package by its name.
 * @param options.cwd folder that it runs in. @default the repository
 * @throws Error with the compiler's or the program's own messages
 */
export async function runSnippet(code: string, options: { cwd?: string } = {}): Promise<string> {
  const { cwd = ROOT } = options;
  // Inside the package, so that the package's name is found; git ignores `dist`.
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
