import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { env, pipeline } from "@huggingface/transformers";
import { expect, it } from "vitest";
import { huggingFaceFiles } from "../../src/tagging/hugging-face.js";
import { decodeModel } from "../../src/tagging/model-file.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { ENGINE } from "../engine.js";
import { signal } from "../features/signals.js";
import { makeFolder } from "../store/files.js";
import { usageMessageOf } from "../store/message-of.js";
import { tinyModel } from "./tiny-model.js";

const SHIPPED = decodeModel(readFileSync("models/instruments.onnx"), "models/instruments.onnx");

it.each([undefined, 44_100])(
  "transformers.js answers as the tagger does, at a rate of %s",
  async (sourceRate) => {
    const dir = makeFolder();
    for (const [file, content] of Object.entries(huggingFaceFiles(SHIPPED, "instruments", { sourceRate }))) {
      mkdirSync(dirname(join(dir, "instruments", file)), { recursive: true });
      writeFileSync(join(dir, "instruments", file), content);
    }
    env.allowRemoteModels = false;
    env.localModelPath = dir;
    const classify = await pipeline("audio-classification", "instruments", { dtype: "fp32", device: "cpu" });
    const tagger = await Tagger.of(SHIPPED, ENGINE);
    for (const [kind, nSamples] of [
      ["chirp", 100_000],
      ["noise", 20_000],
    ] as const) {
      const samples = signal(kind, nSamples);
      const found = (await classify(samples, { top_k: 11 })) as { label: string; score: number }[];
      const { tags } = await tagger.tagWaveform({ samples, sampleRate: sourceRate ?? 22_050 });
      expect(found).toHaveLength(tags.length);
      for (const { label, probability } of tags) {
        const { score } = found.find((each) => each.label === label)!;
        expect(Math.abs(score - probability)).toBeLessThan(1e-5);
      }
    }
    await classify.dispose();
    await tagger.close();
  },
);

it("is refused for models of several labels, whose probabilities a softmax would change", () => {
  const model = decodeModel(tinyModel({ task: "multi-label" }), "m");
  expect(usageMessageOf(() => huggingFaceFiles(model, "m"))).toMatch(
    /^model must give one label a clip: .*, got a model of several labels; use a model that reads samples/,
  );
});
