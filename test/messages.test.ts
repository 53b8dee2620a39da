import { readdirSync, readFileSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { VERBS } from "../src/commands/command-line.js";

const src = resolve(import.meta.dirname, "../src");
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
/** Source without its comments. */
const code = (file: string) =>
  readFileSync(join(src, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|[\s;{}])\/\/.*$/gm, "");
/** Files that work without a command line: all except `commands/` and the program itself. */
const library = files.filter((file) => !file.startsWith(`commands${sep}`) && file !== "cli.ts");

/** The matches of a pattern in files, each with the name of its file. */
const matches = (where: readonly string[], pattern: RegExp): string[] =>
  where.flatMap((file) => [...code(file).matchAll(pattern)].map((match) => `${file}: ${match[0]}`));

const commands = await Promise.all(
  VERBS.map(async (verb): Promise<Command> => (await import(`../src/commands/${verb}.ts`)).command),
);

describe("what the library says", () => {
  it("names no flag of any command", () => {
    const flags = new Set(commands.flatMap(({ options }) => options.map(({ long }) => long)));
    expect(flags.size).toBeGreaterThan(60);
    expect(matches(library, new RegExp(`(?:${[...flags].join("|")})\\b`, "g"))).toEqual([]);
  });
  it("names no command of timbrel or npm", () => {
    const called = `(?:timbrel|npm run|npx) (?:${VERBS.join("|")})|(?:${VERBS.join("|")}) command|npm (?:run|ci|install)`;
    expect(matches(library, new RegExp(`\\b(?:${called})\\b`, "g"))).toEqual([]);
  });
});

describe("a usage error", () => {
  const SETTING = /^(?:--[a-z-]+|[a-z]\w*(?:\[\d\])?(?:\.\w+(?:\[\d\])?)*)$/i;
  /** Settings that errors and checks name in the source, with `a` for what a template inserts, or `0` in brackets. */
  const settings = matches(
    files,
    /(?<=\bsetting: |\bcheck(?:Number|Integer|Integers|Choice|Names)\()(["`])(?:(?!\1).)*\1/g,
  ).map((match) =>
    match.replaceAll(/\$\{(?:\w|\.|!)+\}/g, (_, at: number) => (match[at - 1] === "[" ? "0" : "a")),
  );

  it("starts with the name of a setting or a flag, never of a function", () => {
    expect(settings.length).toBeGreaterThan(80);
    const names = settings.map((match) => match.slice(match.indexOf(": ") + 3, -1));
    expect(names.filter((name) => !SETTING.test(name))).toEqual([]);
    for (const other of ["melFilterBank: fMax", "train: data", "the net", "Session.open: model"])
      expect(other).not.toMatch(SETTING);
  });
});
