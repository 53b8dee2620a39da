import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { decodeModel } from "../../src/tagging/model-file.js";
import { encodeEvents } from "../../src/training/event-file.js";
import { RUN_FILES } from "../../src/training/run-folder.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { filesOf, runWhole } from "./tiny-run.js";
import { makeTinyStore, tinyConfig } from "./tiny-store.js";

const store = await makeTinyStore();
const whole = await runWhole(store, { epochs: 2 });
const resume = (dir: string) => trainTagger(store, dir, { resume: true, engine: ENGINE });

/** The folder of a finished run. */
function copyRun(): string {
  const dir = makeFolder();
  for (const [name, hex] of Object.entries(whole.files)) writeFileSync(join(dir, name), hex, "hex");
  return dir;
}

describe("resuming a run", () => {
  let dir: string;
  beforeEach(() => {
    dir = copyRun();
  });
  it("whose other files are missing makes them from its checkpoint", async () => {
    for (const file of ["model", "metrics", "split", "linear"] as const) rmSync(join(dir, RUN_FILES[file]));
    await resume(dir);
    expect(filesOf(dir)).toEqual(whole.files);
  });
  it("whose other files are cut short or older makes them again", async () => {
    truncateSync(join(dir, RUN_FILES.metrics), 50);
    truncateSync(join(dir, RUN_FILES.split), 50);
    truncateSync(join(dir, RUN_FILES.linear), 300);
    writeFileSync(join(dir, RUN_FILES.model), "an older model");
    await resume(dir);
    expect(filesOf(dir)).toEqual(whole.files);
  });
  it("makes them before it trains", async () => {
    rmSync(join(dir, RUN_FILES.model));
    const seen: boolean[] = [];
    await trainTagger(store, dir, {
      resume: true,
      engine: ENGINE,
      onStart: () => seen.push(existsSync(join(dir, RUN_FILES.model))),
    });
    expect(seen).toEqual([true]);
  });
});

describe("the model of a run", () => {
  const modelIn = (dir: string) => decodeModel(readFileSync(join(dir, RUN_FILES.model)), "model.onnx");

  it("is calibrated at the end, and stays so when a finished run is resumed", async () => {
    const dir = copyRun();
    expect(modelIn(dir).info.calibration?.validation.nClips).toBe(6);
    const seen: unknown[] = [];
    const onStart = () => seen.push(filesOf(dir));
    await trainTagger(store, dir, { resume: true, engine: ENGINE, onStart });
    expect(seen).toEqual([whole.files]);
    expect(filesOf(dir)).toEqual(whole.files);
  });

  it("is not calibrated after an interruption, and is once the run is resumed", async () => {
    const dir = makeFolder();
    const controller = new AbortController();
    const config = tinyConfig({ epochs: 2 });
    const { signal } = controller;
    const onEpoch = () => controller.abort();
    const result = await trainTagger(store, dir, { engine: ENGINE, config, signal, onEpoch });
    expect([result.ended, result.calibration]).toEqual(["interrupted", null]);
    expect(modelIn(dir).info.calibration).toBeUndefined();
    const { calibration } = await resume(dir);
    expect(calibration).toEqual(modelIn(dir).info.calibration);
    expect(filesOf(dir)).toEqual(whole.files);
  });

  it("is made again if it is the calibrated model of another epoch or run", async () => {
    const dir = copyRun();
    const other = await runWhole(store, { epochs: 2, seed: 2 });
    writeFileSync(join(dir, RUN_FILES.model), other.files[RUN_FILES.model], "hex");
    await resume(dir);
    expect(filesOf(dir)).toEqual(whole.files);
  });
});

describe("overwriting a run", () => {
  it("keeps it until the new one has done an epoch", async () => {
    const dir = copyRun();
    const controller = new AbortController();
    const options = { overwrite: true, engine: ENGINE, config: tinyConfig({ seed: 2 }) };
    const signal = controller.signal;
    await trainTagger(store, dir, { ...options, signal, onStep: () => controller.abort() });
    expect(filesOf(dir)).toEqual(whole.files);
    await trainTagger(store, dir, { ...options, onEpoch: () => "stop" });
    const { [RUN_FILES.split]: split, ...others } = filesOf(dir);
    expect(split).toBe(whole.files[RUN_FILES.split]); // the store names the splits
    for (const [name, hex] of Object.entries(others)) expect(hex).not.toBe(whole.files[name]);
  });
});

describe("the events for TensorBoard", () => {
  const pathIn = (dir: string) => join(dir, RUN_FILES.events);
  const train = (dir: string, epochs: number, more: object = {}) =>
    trainTagger(store, dir, { engine: ENGINE, config: tinyConfig({ epochs }), ...more });

  it("are written if they are asked for, and grow in the same file when the run is resumed", async () => {
    const dir = makeFolder();
    await train(dir, 1, { tensorboard: true });
    const { ino, size } = statSync(pathIn(dir));
    const { history } = await trainTagger(store, dir, {
      engine: ENGINE,
      resume: true,
      config: { epochs: 3 },
    });
    expect(history).toHaveLength(3);
    expect(readFileSync(pathIn(dir)).equals(encodeEvents(history))).toBe(true);
    expect(statSync(pathIn(dir)).ino).toBe(ino);
    expect(statSync(pathIn(dir)).size).toBeGreaterThan(size);
  });
  it("are made again from the checkpoint if they are cut short or damaged", async () => {
    const dir = makeFolder();
    const { history } = await train(dir, 1, { tensorboard: true });
    for (const damage of [
      () => truncateSync(pathIn(dir), 70),
      () => writeFileSync(pathIn(dir), "no events"),
      () => writeFileSync(pathIn(dir), Buffer.concat([encodeEvents(history), encodeEvents(history)])),
    ]) {
      damage();
      await resume(dir);
      expect(readFileSync(pathIn(dir)).equals(encodeEvents(history))).toBe(true);
    }
  });
  it("are not written otherwise, and are removed with the run that they belong to", async () => {
    const dir = makeFolder();
    await train(dir, 1);
    expect(existsSync(pathIn(dir))).toBe(false);
    await train(dir, 1, { overwrite: true, tensorboard: true });
    await train(dir, 1, { overwrite: true });
    expect(existsSync(pathIn(dir))).toBe(false);
  });
});

describe("a new run", () => {
  it("removes what an earlier one left when it diverged, and what killed ones were writing", async () => {
    const dir = makeFolder();
    const part = ".0123456789ab.part";
    const left = [RUN_FILES.diverged, RUN_FILES.model + part, RUN_FILES.checkpoint + part];
    for (const name of [...left, `notes.txt${part}`]) writeFileSync(join(dir, name), "");
    await trainTagger(store, dir, { engine: ENGINE, config: tinyConfig({ epochs: 1 }) });
    expect(left.filter((name) => existsSync(join(dir, name)))).toEqual([]);
    expect(readFileSync(join(dir, `notes.txt${part}`), "utf8")).toBe("");
  });

  it("stopped before its first epoch leaves no folder", async () => {
    const dir = join(makeFolder(), "models/mine");
    const controller = new AbortController();
    await trainTagger(store, dir, {
      engine: ENGINE,
      config: tinyConfig(),
      signal: controller.signal,
      onStep: () => controller.abort(),
    });
    expect(existsSync(join(dir, ".."))).toBe(false);
  });

  it("fails while another writes to its folder, and leaves it alone", async () => {
    const dir = makeFolder();
    const config = (seed: number) => tinyConfig({ epochs: 2, seed });
    const outcomes = await Promise.allSettled([
      trainTagger(store, dir, { engine: ENGINE, config: config(1) }),
      trainTagger(store, dir, { engine: ENGINE, config: config(2), overwrite: true }),
      trainTagger(store, dir, { engine: ENGINE, resume: true }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    for (const outcome of outcomes.slice(1))
      expect((outcome as PromiseRejectedResult).reason.message).toMatch(
        `${dir}: is being written by process ${process.pid} on host `,
      );
    expect(filesOf(dir)).toEqual(whole.files);
  });
});
