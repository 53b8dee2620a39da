import { execFile, spawn } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { makeFolder, type Outcome, timbrel, toneWav, write, writeTones } from "./commands/cli.js";
import { commandsOf, isCoveredBy, missingPaths, optionOf, type ShellCommand } from "./readme-commands.js";

const root = resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

const READMES = ["", "src/", "src/graph/", "src/studio/", "models/", "data/", "scripts/bench/"].map(
  (dir) => `${dir}README.md`,
);
const commands = READMES.flatMap((file) => commandsOf(read(file)));

/** Commands that are not run here, by what they begin with, or hold. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [/^npm ci/, "installs what is installed already, for minutes of the quickstart and of all tests"],
  [/^npm install/, ".ci/run installs the package"],
  [/^npm run (studio|build:studio)\b/, "serves until Ctrl-C, and builds for that; test/studio opens it"],
  [/^npm run lab/, "takes a minute, even with --quick; test/commands/lab.test.ts runs the most of it"],
  [
    /^(cd .. && )?npm run data\b/,
    "renders for minutes; .ci/run runs it with --small, and test/data its parts",
  ],
  [/^npm run (lineages|channels|unknown|few-shot|exported|bench|torture)\b/, "takes minutes to hours"],
  [/^(apt-get|mkdir debs)/, "gets Debian packages from the network"],
  [/</, "has a gap for the reader to fill"],
];
const isRun = ({ line }: ShellCommand) => !NOT_RUN.some(([pattern]) => pattern.test(line));

/** Tables that `npm run data` writes. */
const TABLES = [
  "data/instruments/manifest.csv",
  "data/instruments/all.csv",
  "data/instruments/with-recordings-a.csv",
  "data/instruments/random-notes.csv",
  "data/recordings/manifest.csv",
  "data/mixes/manifest.csv",
  "data/recording-mixes/manifest.csv",
  "data/genre/across-a.csv",
];
const MODEL = "models/instruments.onnx";
const NET = "models/instruments.net.json";
/** Names that the READMEs use for what a reader has. */
const GIVEN = ["my-sounds", "my-recordings", "song.wav", "features", "models/other"];
const FEELINGS = "data/genre/tracks/fretsonfire-songs-sectoid/feelings.wav";

/** Makes a folder like a clone after the quickstart, but with tones for sounds, and a net of few channels. */
async function likeAClone(): Promise<string> {
  const dir = makeFolder();
  for (const name of ["node_modules", "scripts", "package.json"])
    symlinkSync(join(root, name), join(dir, name));
  for (const name of ["song.wav", "my-recordings/a.wav", FEELINGS]) write(dir, name, toneWav(300));
  writeTones(join(dir, "my-sounds"), { low: 250, high: 1500 }, 8);
  const labels = { brass: 200, flute: 500, reed: 800, string: 1100 };
  writeTones(join(dir, "sounds"), labels, 8);
  const rows = Object.keys(labels).flatMap((label) =>
    Array.from({ length: 8 }, (_, i) => `${dir}/sounds/${label}/${i}.wav,${label},${label} ${i}`),
  );
  for (const table of TABLES) write(dir, table, ["path,label,group", ...rows].join("\n"));
  write(dir, NET, JSON.stringify({ ...JSON.parse(read(NET)), channels: [4, 4, 4, 4, 4] }));
  // As the quickstart leaves it.
  const recordings = "data/features/recordings";
  const setUp = [
    `extract data/recordings/manifest.csv --out ${recordings} --scale 1000`,
    `train ${recordings} --out models/small --net ${NET} --level segment --epochs 1 --segment-frames 16`,
  ];
  for (const line of setUp) expect((await timbrel(dir, line.split(" "))).code).toBe(0);
  for (const part of [".onnx", ".linear.onnx"])
    copyFileSync(join(dir, `models/small/model${part}`), join(dir, MODEL.replace(".onnx", part)));
  symlinkSync("mine", join(dir, "models/other"));
  symlinkSync("data/features/mine", join(dir, "features"));
  return dir;
}

/** The command with the shortest training: one epoch on short segments, with few channels. */
function shortened(line: string): string {
  if (!line.startsWith("npm run train")) return line;
  const epochs = / --(head|find-lr)\b/.test(line) ? "" : " --epochs 1";
  const segments = / --from /.test(line) ? "" : " --segment-frames 16";
  const channels = / --(net|from|channels) /.test(line) ? "" : " --channels 4,8";
  return `${line}${epochs}${segments}${channels}`;
}

/** Runs a line of shell as in a terminal. */
function shell(line: string, cwd: string): Promise<Outcome> {
  const env = { ...process.env, npm_config_loglevel: "silent", npm_config_update_notifier: "false" };
  const child = spawn(line, { cwd, env, shell: true, stdio: ["ignore", "pipe", "pipe"] });
  const outcome = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      outcome[name] += text;
    });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, ...outcome })));
}

/** Lines without their numbers and the widths of their columns, which depend on the data. */
const formOf = (text: string) =>
  text.split("\n").map((line) =>
    line
      .replace(/[\d.]+(e-?\d+)?/g, "0")
      .replace(/\s+/g, " ")
      .trim(),
  );

describe("the commands in a Markdown text", () => {
  it("are the lines of indented blocks and code with arguments, with the block behind them as their output", () => {
    const text =
      "Run\n\n    npm ci    # slow\n    npm run a -- b \\\n      --c\n\n    printed\n\nor `npm run d --\ne`, not `npm run f`.\n";
    expect(commandsOf(text)).toEqual([
      { line: "npm ci", output: null },
      { line: "npm run a -- b --c", output: "printed\n" },
      { line: "npm run d -- e", output: null },
    ]);
  });
  it("are all that is in such blocks", () => {
    expect(() => commandsOf("    curl example.org\n")).toThrow(
      /^neither commands nor the output of one:\ncurl/,
    );
  });
});

describe("the shell commands of the READMEs", () => {
  it("need what is there, or what a command before them writes", () => {
    const known = new Set([
      ...TABLES,
      ...GIVEN,
      MODEL,
      NET,
      FEELINGS,
      "node_modules",
      "data/features/recordings",
    ]);
    expect(commands.filter(isRun).flatMap(({ line }) => missingPaths(line, known))).toEqual([]);
  });

  it("name scripts that exist", () => {
    const names = READMES.flatMap((file) => [...read(file).matchAll(/npm run (?:-s )?([\w:-]+)/g)]);
    expect(names.map(([, name]) => name).filter((name) => !(name in scripts))).toEqual([]);
  });

  const flags = new Map<string, string[]>();
  for (const { line } of commands.filter((each) => !isRun(each))) {
    const [, script, args] = /npm run ([\w-]+ --(?: genre)?)(.*)/.exec(line) ?? [];
    if (script !== undefined)
      flags.set(script, [...(flags.get(script) ?? []), ...(args.match(/--[\w-]+/g) ?? [])]);
  }
  it.each([...flags])("name flags of its help, if they are not run: %s", async (script, named) => {
    const [name, , ...verb] = script.split(" ");
    const [, program, ...args] = scripts[name].replace(/^.* && /, "").split(" ");
    const given = [program, ...args, ...verb, "--help"];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, given).catch(
      (error) => error as Outcome,
    );
    for (const flag of named) expect(`${stdout}${stderr}`).toContain(flag);
  });

  describe("run", () => {
    let dir: string;
    beforeAll(async () => {
      dir = await likeAClone();
    });
    // Not those that differ from one before in names and numbers alone, but for stores that others read.
    const candidates = commands.filter(isRun);
    const first = candidates.filter(
      ({ line }, i) => !candidates.slice(0, i).some((before) => isCoveredBy(line, before.line)),
    );
    const isRead = ({ line }: ShellCommand) =>
      line.startsWith("npm run extract") &&
      first.some((each) => each.line.includes(` ${optionOf(line, "out")} `));
    const run = candidates.filter((each) => first.includes(each) || isRead(each));
    it.each(run)("$line", async ({ line, output }) => {
      const out = optionOf(line, "out");
      // What an earlier section of a README has written; its files would be in the way.
      if (/^npm run (train|extract)/.test(line)) rmSync(join(dir, out!), { recursive: true, force: true });
      const { code, stdout, stderr } = await shell(shortened(line), dir);
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
      for (const name of ["out", "png", "report", "predictions"]) {
        const path = optionOf(line, name);
        if (path !== undefined) expect(existsSync(join(dir, path)), path).toBe(true);
      }
      // The answers of the model that comes with timbrel are to the digit those of the README.
      if (line.startsWith("npm run predict -- node_modules/")) expect(stdout).toBe(output);
      else if (output !== null)
        for (const each of formOf(output.replace("...\n", "")))
          expect(formOf(stdout + stderr)).toContain(each);
    });
  });
});
