import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { featuresInMemory, type MemoryClip } from "../../src/dataset/feature-data.js";
import { evaluateModel } from "../../src/evaluation/evaluate-model.js";
import { frontEnd } from "../../src/features/front-end.js";
import { netConfig } from "../../src/nn/architectures.js";
import { trainModel } from "../../src/training/train-model.js";
import { ENGINE } from "../engine.js";

/** The bands of the classes, and of the background, which the net would take for one of them. */
const BANDS = { high: 3, low: 0, none: 2 } as const;

/** A clip that is loud in one of four bands, with noise. */
function clip(label: keyof typeof BANDS, i: number): MemoryClip {
  const random = new Random(`${label} ${i}`);
  const data = Float32Array.from(
    { length: 8 * 4 },
    (_, at) => 0.3 * random.normal() + (at % 4 === BANDS[label] ? 1.5 : 0.5),
  );
  const descriptors = Float32Array.of(random.normal(), BANDS[label]);
  const split = (["train", "train", "valid", "test"] as const)[i % 4];
  return {
    ...{ name: `${label} ${i}`, labels: label === "none" ? [] : [label], split, descriptors },
    features: { data, shape: [8, 4] },
  };
}

const clips = (["high", "low", "none"] as const).flatMap((label) =>
  Array.from({ length: 48 }, (_, i) => clip(label, i)),
);
const FRONT_END = frontEnd({ sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 4 });
const withBackground = featuresInMemory(FRONT_END, clips);
const without = featuresInMemory(
  FRONT_END,
  clips.filter(({ labels }) => labels.length > 0),
);

describe.each(["single-label", "multi-label"] as const)("training against background, %s", (task) => {
  const config = {
    ...{ task, net: netConfig({ kind: "mlp", units: [16] }), segmentFrames: 8, epochs: 12, batchSize: 12 },
    ...{ augment: 0, labelSmoothing: 0, emaDecay: 0, learningRate: 0.01 },
  };
  const trained = (data: typeof without) => trainModel(data, config, { engine: ENGINE });

  it("makes the net answer it with no class, and tells it from the classes", async () => {
    const highest = [];
    const found = [];
    for (const data of [without, withBackground]) {
      const { model } = await trained(data);
      const { net, majority, unknown, chose } = await evaluateModel(model!, withBackground, {
        engine: ENGINE,
      });
      expect([net.nClips, majority.nClips]).toEqual([24, 24]);
      found.push({ kind: unknown!.kinds.find(({ sound }) => sound === "background")!, chose });
      // As clips of a class, the background clips are answered by the model.
      const asked = clips.filter(({ labels, split }) => labels.length === 0 && split === "test");
      const answered = featuresInMemory(
        FRONT_END,
        asked.map((each) => ({ ...each, labels: ["low"] })),
      );
      const { answers } = await evaluateModel(model!, answered, { engine: ENGINE, split: "test" });
      const most = answers.map(({ probabilities }) => Math.max(...probabilities));
      highest.push(most.reduce((sum, value) => sum + value, 0) / most.length);
    }
    const [before, after] = found;
    expect(highest[0]).toBeGreaterThan(0.7);
    expect(highest[1]).toBeLessThan(task === "single-label" ? 0.65 : 0.3);
    expect(after.kind.nClips).toBe(12);
    expect(after.kind.rocAuc).toBeGreaterThan(0.95);
    expect(after.kind.rocAuc).toBeGreaterThanOrEqual(before.kind.rocAuc);
    expect([before.chose.nTrained, after.chose.nTrained]).toEqual([48, 72]);
  });

  it("leaves it out of vocabulary, counts and scores", async () => {
    const { model, history } = await trained(withBackground);
    const { labels, split } = model!.info;
    expect([labels, split.trainCounts]).toEqual([["high", "low"], { high: 24, low: 24 }]);
    expect(model!.info.calibration!.validation.nClips).toBe(24);
    expect(history.at(-1)!.score).toBeGreaterThan(0.95);
  });
});

it("gives the same weights when named test clips are removed, whose background is drawn", async () => {
  const unnamed = clips.map((each) => (each.labels.length === 0 ? { ...each, split: null } : each));
  const isFewTest = ({ split }: MemoryClip, i: number) => split !== "test" || i % 3 === 0;
  const config = { net: netConfig({ kind: "mlp", units: [4] }), segmentFrames: 8, epochs: 1 };
  const [whole, fewer] = await Promise.all(
    [unnamed, unnamed.filter(isFewTest)].map((some) =>
      trainModel(featuresInMemory(FRONT_END, some), config, { engine: ENGINE }),
    ),
  );
  expect(fewer.model!.info.split.hash).not.toBe(whole.model!.info.split.hash);
  expect(fewer.model!.weights).toEqual(whole.model!.weights);
  expect(fewer.model!.info.calibration).toEqual(whole.model!.info.calibration);
});
