import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import * as library from "../src/index.js";
import { runSnippets, type SnippetRun } from "./readme-snippets.js";

const root = resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, "src", file), "utf8");

/** The file in which each exported name is defined. */
const files = new Map(
  [...read("index.ts").matchAll(/^export \{([^}]*)\} from "\.\/(.*)\.js";$/gm)].flatMap(([, names, file]) =>
    names.split(",").map((name) => [name.trim(), `${file}.ts`] as const),
  ),
);
/** Functions and classes. */
const names = Object.entries(library)
  .filter(([, value]) => typeof value === "function")
  .map(([name]) => name);

/** The code of the `@example` in the docblock of an exported function or class; null if it has none. */
function exampleOf(name: string): string | null {
  const source = read(files.get(name)!);
  const [before] = source.split(new RegExp(`^export (?:async )?(?:function|class) ${name}\\b`, "m"));
  if (before.length === source.length || !before.endsWith("*/\n")) return null;
  const lines = before
    .slice(before.lastIndexOf("/**"), -"*/\n".length)
    .split("\n")
    .map((line) => line.replace(/^ \* ?/, ""));
  const start = lines.indexOf("@example");
  if (start < 0) return null;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith("@"));
  return `${rest.slice(0, end < 0 ? undefined : end).join("\n")}\n`;
}

/** What an example says it prints: the text after each `// ->`. */
const statedOutput = (code: string) => [...code.matchAll(/\/\/ -> (.*)\n/g)].map(([, line]) => line);

const examples = new Map(
  names.flatMap((name) => {
    const code = exampleOf(name);
    return code === null ? [] : [[name, code] as const];
  }),
);

/** What a clone has after `npm ci`; whatever an example writes is in a folder of its own. */
function likeAClone(dir: string): void {
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"), "dir");
  mkdirSync(join(dir, "models"));
  for (const model of ["models/instruments.onnx", "models/instruments.linear.onnx"])
    symlinkSync(join(root, model), join(dir, model));
}

describe("the examples of the library", () => {
  let runs: Readonly<Record<string, SnippetRun>>;
  beforeAll(async () => {
    runs = await runSnippets(Object.fromEntries(examples), likeAClone);
  });

  it("are found where the functions are defined", () => {
    expect(names).toContain("logMel");
    expect(names.filter((name) => !files.has(name))).toEqual([]);
  });
  it.each(names)("%s has one, which prints what it says", (name) => {
    const code = examples.get(name);
    expect(code).toBeDefined();
    const stated = statedOutput(code!);
    expect(runs[name]).toEqual({ printed: stated.map((line) => `${line}\n`).join(""), error: null });
    expect(stated).not.toEqual([]);
  });
});
