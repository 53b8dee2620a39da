// Copies what timbrel needs of onnxruntime-web, 42 MB of 136, to dist/vendor/, which is part of the package: 14 MB for the processor, in
// Node and in browsers, and 27 with WebGPU, in browsers alone.
import { copyFileSync, existsSync, mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
mkdirSync(path("dist/vendor"), { recursive: true });
const wasm = ["", ".asyncify"].flatMap((kind) =>
  ["mjs", "wasm"].map((end) => `ort-wasm-simd-threaded${kind}.${end}`),
);
for (const file of ["ort.node.min.mjs", "ort.wasm.min.mjs", "ort.webgpu.min.mjs", ...wasm])
  copyIfOther(path(`node_modules/onnxruntime-web/dist/${file}`), path(`dist/vendor/${file}`));

function copyIfOther(from, to) {
  if (!existsSync(to) || statSync(to).size !== statSync(from).size) copyFileSync(from, to);
}
