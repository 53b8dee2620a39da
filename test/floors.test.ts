import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { describe, expect, it } from "vitest";

// A file imports from its own room or from a lower floor, never from a neighbour or above.
const FLOORS: Record<string, number> = {
  core: 0,
  audio: 1,
  graph: 1,
  features: 2,
  nn: 2,
  dataset: 3,
  runtime: 3,
  store: 4,
  tagging: 4,
  evaluation: 5,
  training: 6,
  report: 7,
  lab: 8,
  studio: 8,
  commands: 9,
  ".": 10,
};
const src = resolve(import.meta.dirname, "../src");
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const roomOf = (file: string) => (file.includes(sep) ? file.split(sep)[0] : ".");
/** A file without its docblocks, whose examples may print and import what they like. */
const code = (file: string) => readFileSync(join(src, file), "utf8").replace(/^ *\/\*\*.*?\*\//gms, "");
const importsOf = (file: string) =>
  [...code(file).matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1]);

function climbs(file: string): string[] {
  const room = roomOf(file);
  return importsOf(file)
    .filter((target) => target.startsWith("."))
    .map((target) => relative(src, resolve(src, dirname(file), target)))
    .filter((target) => roomOf(target) !== room && !(FLOORS[roomOf(target)] < FLOORS[room]))
    .map((target) => `${file} imports ${target}`);
}

/** The locks of folders name the process that holds them. */
const LOCKS = ["store/folder-lock.ts", "store/lock-owner.ts"];

describe("floors", () => {
  it("every room has a floor", () => {
    expect(files.map(roomOf).filter((room) => !(room in FLOORS))).toEqual([]);
  });
  it("imports only go down", () => {
    expect(files.flatMap(climbs)).toEqual([]);
  });
  it("only the store, the engine for Node and what is built on them import modules of Node", () => {
    const pure = ["core", "audio", "graph", "features", "nn", "dataset", "runtime", "tagging", "evaluation"];
    const asking = files.filter((file) => importsOf(file).some((name) => /^node:/.test(name)));
    expect(asking.filter((file) => pure.includes(roomOf(file)))).toEqual(["runtime/node.ts"]);
  });
  it("only the top floors use the process and the console", () => {
    const asking = files.filter(
      (file) => FLOORS[roomOf(file)] < 7 && /\b(process|console)\./.test(code(file)),
    );
    expect(asking).toEqual(["audio/quietly.ts", "runtime/node.ts", "store/file-source.ts", ...LOCKS]); // quietly.ts keeps decoders from printing
  });
  it("nothing imports node:process, which opens standard input as it is imported", () => {
    expect(files.filter((file) => importsOf(file).includes("node:process"))).toEqual([]);
  });
  it("nothing draws unseeded random numbers, and no room below the commands reads the clock", () => {
    expect(files.filter((file) => /Math\.random/.test(code(file)))).toEqual([]);
    expect(
      files.filter(
        (file) => FLOORS[roomOf(file)] < 7 && /Date\.now|new Date\(\)|performance\.now/.test(code(file)),
      ),
    ).toEqual([]);
  });
  it("only the runtime touches ONNX Runtime", () => {
    expect(
      files.filter(
        (file) => roomOf(file) !== "runtime" && importsOf(file).some((name) => /^onnxruntime/.test(name)),
      ),
    ).toEqual([]);
  });
});
