import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { modelCard } from "../../src/report/model-card.js";
import { dataSection } from "../../src/report/sections/data.js";
import { madeUpReport } from "./made-up-report.js";

interface FrontMatter {
  readonly library_name: string;
  readonly pipeline_tag: string;
  readonly tags: readonly string[];
  readonly "model-index": readonly {
    readonly name: string;
    readonly results: readonly {
      readonly task: { readonly type: string };
      readonly dataset: { readonly type: string; readonly name: string; readonly split: string };
      readonly metrics: readonly { readonly type: string; readonly name: string; readonly value: number }[];
    }[];
  }[];
}

function frontMatterOf(card: string): FrontMatter {
  const [, matter] = /^---\n(.*?)\n---\n/s.exec(card)!;
  return parse(matter) as FrontMatter;
}

describe("modelCard", () => {
  it("has the front matter that the Hub reads, with the scores on the test split alone", () => {
    const report = madeUpReport();
    const matter = frontMatterOf(modelCard(report));
    expect(matter).toMatchObject({
      library_name: "timbrel",
      pipeline_tag: "audio-classification",
      tags: ["audio", "music", "onnx"],
    });
    const [{ name, results }] = matter["model-index"];
    expect(name).toBe("mine");
    expect(
      results.map(({ task, dataset }) => [task.type, dataset.type, dataset.name, dataset.split]),
    ).toEqual([["audio-classification", "features", "features", "test"]]);
    const [{ net }] = report.parts;
    if (net.task !== "single-label") throw new Error("of another task");
    const metric = (type: string) => results[0].metrics.find((one) => one.type === type)!.value;
    expect(metric("accuracy")).toBeCloseTo(net.accuracy, 5);
    expect(metric("balanced_accuracy")).toBeCloseTo(net.balancedAccuracy, 5);
    expect(metric("f1")).toBeCloseTo(net.macro.f1, 5);
    expect(results[0].metrics.every(({ value }) => Number.isFinite(value))).toBe(true);
  });

  it("says whether the model brings segments to one level", () => {
    const report = madeUpReport();
    const sentence =
      "It brings every segment to one level first: how loud a recording is changes its answers little.";
    expect(modelCard(report)).not.toContain(sentence);
    const config = { ...report.training.config, normalize: { kind: "none", level: "segment" } };
    const training = { ...report.training, config };
    expect(modelCard({ ...report, training })).toContain(`\n${sentence}\n`);
  });

  it("says of every score on validation clips that it is no test", () => {
    const report = madeUpReport();
    const [, valid] = report.parts;
    const { net } = valid;
    const [{ results }] = frontMatterOf(modelCard({ ...report, parts: [valid] }))["model-index"];
    expect(results.map(({ dataset }) => dataset.split)).toEqual(["validation"]);
    expect(results[0].metrics.every(({ name }) => name.endsWith(" (not a test)"))).toBe(true);
    expect(modelCard(report)).toContain(
      `The validation split, ${net.nClips} clips in ${net.nGroups} groups (these clips chose the epoch, the temperature and the limit of novelty: the scores are too good, and this is not a test):`,
    );
    expect(modelCard(report)).toContain(
      "(the model was not trained on these clips, and they chose nothing):",
    );
  });

  it.each([`a: "b" # c`, "- x\n---\nlicense: mit", "日本語 é \u2028", "{[&*!|>%@`"])(
    "survives the name %j",
    (nasty) => {
      const card = modelCard({ ...madeUpReport({ labels: [nasty, "b"] }), data: nasty });
      const [{ results }] = frontMatterOf(card)["model-index"];
      expect(results[0].dataset.name).toBe(nasty);
      expect(frontMatterOf(card)).not.toHaveProperty("license");
    },
  );

  it("says what the training started from, as the page does", () => {
    const report = madeUpReport();
    const start = { model: "abc", labels: ["bass", "flute"] };
    const started = { ...report, training: { ...report.training, start } };
    const sentence =
      "Training started from a model of 2 labels (bass, flute); the clips that trained that model are counted among these.";
    for (const draw of [modelCard, (each: typeof report) => dataSection(each).body.toString()]) {
      expect(draw(report)).not.toContain("started from");
      expect(draw(started)).toContain(sentence);
    }
  });

  it("shows the scores before calibration", () => {
    const report = madeUpReport();
    const [{ net, uncalibrated }] = report.parts;
    const losses = [net, uncalibrated!].map(({ loss }) => loss.toFixed(3));
    expect(modelCard(report)).toMatch(
      new RegExp(`^\\| loss \\| ${losses[0]} \\| [^|]+ \\| ${losses[1]} \\|`, "m"),
    );
    expect(modelCard(madeUpReport({ isCalibrated: false }))).not.toContain("net, not calibrated");
  });

  it("says how good the model is, and what it does not know", () => {
    const card = modelCard(madeUpReport({ task: "multi-label" }));
    expect(card).toMatch(
      /\*\*\d+\.\d.%\*\* mean average precision on \d+ clips of the test split; 95.% interval/,
    );
    expect(card).toContain("Tags audio with 3 labels (any number of labels a clip): bass, drums, flute.");
    expect(card).toContain("The model was not trained on these clips, and they chose nothing.");
    expect(card).toContain("A sound is answered as unknown if its novelty");
    expect(modelCard(madeUpReport({ isCalibrated: false }))).toContain("Only silence is answered as unknown");
    expect(card).not.toMatch(/NaN|undefined|null/);
  });
});
