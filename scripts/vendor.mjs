// Copies what timbrel needs of onnxruntime-web, 14 MB of 136, to dist/vendor/, which is part of the package: an install of the whole
// would be ten times as large.
import { copyFileSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
mkdirSync(path("dist/vendor"), { recursive: true });
for (const file of ["ort.node.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"])
  copyFileSync(path(`node_modules/onnxruntime-web/dist/${file}`), path(`dist/vendor/${file}`));
