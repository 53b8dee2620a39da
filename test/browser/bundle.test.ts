import { readdirSync, readFileSync } from "node:fs";
import { build } from "esbuild";
import { expect, it } from "vitest";

const { inputs, gzipBytes } = JSON.parse(readFileSync("dist/browser-contents.json", "utf8")) as {
  inputs: string[];
  gzipBytes: number;
};

it("the bundle for browsers holds nothing of Node", () => {
  expect(inputs).toContain("dist/src/training/train-model.js");
  expect(inputs.filter((file) => /^dist\/src\/(store|commands|report|runtime\/node)/.test(file))).toEqual([]);
  const files = readdirSync("dist/browser");
  expect(files).toContain("index.js");
  for (const file of files)
    expect(readFileSync(`dist/browser/${file}`, "utf8")).not.toMatch(
      /(from|import)\s*\(?"(node:|fs"|path"|os")/,
    );
});

/** A little more than it is: whoever adds to it should know. */
const MOST_GZIP_BYTES = 500_000;

it("the bundle for browsers stays small", () => {
  expect(gzipBytes).toBeLessThan(MOST_GZIP_BYTES);
});

it("a bundler for browsers finds it under the package's name", async () => {
  const { metafile } = await build({
    stdin: { contents: 'export { loadTagger } from "timbrel";', resolveDir: "." },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    metafile: true,
  });
  expect(Object.keys(metafile.inputs)).toContain("dist/browser/index.js");
  expect(Object.keys(metafile.inputs).filter((file) => file.startsWith("dist/src/"))).toEqual([]);
});
