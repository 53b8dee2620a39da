import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const src = resolve(import.meta.dirname, "../src");

/** Files that a page needs to train, tag and evaluate; its engine comes with `runtime/web.ts`. */
const ENTRIES = [
  "audio/decode.ts",
  "dataset/feature-data.ts",
  "evaluation/evaluate-model.ts",
  "features/feature-stream.ts",
  "features/descriptors.ts",
  "graph/index.ts",
  "runtime/engine.ts",
  "tagging/tagger.ts",
  "training/find-learning-rate.ts",
  "training/gradient-flow.ts",
  "training/linear-baseline.ts",
  "training/train-model.ts",
];

/** The code of a file without its comments. */
const codeOf = (file: string) =>
  readFileSync(join(src, file), "utf8").replace(/\/\*.*?\*\/|(?<=^|\s)\/\/.*?$/gms, "");
/** The imports of a file, without those of types, which do not exist at run time. */
const importsOf = (file: string) =>
  [
    ...codeOf(file).matchAll(
      /^(?:import|export) (?!type )[^;]*?from "([^"]+)"|^import "([^"]+)"|import\("([^"]+)"\)/gms,
    ),
  ].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic);

/** The files that the entries load, including the entries, and the packages. */
function closure(entries: readonly string[]): { files: string[]; packages: Set<string> } {
  const files = [...entries];
  const packages = new Set<string>();
  for (const file of files)
    for (const name of importsOf(file)) {
      if (!name.startsWith(".")) packages.add(name);
      else {
        const target = relative(src, resolve(src, dirname(file), name.replace(/\.js$/, ".ts")));
        if (!files.includes(target)) files.push(target);
      }
    }
  return { files, packages };
}

describe("what a browser loads", () => {
  const { files, packages } = closure(ENTRIES);

  it("is found completely", () => {
    expect(files.filter((file) => !existsSync(join(src, file)))).toEqual([]);
    expect(files).toContain("nn/training-step.ts");
    expect(files).toContain("dataset/covariance.ts");
    expect(files.length).toBeGreaterThan(80);
  });
  it("imports no module of Node and no engine for Node", () => {
    expect([...packages].filter((name) => /^node:|^onnxruntime-node/.test(name))).toEqual([]);
  });
  it("uses nothing that only Node has", () => {
    expect(
      files.filter((file) => /\b(Buffer|process|__dirname|require|setImmediate)\b/.test(codeOf(file))),
    ).toEqual([]);
  });
  it("loads only packages that run in a browser", () => {
    expect([...packages].sort()).toMatchInlineSnapshot(`
      [
        "@audio/decode-opus/core",
        "@noble/hashes/sha2.js",
        "@noble/hashes/utils.js",
        "@wasm-audio-decoders/ogg-vorbis",
        "fft.js",
        "meyda",
        "ml-matrix",
        "mpg123-decoder",
        "onnx-proto",
        "protobufjs/minimal.js",
        "wav-decoder",
        "zod",
      ]
    `);
  });
});
