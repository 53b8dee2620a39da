import { readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sizeOf } from "../../src/core/tensor.js";
import { decodeModel, readModelInfo } from "../../src/tagging/model-file.js";
import { linearBaselinePath } from "../../src/training/run-folder.js";
import { jsonLines, makeFolder, timbrel } from "./cli.js";

const model = new URL("../../models/instruments.onnx", import.meta.url);
const recording = (path: string) =>
  new URL(`../../node_modules/tonejs-instrument-${path}`, import.meta.url).pathname;

describe("the model that comes with timbrel", () => {
  it("is small, has its baseline beside it, and says what it was trained on", () => {
    expect(statSync(model).size).toBeLessThan(4e6);
    expect(statSync(linearBaselinePath(model.pathname)).size).toBeGreaterThan(0);
    const { labels, split, frontEnd } = readModelInfo(readFileSync(model), model.pathname);
    expect(labels).toHaveLength(11);
    expect(Object.values(split.trainCounts)).toEqual(labels.map(() => 1120));
    expect(frontEnd.sampleRate).toBe(22050);
  });
  it("has as many parameters as the summary of its net says", async () => {
    const { code, stdout } = await timbrel(makeFolder(), ["summary", model.pathname, "--json"]);
    expect(code).toBe(0);
    const [{ inputShape, total }] = jsonLines(stdout);
    expect(inputShape).toEqual([64, 128]);
    const { weights } = decodeModel(readFileSync(model), model.pathname);
    const trained = [...weights].filter(([name]) => /\.(weight|bias|scale|shift)$/.test(name));
    expect(total).toMatchObject({
      parameterCount: trained.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0),
    });
  });
  it("tags real recordings if no model is named", async () => {
    const files = [recording("violin-wav/A4.wav"), recording("flute-wav/A5.wav")];
    const { code, stdout } = await timbrel(makeFolder(), ["predict", ...files, "--json", "--top", "1"]);
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([
      { tags: [{ label: "string" }] },
      { tags: [{ label: "flute" }] },
    ]);
  });
});
