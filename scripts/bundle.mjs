// Bundles timbrel/browser into dist/browser/ and the studio into dist/studio/, and says how large they are; and the command line
// with its worker threads into dist/bin/, which then starts in three quarters of the time. All find ONNX Runtime's files in
// dist/vendor/ and the model in models/.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const COMMON = {
  absWorkingDir: path("."),
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
};

/**
 * Bundles into a folder. Only files that changed are written: tests may be running what is there.
 * @param options those of esbuild, and `others`: further files by name
 */
async function bundle(outdir, { others = {}, ...options }) {
  const { metafile, outputFiles } = await build({
    ...COMMON,
    ...options,
    outdir: path(outdir),
    write: false,
    metafile: true,
  });
  mkdirSync(path(outdir), { recursive: true });
  for (const file of outputFiles) writeIfChanged(file.path, file.contents);
  for (const [name, content] of Object.entries(others)) writeIfChanged(path(`${outdir}/${name}`), content);
  const names = new Set([...outputFiles.map((file) => basename(file.path)), ...Object.keys(others)]);
  for (const name of readdirSync(path(outdir))) if (!names.has(name)) rmSync(path(`${outdir}/${name}`));
  return metafile;
}

function writeIfChanged(file, contents) {
  if (!existsSync(file) || !readFileSync(file).equals(Buffer.from(contents))) writeFileSync(file, contents);
}

// Packages that most commands load. The others stay where npm installs them: decoders find their own files there.
const BUNDLED = [
  "@noble/hashes",
  "cli-progress",
  "commander",
  "crc-32",
  "csv-parse",
  "fft.js",
  "meyda",
  "ml-matrix",
  "onnx-proto",
  "protobufjs",
  "wav-decoder",
  "zod",
];
const { dependencies } = JSON.parse(readFileSync(path("package.json"), "utf8"));
const program = await bundle("dist/bin", {
  entryPoints: ["cli", "store/extract-worker", "store/feature-worker"].map((name) =>
    path(`dist/src/${name}.js`),
  ),
  entryNames: "[name]",
  platform: "node",
  external: [
    ...Object.keys(dependencies).filter((name) => !BUNDLED.includes(name)),
    "onnxruntime-node",
    "#*",
  ],
  // CommonJS packages in the bundle call `require`.
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module";const require = makeRequire(import.meta.url);',
  },
});

const page = await bundle("dist/browser", {
  entryPoints: [path("dist/src/browser.js")],
  entryNames: "index",
  platform: "browser",
  minify: true,
});
const { INDEX_PAGE } = await import("../dist/src/studio/index-page.js");
const { STUDIO_STYLE } = await import("../dist/src/studio/style.js");
const studio = await bundle("dist/studio", {
  entryPoints: ["studio", "tagging-worker", "training-worker", "microphone-processor"].map((name) =>
    path(`dist/src/studio/${name}.js`),
  ),
  entryNames: "[name]",
  platform: "browser",
  minify: true,
  alias: { linkedom: path("dist/src/studio/page-document.js") }, // charts are drawn in the page's own document
  others: { "index.html": INDEX_PAGE, "studio.css": STUDIO_STYLE },
});
const sizes = { browser: sizeOf(page), studio: sizeOf(studio) };
// A test reads from this file which sources are in the bundle, and how large it is.
writeIfChanged(
  path("dist/browser-contents.json"),
  JSON.stringify({ inputs: Object.keys(page.inputs), gzipBytes: sizes.browser.gzipBytes }),
);
writeIfChanged(path("dist/LICENSES.txt"), licencesOf([program, page, studio]));
for (const [folder, size] of Object.entries(sizes))
  console.log(`dist/${folder}: ${size.nFiles} files, ${Math.round(size.gzipBytes / 1000)} kB with gzip`);

/** Number of a bundle's files, and their size as a server sends them. */
function sizeOf({ outputs }) {
  const sizes = Object.keys(outputs).map((file) => gzipSync(readFileSync(path(file))).length);
  return { nFiles: sizes.length, gzipBytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** The licences of the packages whose code is in the bundles, and of ONNX Runtime, whose files lie beside them. */
function licencesOf(metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const packages = inputs.flatMap(
    (file) => /node_modules\/((@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(file)?.[1] ?? [],
  );
  const texts = [...new Set([...packages, "onnxruntime-web"])].sort().map((name) => {
    const folder = path(`node_modules/${name}`);
    const { version, license, author } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const by = typeof author === "object" ? author.name : author;
    const text =
      file === undefined
        ? `${license}, by ${by ?? "its authors"}`
        : readFileSync(`${folder}/${file}`, "utf8");
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
