import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
  return withCompiled({ snippet: code }, (dir) => node([join(dir, "snippet.js")], options.cwd ?? ROOT));
}

/** What became of a program: what it printed on the console, and the error that ended it, if any. */
export interface SnippetRun {
  readonly printed: string;
  readonly error: string | null;
}

/**
 * Runs many programs: compiled together, then run one after another in one process, each in a folder of its own.
 * @param codes the programs by name
 * @param prepare fills a program's folder, which is empty
 * @throws Error with the compiler's messages if any does not compile
 */
export async function runSnippets(
  codes: Readonly<Record<string, string>>,
  prepare: (dir: string) => void,
): Promise<Readonly<Record<string, SnippetRun>>> {
  return withCompiled(codes, async (dir) => {
    const names = Object.keys(codes);
    for (const name of names) {
      mkdirSync(join(dir, "cwd", name), { recursive: true });
      prepare(join(dir, "cwd", name));
    }
    writeFileSync(join(dir, "runner.js"), RUNNER);
    await node([join(dir, "runner.js"), ...names], dir);
    return JSON.parse(readFileSync(join(dir, "runs.json"), "utf8"));
  });
}

/** Imports the programs beside it that are named on its command line, and writes their `SnippetRun`s to `runs.json`. */
const RUNNER = `
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";

const dir = import.meta.dirname;
const runs = {};
for (const name of process.argv.slice(2)) {
  let printed = "";
  let error = null;
  console.log = (...values) => { printed += format(...values) + "\\n"; };
  process.chdir(join(dir, "cwd", name));
  try {
    await import(join(dir, name + ".js"));
  } catch (thrown) {
    error = String(thrown?.stack ?? thrown);
  }
  runs[name] = { printed, error };
}
writeFileSync(join(dir, "runs.json"), JSON.stringify(runs));
`;

/** Compiles programs, each into `<name>.js` in one folder, which is gone when `use` is done. */
async function withCompiled<T>(
  codes: Readonly<Record<string, string>>,
  use: (dir: string) => Promise<T>,
): Promise<T> {
  // Inside the package, so that the package's name is found; git ignores `dist`.
  const dir = mkdtempSync(join(ROOT, "dist/snippet-"));
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions: { rootDir: ".", outDir: ".", declaration: false, incremental: false },
    files: Object.keys(codes).map((name) => `${name}.ts`),
    include: [],
  };
  try {
    writeFileSync(join(dir, "tsconfig.json"), JSON.stringify(config));
    for (const [name, code] of Object.entries(codes)) writeFileSync(join(dir, `${name}.ts`), code);
    await node([TSC, "-p", dir], ROOT);
    return await use(dir);
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
