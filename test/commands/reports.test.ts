import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { reportEvaluation, reportOutputs } from "../../src/commands/evaluation-report.js";
import { checkOutputs } from "../../src/commands/output-paths.js";
import { removeReport, reportRun, scoredSplits } from "../../src/commands/run-report.js";
import { command as trainCommand } from "../../src/commands/train.js";
import { evaluateModel } from "../../src/evaluation/evaluate-model.js";
import type { FeatureStore } from "../../src/store/store.js";
import { openStore } from "../../src/store/store.js";
import { decodeModel } from "../../src/tagging/model-file.js";
import { RUN_FILES } from "../../src/training/run-folder.js";
import type { RunStart } from "../../src/training/train-model.js";
import { type TrainResult, trainTagger } from "../../src/training/train-tagger.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { makeTinyStore, tinyClips, tinyConfig } from "../training/tiny-store.js";

interface Run {
  readonly store: FeatureStore;
  readonly dir: string;
  readonly splits: RunStart["splits"];
  readonly result: TrainResult;
}

async function trained(clips = tinyClips()): Promise<Run> {
  const store = await makeTinyStore(clips);
  const dir = makeFolder();
  let splits: RunStart["splits"] | undefined;
  const config = tinyConfig({ epochs: 2, testFraction: 0 });
  const onStart = (run: RunStart) => {
    splits = run.splits;
  };
  const result = await trainTagger(store, dir, { engine: ENGINE, config, onStart });
  return { store, dir, splits: splits!, result };
}

/** What a report's command prints: on stdout, and on stderr. */
async function report({ store, dir, splits, result }: Run): Promise<{ out: string; err: string }> {
  const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await reportRun(store, { out: dir, splits, result, engine: ENGINE, again: "timbrel train again" });
  const textOf = (spy: typeof out) => spy.mock.calls.map(([text]) => text).join("");
  return { out: textOf(out), err: textOf(err) };
}
afterEach(() => void vi.restoreAllMocks());

let run: Run;
beforeAll(async () => {
  run = await trained();
});

interface Numbers {
  readonly parts: readonly { readonly split: string; readonly net: { readonly nClips: number } }[];
  readonly training: { readonly history: readonly object[] };
}
const numbersIn = (dir: string) => JSON.parse(readFileSync(join(dir, RUN_FILES.numbers), "utf8")) as Numbers;

it("scores a run on its test and validation clips, in a page, as numbers and in a model card", async () => {
  const { out } = await report(run);
  expect(out).toBe(`report: ${join(run.dir, RUN_FILES.report)}\n`);
  const { parts, training } = numbersIn(run.dir);
  expect(parts.map(({ split, net }) => [split, net.nClips])).toEqual([
    ["test", 6],
    ["valid", 6],
  ]);
  expect(training.history).toHaveLength(2);
  const page = readFileSync(join(run.dir, RUN_FILES.report), "utf8");
  expect(page).toContain("of the test split");
  expect(page.length).toBeLessThan(3e6);
  expect(readFileSync(join(run.dir, RUN_FILES.card), "utf8")).toMatch(/^---\nlibrary_name: timbrel\n/);
});

it("without a test split, quotes the validation clips and says that they chose the epoch", async () => {
  const noTest = await trained(tinyClips().filter(({ split }) => split !== "test"));
  await report(noTest);
  expect(numbersIn(noTest.dir).parts.map(({ split }) => split)).toEqual(["valid"]);
  expect(readFileSync(join(noTest.dir, RUN_FILES.report), "utf8")).toContain("These clips chose the epoch");
});

it("scores no split that has background clips alone", () => {
  const { splits } = run;
  expect(scoredSplits(splits)).toEqual(["test", "valid"]);
  const background = splits.test.map((clip) => ({ ...clip, labels: [] }));
  expect(scoredSplits({ ...splits, test: background })).toEqual(["valid"]);
});

it.each([
  ["0.2", ""],
  ["0", " --split valid"],
])("says after training how to score the model, with --test-fraction %s", async (fraction, flags) => {
  const clips = tinyClips().map((clip) => ({ ...clip, split: null }));
  const [store, out] = [await makeTinyStore(clips), makeFolder()];
  const args = [store.dir, "--out", out, "--epochs", "1", "--threads", "1", "--batch-size", "4"];
  const net = ["--net", "mlp", "--channels", "4", "--segment-frames", "16", "--test-fraction", fraction];
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  await trainCommand.parseAsync([...args, ...net], { from: "user" });
  const text = stdout.mock.calls.map(([line]) => line).join("");
  expect(text).toMatch(new RegExp(`^next: .* evaluate .*model\\.onnx ${store.dir}${flags}$`, "m"));
});

it("says in a line why there is no report, and does not fail", async () => {
  const broken = await trained();
  const store = openStore(broken.store.dir);
  const clip = store.clips.find(({ split }) => split === "test")!;
  rmSync(join(store.dir, clip.features));
  const { out, err } = await report({ ...broken, store });
  expect(out).toBe("");
  expect(err).toMatch(/^no report: .*features\.npy: .*; extract the features again$/m);
  expect(err).toMatch(/^the run is whole; to write its report later:\n {2}timbrel train again\n$/m);
  expect(existsSync(join(broken.dir, RUN_FILES.report))).toBe(false);
});

it("writes the report of an evaluation, with the epochs of the run that the model is in", async () => {
  const path = join(run.dir, RUN_FILES.model);
  const model = decodeModel(readFileSync(path), path);
  const evaluation = await evaluateModel(model, run.store, { engine: ENGINE, split: "valid" });
  const page = join(makeFolder(), "scores.html");
  await reportEvaluation(page, { model: path, info: model.info, store: run.store, evaluation });
  const numbers = JSON.parse(readFileSync(page.replace("html", "json"), "utf8")) as Numbers;
  expect(numbers.parts.map(({ split }) => split)).toEqual(["valid"]);
  expect(numbers.training.history).toHaveLength(2);
  checkOutputs(reportOutputs(page), [path]); // both files may be replaced
  writeFileSync(join(run.dir, RUN_FILES.metrics), "{");
  await reportEvaluation(page, { model: path, info: model.info, store: run.store, evaluation });
  expect(readFileSync(page.replace("html", "json"), "utf8")).toContain('"history":null');
});

it.each([
  ["scores.txt", "--report must name a file ending in .html, got scores.txt"],
  [".html", "--report must name a file ending in .html, got .html"],
])("rejects the page %s", (page, message) => {
  expect(() => checkOutputs(reportOutputs(page), [])).toThrow(message);
});

it("replaces no file of another kind, and none that is read", () => {
  const dir = makeFolder();
  writeFileSync(join(dir, "page.json"), "{}");
  expect(() => checkOutputs(reportOutputs(join(dir, "page.html")), [])).toThrow(
    /^--report must name a new file, or a JSON report file to replace, got .*page\.json/,
  );
  writeFileSync(join(dir, "mine.html"), "<p>mine");
  expect(() => checkOutputs(reportOutputs(join(dir, "mine.html")), [])).toThrow(
    /HTML file to replace, got .*mine\.html/,
  );
});

it("removes the report of a run whose model is another by now", async () => {
  const { dir } = run;
  await report(run);
  removeReport(dir);
  const left = [RUN_FILES.report, RUN_FILES.numbers, RUN_FILES.card].filter((name) =>
    existsSync(join(dir, name)),
  );
  expect(left).toEqual([]);
  expect(existsSync(join(dir, RUN_FILES.model))).toBe(true);
});
