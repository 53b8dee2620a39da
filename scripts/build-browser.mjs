// Bundles timbrel/browser into dist/browser/, and says how large it is. The bundle finds ONNX Runtime's files in dist/vendor/ and
// the model in models/, relative to itself.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
rmSync(path("dist/browser"), { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [path("dist/src/browser.js")],
  outdir: path("dist/browser"),
  entryNames: "index",
  absWorkingDir: path("."),
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
const files = Object.keys(metafile.outputs);
const sizes = files.map((file) => gzipSync(readFileSync(path(file))).length);
const total = sizes.reduce((sum, size) => sum + size, 0);
// What a test reads: the sources of the bundle, and its size.
writeFileSync(
  path("dist/browser-contents.json"),
  JSON.stringify({ inputs: Object.keys(metafile.inputs), gzipBytes: total }),
);
console.log(`dist/browser: ${files.length} files, ${Math.round(total / 1000)} kB with gzip`);
