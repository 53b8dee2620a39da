import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { foldOf, lineagesOf } from "../../scripts/lineages/folds.js";
import { leaveOut } from "../../scripts/lineages/leave-out.js";
import { type FoldResult, ResultsFile, resultKey } from "../../scripts/lineages/results.js";
import { foldLine, summaryText } from "../../scripts/lineages/summary.js";
import { Random } from "../../src/core/random.js";
import { featuresInMemory } from "../../src/dataset/feature-data.js";
import { splitConflicts } from "../../src/dataset/splits.js";
import { frontEnd } from "../../src/features/front-end.js";
import { netConfig } from "../../src/nn/architectures.js";
import { wasTrainedOn } from "../../src/tagging/model-clips.js";
import { decodeModel } from "../../src/tagging/model-file.js";
import { trainConfig } from "../../src/training/config.js";
import { ENGINE as engine } from "../engine.js";
import { makeFolder } from "../store/files.js";

const FONTS = ["MSBasic", "FluidR3Mono", "TimGM6mb", "A320U", "Singers"];
const random = new Random("lineages");

/** Clips of two classes, in five groups of a font and class. One group of TimGM6mb is one of A320U's, too. */
const clips = FONTS.flatMap((font) =>
  ["brass", "vocal"].flatMap((label) =>
    Array.from({ length: 5 }, (_, g) => g).flatMap((g) => {
      const shared = font === "A320U" && g === 0 ? "TimGM6mb" : font === "FluidR3Mono" ? "MSBasic" : font;
      // Synthesized instruments have no clips for evaluation.
      const folders = font === "Singers" ? [""] : ["", "evaluation/"];
      return folders.flatMap((folder) =>
        Array.from({ length: 2 }, (_, i) => ({
          name: `${font}/${label}/${folder}${g}-${i}.wav`,
          labels: [label],
          group: `${shared}-${label}-${g}`,
          features: {
            shape: [4, 2],
            data: Float32Array.from(
              { length: 8 },
              () => (label === "brass" ? 1 : -1) + 0.1 * random.normal(),
            ),
          },
        })),
      );
    }),
  ),
);
const data = featuresInMemory(frontEnd({ nMels: 2 }), clips);
const net = netConfig({ kind: "mlp", units: [4] });
const config = trainConfig({
  net,
  segmentFrames: 4,
  epochs: 2,
  batchSize: 16,
  augment: 0,
  learningRate: 0.05,
  seed: 3,
});
const of = (split: string, fold = foldOf(data, "TimGM6mb", 1)) =>
  fold.data.clips.filter((clip) => clip.split === split);
const fontsOf = (found: readonly { name: string }[]) => [
  ...new Set(found.map(({ name }) => name.split("/")[0])),
];

describe("folds", () => {
  it("are one for each lineage with clips for evaluation", () => {
    expect(lineagesOf(data)).toEqual(["A320U", "MSBasic", "TimGM6mb"]);
    const one = { ...data, clips: data.clips.filter(({ name }) => name.startsWith("MSBasic")) };
    expect(() => lineagesOf(one)).toThrow(
      "features in memory: holds clips for evaluation of MSBasic alone; extract all.csv of the instruments, which has several lineages",
    );
  });
  it("score the lineage's clips for evaluation, and train on varied clips of the others", () => {
    expect(fontsOf(of("test"))).toEqual(["TimGM6mb"]);
    expect(of("test")).toHaveLength(20);
    expect(of("test").every(({ name }) => name.includes("/evaluation/"))).toBe(true);
    expect(fontsOf(of("train"))).toEqual(["MSBasic", "FluidR3Mono", "A320U", "Singers"]);
    expect(of("train").some(({ name }) => name.includes("/evaluation/"))).toBe(false);
    expect(fontsOf(of("test", foldOf(data, "MSBasic", 1)))).toEqual(["MSBasic", "FluidR3Mono"]);
  });
  it("keep the groups of the lineage out of training, those that another font shares, too", () => {
    const tested = new Set(of("test").map(({ group }) => group));
    for (const split of ["train", "valid"])
      expect(of(split).filter(({ group }) => tested.has(group))).toEqual([]);
    expect(of("train").some(({ name }) => name.startsWith("A320U"))).toBe(true);
    expect(splitConflicts(foldOf(data, "TimGM6mb", 1).data.clips)).toEqual([]);
  });
  it("validate on groups of the other lineages that are drawn by the seed, with clips of every class", () => {
    const draws = [1, 2, 3].map((seed) => of("valid", foldOf(data, "TimGM6mb", seed)));
    for (const drawn of draws) {
      expect(new Set(drawn.flatMap(({ labels }) => labels)).size).toBe(2);
      expect(drawn.every(({ name }) => name.includes("/evaluation/"))).toBe(true);
    }
    expect(new Set(draws.map((drawn) => drawn.map(({ group }) => group).join())).size).toBeGreaterThan(1);
  });
});

describe("leaveOut", () => {
  it("scores what was learnt from the others, the same each time", async () => {
    const epochs: number[] = [];
    const { result, model, bytes } = await leaveOut(data, "TimGM6mb", {
      config,
      engine,
      onEpoch: (done) => epochs.push(done),
    });
    expect(epochs).toEqual([1, 2]);
    expect(result).toMatchObject({ lineage: "TimGM6mb", seed: 3, nClips: 20, nGroups: 10 });
    expect(result.balancedAccuracy).toBe(1);
    expect(result.recalls).toEqual({ brass: 1, vocal: 1 });
    expect(await leaveOut(data, "TimGM6mb", { config, engine })).toEqual({ result, model, bytes });
    expect(result.modelHash).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(decodeModel(bytes, "kept").info).toEqual(model.info);
    const [heard] = of("train");
    const isHeard = wasTrainedOn(model.info);
    expect(isHeard(heard.audioHash)).toBe(true);
    expect(of("test").some(({ audioHash }) => isHeard(audioHash))).toBe(false);
  });
  it("lets the lineage choose nothing: with wrong labels there, all answers are wrong", async () => {
    const swapped = data.clips.map((clip) =>
      clip.name.startsWith("TimGM6mb")
        ? { ...clip, labels: [clip.labels[0] === "brass" ? "vocal" : "brass"] }
        : clip,
    );
    const { result } = await leaveOut({ ...data, clips: swapped }, "TimGM6mb", { config, engine });
    expect(result.balancedAccuracy).toBe(0);
  });
});

const result = (lineage: string, seed: number, balancedAccuracy: number): FoldResult => ({
  key: resultKey(config, data),
  lineage,
  seed,
  balancedAccuracy,
  interval: [balancedAccuracy - 0.1, balancedAccuracy + 0.1],
  recalls: lineage === "A320U" ? { brass: 0.5 } : { brass: 0.5, drums: 1 },
  nClips: 20,
  nGroups: 10,
  epoch: 2,
  modelHash: "0",
  config: { ...config, seed },
});

describe("ResultsFile", () => {
  const path = join(makeFolder(), "results.jsonl");
  it("finds the folds that are done, by settings, data, lineage and seed", () => {
    const file = new ResultsFile(path);
    const done = result("A320U", 1, 0.5);
    file.add(done);
    const { key } = done;
    expect(new ResultsFile(path).find(key, "A320U", 1)).toEqual(done);
    expect(file.find(key, "A320U", 2)).toBeUndefined();
    expect(file.find(key, "MSBasic", 1)).toBeUndefined();
    expect(file.find(resultKey({ ...config, epochs: 3 }, data), "A320U", 1)).toBeUndefined();
    expect(resultKey({ ...config, seed: 8 }, data)).toBe(key);
    // A fold whose model was lost is trained again: its model is that of the later line.
    const again = { ...done, modelHash: "1" };
    file.add(again);
    expect(new ResultsFile(path).find(key, "A320U", 1)).toEqual(again);
    const [first, ...others] = data.clips;
    for (const clips of [
      others,
      [{ ...first, labels: ["vocal"] }, ...others],
      [{ ...first, group: "g" }, ...others],
    ])
      expect(resultKey(config, { ...data, clips })).not.toBe(key);
  });
  it("goes on behind a line that was cut off", () => {
    const whole = readFileSync(path, "utf8");
    appendFileSync(path, '{"key": "half');
    new ResultsFile(path).add(result("A320U", 2, 0.6));
    expect(readFileSync(path, "utf8")).toBe(`${whole}${JSON.stringify(result("A320U", 2, 0.6))}\n`);
  });
  it("names another kind of file", () => {
    writeFileSync(path, "lineage,score\n");
    expect(() => new ResultsFile(path)).toThrow(
      `${path}: line 1 is no result of a lineage that was left out`,
    );
  });
});

describe("summaryText", () => {
  it("shows each lineage, the mean over lineages, and the spread over seeds", () => {
    const results = [
      result("A320U", 1, 0.5),
      result("MSBasic", 1, 0.7),
      result("A320U", 2, 0.6),
      result("MSBasic", 2, 0.7),
    ];
    expect(foldLine(results[0])).toBe("A320U, seed 1: 50.0 % (40.0 to 60.0 %), best epoch 2");
    expect(summaryText(results)).toBe(`left out  clips (groups)  balanced accuracy        interval
A320U            20 (10)      55.0 % +- 7.1  45.0 to 65.0 %
MSBasic          20 (10)      70.0 % +- 0.0  60.0 to 80.0 %
mean                          62.5 % +- 3.5

recall   A320U  MSBasic     mean
brass   50.0 %   50.0 %   50.0 %
drums        -  100.0 %  100.0 %`);
  });
});
