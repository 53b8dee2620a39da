import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/core/errors.js";
import type { ModelInfo } from "../../src/tagging/model-file.js";
import { Tagger, type Tagging } from "../../src/tagging/tagger.js";
import { ENGINE } from "../engine.js";
import { rejectionOf } from "../store/message-of.js";
import { makeSound } from "../training/tiny-store.js";
import { tinyCalibration, tinyTrained } from "./tiny-model.js";

const clip = makeSound("hum", "a", { durationSec: 1 });

/** A tagger whose model is calibrated with some thresholds, or not at all. */
function taggerOf(task: ModelInfo["task"], calibration?: ModelInfo["calibration"]): Promise<Tagger> {
  const model = tinyTrained({ task });
  return Tagger.of({ ...model, info: { ...model.info, calibration } }, ENGINE);
}

async function tagged(tagger: Tagger, threshold?: number): Promise<Tagging> {
  return await tagger.tagWaveform(clip, { threshold });
}

const present = ({ tags }: Pick<Tagging, "tags">) =>
  tags.filter(({ isPresent }) => isPresent).map(({ label }) => label);

describe("the tags that are present", () => {
  it("are those that reach the thresholds of a multi-label model", async () => {
    const plain = await taggerOf("multi-label");
    const before = await tagged(plain);
    expect(before.tags.map(({ threshold }) => threshold)).toEqual([0.5, 0.5, 0.5]);
    for (const { probability, isPresent } of before.tags) expect(isPresent).toBe(probability >= 0.5);

    // A threshold between the answer and 1 for the most probable tag, and below its answer for the least probable.
    const [first, , last] = before.tags;
    const calibration = {
      ...tinyCalibration("multi-label"),
      temperature: 1,
      thresholds: { hiss: 1, hum: 1, tone: 1, [last.label]: last.probability },
    };
    const calibrated = await taggerOf("multi-label", calibration);
    const tagging = await tagged(calibrated);
    expect(tagging.tags.map(({ label, probability }) => [label, probability])).toEqual(
      before.tags.map(({ label, probability }) => [label, probability]),
    );
    expect(present(tagging)).toEqual([last.label]);
    expect(tagging.tags[0]).toMatchObject({ label: first.label, threshold: 1, isPresent: false });
    for (const segment of tagging.segments) {
      const { probability } = segment.tags.find(({ label }) => label === last.label)!;
      expect(present(segment)).toEqual(probability >= last.probability ? [last.label] : []);
    }
    expect(new Set(tagging.events.map(({ label }) => label))).toEqual(new Set([last.label]));
    await Promise.all([plain.close(), calibrated.close()]);
  });

  it("are the most probable one of a single-label model", async () => {
    const tagger = await taggerOf("single-label");
    const tagging = await tagged(tagger);
    expect(present(tagging)).toEqual([tagging.tags[0].label]);
    expect(tagging.tags.map(({ threshold }) => threshold)).toEqual([null, null, null]);
    for (const segment of tagging.segments) expect(present(segment)).toEqual([segment.tags[0].label]);
    await tagger.close();
  });

  it.each(["single-label", "multi-label"] as const)(
    "reach the threshold that is asked for, in every segment: %s",
    async (task) => {
      const tagger = await taggerOf(task, tinyCalibration(task));
      const { tags } = await tagged(tagger);
      const middle = (tags[0].probability + tags[1].probability) / 2;
      expect(present(await tagged(tagger, middle))).toEqual([tags[0].label]);
      const none = await tagged(tagger, 1);
      expect([present(none), none.events]).toEqual([[], []]);
      const all = await tagged(tagger, 0);
      expect(present(all)).toHaveLength(task === "single-label" ? 1 : 3);
      for (const { tags } of [all, ...all.segments])
        expect(tags.map(({ threshold }) => threshold)).toEqual([0, 0, 0]);
      await tagger.close();
    },
  );

  it.each([
    [-0.1, "threshold must be a number from 0 to 1, got -0.1"],
    [30, "threshold must be a number from 0 to 1, got 30"],
    ["0.3", 'threshold must be a number from 0 to 1, got "0.3"'],
  ])("are not asked for with a threshold of %j", async (threshold, message) => {
    const tagger = await taggerOf("single-label");
    const tagging = tagged(tagger, threshold as number);
    await expect(tagging).rejects.toBeInstanceOf(UsageError);
    expect(await rejectionOf(tagging)).toBe(message);
    await tagger.close();
  });
});

describe("a calibrated single-label model", () => {
  it("answers with the probabilities of its temperature", async () => {
    const [plain, calibrated] = [
      await taggerOf("single-label"),
      await taggerOf("single-label", { ...tinyCalibration("single-label"), temperature: 20 }),
    ];
    const [a, b] = [await tagged(plain), await tagged(calibrated)];
    expect(b.tags.map(({ label }) => label)).toEqual(a.tags.map(({ label }) => label));
    const spread = ({ tags }: Tagging) => tags[0].probability - tags[2].probability;
    expect(spread(b)).toBeLessThan(spread(a) / 10);
    await Promise.all([plain.close(), calibrated.close()]);
  });
});
