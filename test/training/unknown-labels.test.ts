import { describe, expect, it } from "vitest";
import { featureSets } from "../../src/dataset/feature-set.js";
import { labelText } from "../../src/dataset/known-labels.js";
import { splitClips } from "../../src/dataset/splits.js";
import { evaluateModel } from "../../src/evaluation/evaluate-model.js";
import type { TagScores } from "../../src/evaluation/scores.js";
import type { FeatureStore, StoredClip } from "../../src/store/store.js";
import { decodeModel, encodeModel } from "../../src/tagging/model-file.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/training/checkpoint.js";
import { trainLinearBaseline } from "../../src/training/linear-baseline.js";
import { trainModel } from "../../src/training/train-model.js";
import { ENGINE } from "../engine.js";
import { rejectionOf } from "../store/message-of.js";
import { makeTinyStore, SOUNDS, TINY_CONFIG } from "./tiny-store.js";

const known = await makeTinyStore();

/** Of every third clip, only its own label is known, or of some only one that it lacks; of the others, everything. */
const clips = known.clips.map((clip, i): StoredClip => {
  if (i % 3 === 0) return clip;
  const absent = SOUNDS.find((sound) => sound !== clip.labels[0])!;
  const labels = i % 6 === 1 ? [] : clip.labels;
  return { ...clip, labels, unknownLabels: ["?"], absentLabels: labels.length === 0 ? [absent] : [] };
});
const store: FeatureStore = { ...known, clips };
const train = (options: Partial<Parameters<typeof trainModel>[2]> = {}, data: FeatureStore = store) =>
  trainModel(data, options.resume ? {} : TINY_CONFIG, { engine: ENGINE, ...options });

describe("clips of which some labels are not known", () => {
  const whole = train();

  it("are trained on with several labels, and what the model knows of the train split is counted", async () => {
    const { model, task, history } = await whole;
    expect(task).toBe("multi-label");
    expect(history.every(({ trainLoss, valid }) => [trainLoss, valid["loss"]].every(Number.isFinite))).toBe(
      true,
    );
    const trained = clips.filter(({ split }) => split === "train");
    const isKnown = (clip: StoredClip, label: string) =>
      clip.unknownLabels === undefined || [...clip.labels, ...clip.absentLabels!].includes(label);
    const counts = Object.fromEntries(
      SOUNDS.map((label) => [label, trained.filter((clip) => isKnown(clip, label)).length]),
    );
    expect(model!.info.split.knownCounts).toEqual(counts);
    expect(Object.values(counts).every((count) => count < trained.length)).toBe(true);
    expect(decodeModel(encodeModel(model!), "m.onnx")).toEqual(model);
  });

  it("are resumed to the same bits", async () => {
    const { checkpoint } = await train({ onEpoch: () => "stop" });
    const read = decodeCheckpoint(encodeCheckpoint(checkpoint), "c.safetensors");
    expect((await train({ resume: read })).model).toEqual((await whole).model);
  });

  it("are other data for a run that began with their labels known", async () => {
    const { checkpoint } = await train({ onEpoch: () => "stop" });
    const message = await rejectionOf(train({ resume: checkpoint }, known));
    expect(message).toContain("resume must use the data of its checkpoint, got ");
  });

  it("are scored and compared with baselines by what is known", async () => {
    const { model } = await whole;
    const sets = featureSets(store, splitClips(clips));
    const linear = await trainLinearBaseline(sets, { task: "multi-label", seed: 1, engine: ENGINE });
    const scored = await evaluateModel(model!, store, { engine: ENGINE, linear });
    const tested = clips.filter(({ split }) => split === "test");
    for (const scores of [scored.net, scored.linear!, scored.majority]) {
      expect(Number.isFinite(scores.loss)).toBe(true);
      const { positives, negatives, unknown } = scores.perLabel["hum"] as TagScores;
      expect(positives).toBe(tested.filter(({ labels }) => labels.includes("hum")).length);
      expect(unknown).toBeGreaterThan(0);
      expect(positives + negatives + unknown).toBe(tested.length);
    }
  });

  it("cannot be trained on, nor scored, with one label for each", async () => {
    expect(
      await rejectionOf(trainModel(store, { ...TINY_CONFIG, task: "single-label" }, { engine: ENGINE })),
    ).toBe(
      `task must be multi-label for clips of which some labels are not known, got single-label, and ${clips[1].name} labelled ? without ${clips[1].absentLabels![0]}; use that, or clips whose labels are all known`,
    );
    const { model } = await trainModel(known, { ...TINY_CONFIG, epochs: 1 }, { engine: ENGINE });
    const open = store.clips.find(
      ({ split, unknownLabels }) => split === "test" && unknownLabels !== undefined,
    )!;
    expect(await rejectionOf(evaluateModel(model!, store, { engine: ENGINE }))).toBe(
      `${store.dir}: holds clips of which some labels are not known, e.g. ${open.name} labelled ${labelText(open)}, but the model gives each clip one label; score it on clips whose labels are all known`,
    );
  });
});
