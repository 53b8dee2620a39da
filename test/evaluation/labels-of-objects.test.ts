import { expect, it } from "vitest";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { evaluateModel } from "../../src/evaluation/evaluate-model.js";
import { frontEnd } from "../../src/features/front-end.js";
import { netConfig } from "../../src/nn/architectures.js";
import { scoresReport } from "../../src/report/scores.js";
import { splitTable } from "../../src/report/split-table.js";
import { decodeModel, encodeModel } from "../../src/tagging/model-file.js";
import { trainModel } from "../../src/training/train-model.js";
import { ENGINE } from "../engine.js";

/** Names that every ordinary object has, sorted as a vocabulary is. */
const LABELS = ["__proto__", "constructor", "hasOwnProperty", "toString"];

/** Ten clips of each label, constant features whose level tells the label. */
const clipsOf = (labels: readonly string[], { also, level = 0 }: { also?: string; level?: number } = {}) =>
  labels.flatMap((label) =>
    Array.from({ length: 10 }, (_, i) => ({
      name: `${label}/${i}.wav`,
      labels: also === undefined || i % 2 === 0 || also === label ? [label] : [label, also],
      features: {
        shape: [8, 2],
        data: new Float32Array(16).fill(LABELS.indexOf(label) + level + i / 100),
      },
    })),
  );

const FRONT_END = frontEnd({ nMels: 2 });
const CONFIG = { net: netConfig({ kind: "mlp", units: [8] }), segmentFrames: 8, epochs: 3, augment: 0 };

async function trainOn(clips: ReturnType<typeof clipsOf>) {
  const data = featuresInMemory(FRONT_END, clips);
  const tables: string[] = [];
  const { model, history } = await trainModel(data, CONFIG, {
    engine: ENGINE,
    onStart: ({ splits }) => void tables.push(splitTable(splits)),
  });
  for (const { trainLoss, valid } of history)
    expect([trainLoss, ...Object.values(valid)].every(Number.isFinite)).toBe(true);
  for (const label of LABELS)
    expect(tables[0]).toMatch(new RegExp(`^${label} +\\d+ +\\d+ +\\d+ +\\d+$`, "m"));
  return { data, model: decodeModel(encodeModel(model!), "model.onnx") };
}

it("labels named as members of every object are trained on, stored and scored as any other", async () => {
  const { data, model } = await trainOn(clipsOf(LABELS));
  const { info } = model;
  expect(info.labels).toEqual(LABELS);
  expect(Object.entries(info.split.trainCounts)).toEqual(LABELS.map((label) => [label, 7]));
  const scored = await evaluateModel(model, data, { engine: ENGINE });
  const { net, majority } = scored;
  if (net.task !== "single-label") throw new Error("the task is single-label");
  expect(Object.keys(net.perLabel)).toEqual(LABELS);
  expect(Object.keys(JSON.parse(JSON.stringify(net.perLabel)))).toEqual(LABELS);
  expect(majority.loss).toBeCloseTo(Math.log(4), 6);
  const report = scoresReport(
    { ...scored, model: "model.onnx", store: "features", labels: info.labels },
    { info, linearPath: "model.linear.onnx" },
  );
  expect(report).toContain("trained on 28 clips");
  for (const label of LABELS) expect(report).toMatch(new RegExp(`^${label} +\\d +\\d+\\.\\d %`, "m"));
});

it("such a label is left out of the scores of clips without it", async () => {
  const { model } = await trainOn(clipsOf(LABELS));
  const others = clipsOf(["hasOwnProperty", "toString"], { level: 0.005 });
  const data = featuresInMemory(FRONT_END, others);
  const { net } = await evaluateModel(model, data, { engine: ENGINE, split: "all" });
  if (net.task !== "single-label") throw new Error("the task is single-label");
  expect(Object.keys(net.perLabel)).toEqual(["hasOwnProperty", "toString"]);
  expect(net.perLabel["constructor"]).toBeUndefined();
});

it("several such labels of a clip are trained on and scored", async () => {
  const { data, model } = await trainOn(clipsOf(LABELS, { also: "__proto__" }));
  const { net } = await evaluateModel(model, data, { engine: ENGINE });
  if (net.task !== "multi-label") throw new Error("the task is multi-label");
  expect(Object.keys(net.perLabel)).toEqual(LABELS);
  expect(Object.values(net.perLabel).every(({ averagePrecision }) => Number.isFinite(averagePrecision))).toBe(
    true,
  );
});
