import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { frontEnd } from "../../src/features/front-end.js";
import { netConfig } from "../../src/nn/architectures.js";
import { decodeModel } from "../../src/tagging/model-file.js";
import { encodeCheckpoint } from "../../src/training/checkpoint.js";
import { DivergedError } from "../../src/training/fit.js";
import { RUN_FILES, readCheckpoint } from "../../src/training/run-folder.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/training/safetensors.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { rejectionOf } from "../store/message-of.js";
import { checkpointPath, filesOf, runWhole } from "./tiny-run.js";
import { changeFeatures, makeTinyStore, TINY_FRONT_END, tinyClips, tinyConfig } from "./tiny-store.js";

const store = await makeTinyStore();

describe("a run that diverges", () => {
  it("keeps the last checkpoint and names epoch, step and remedy", async () => {
    const { dir } = await runWhole(store, { epochs: 1 });
    const checkpoint = readCheckpoint(checkpointPath(dir))!;
    const schedule = { kind: "constant", warmUp: 0 };
    const config = { ...checkpoint.config, epochs: 3, learningRate: 1e30, schedule };
    writeFileSync(checkpointPath(dir), encodeCheckpoint({ ...checkpoint, config }));
    const kept = filesOf(dir);
    await expect(trainTagger(store, dir, { resume: true, engine: ENGINE })).rejects.toThrow(
      /^learningRate must keep the loss finite, got a loss of (NaN|Infinity) at epoch 2, step [23], at a rate of 1e\+30; use a smaller one; the last weights with a finite loss are kept in .+diverged\.safetensors$/,
    );
    // The model is made again, because its settings are the checkpoint's.
    const { [RUN_FILES.diverged]: _, [RUN_FILES.model]: model, ...others } = filesOf(dir);
    expect({ ...others, [RUN_FILES.model]: kept[RUN_FILES.model] }).toEqual(kept);
    expect(decodeModel(Buffer.from(model, "hex"), "model.onnx").info.config["learningRate"]).toBe(1e30);
  });

  it("keeps the last weights whose loss was finite, even in the first epoch", async () => {
    const dir = makeFolder();
    const config = tinyConfig({ learningRate: 1e30, schedule: { kind: "constant", warmUp: 0 } });
    await expect(trainTagger(store, dir, { config, engine: ENGINE })).rejects.toThrow(DivergedError);
    const { tensors } = decodeSafetensors(readFileSync(join(dir, RUN_FILES.diverged)), RUN_FILES.diverged);
    const weight = tensors.get("block1.conv.weight")!;
    expect(weight.data.every((value) => Number.isFinite(value) && Math.abs(value) < 10)).toBe(true);
  });
});

it.each(["single-label", "multi-label"] as const)(
  "a %s run whose validation is not a number ends by name",
  async (task) => {
    // Two training clips make one step an epoch: its loss is finite, but its huge step spoils the weights.
    const clips = store.clips
      .filter(({ name }, i) => /[0156]/.test(name) && i < 18)
      .map((clip, i) => ({
        ...clip,
        split: (["train", "valid"] as const)[i % 2],
      }));
    const few = { ...store, clips: clips.slice(0, 4) };
    few.clips[2] = { ...few.clips[2], labels: ["hum"] };
    few.clips[3] = { ...few.clips[3], labels: ["hum"] };
    const schedule = { kind: "constant", warmUp: 0 } as const;
    const config = tinyConfig({ task, learningRate: 1e30, schedule, testFraction: 0, emaDecay: 0 });
    await expect(trainTagger(few, makeFolder(), { config, engine: ENGINE })).rejects.toThrow(
      /^learningRate must keep the loss finite, got a validation loss of NaN after epoch 1, at a rate of 1e\+30; use a smaller one; /,
    );
  },
);

describe("trainTagger rejects", () => {
  const config = tinyConfig({ epochs: 1 });

  it("a folder that holds a run, unless told to resume or overwrite", async () => {
    const { dir, files } = await runWhole(store, { epochs: 1 });
    expect(await rejectionOf(trainTagger(store, dir, { config }))).toBe(
      `outDir must be a folder without a run, got ${dir}, which holds checkpoint.safetensors; continue the run with \`resume\`, or replace it with \`overwrite\``,
    );
    expect(filesOf(dir)).toEqual(files);
    await trainTagger(store, dir, {
      config: tinyConfig({ epochs: 1, seed: 5 }),
      overwrite: true,
      engine: ENGINE,
    });
    expect(filesOf(dir)["model.onnx"]).not.toBe(files["model.onnx"]);
  });

  it("a file as its folder", async () => {
    const path = join(makeFolder(), "song.wav");
    writeFileSync(path, "");
    expect(await rejectionOf(trainTagger(store, path, { config }))).toBe(
      `${path}: is a file; choose a folder`,
    );
  });

  it("a folder that holds a model, even without a checkpoint", async () => {
    const dir = makeFolder();
    writeFileSync(join(dir, RUN_FILES.model), "a model");
    for (const resume of [false, true])
      expect(await rejectionOf(trainTagger(store, dir, { config, resume }))).toBe(
        `outDir must be a folder without a run, got ${dir}, which holds model.onnx; replace it with \`overwrite\``,
      );
    expect(readFileSync(join(dir, RUN_FILES.model), "utf8")).toBe("a model");
  });

  it("resuming with other clips, splits or features", async () => {
    const { dir, files } = await runWhole(store, { epochs: 1 });
    const fewer = await makeTinyStore(tinyClips().slice(1));
    expect(await rejectionOf(trainTagger(fewer, dir, { resume: true }))).toBe(
      `resume must use the data of its checkpoint, got 26 of its 27 clips among the 26 of ${fewer.dir}, under the same names and labels; extract them into it again, or start a new run`,
    );
    const other = await makeTinyStore(tinyClips(), frontEnd({ ...TINY_FRONT_END, power: 2 }));
    expect(await rejectionOf(trainTagger(other, dir, { resume: true }))).toBe(
      `resume must use the data of its checkpoint, got other features in ${other.dir}; resume it with its own data, or start a new run`,
    );
    expect(filesOf(dir)).toEqual(files);
  });

  it("data without clips to validate on", async () => {
    const onlyTrain = { ...store, clips: store.clips.filter(({ split }) => split !== "valid") };
    expect(
      await rejectionOf(trainTagger(onlyTrain, makeFolder(), { config: { ...config, validFraction: 0 } })),
    ).toBe(
      `${store.dir}: needs at least 2 training clips and 1 validation clip, has 15 and 0; raise \`validFraction\`, or name the split valid for some clips`,
    );
  });

  it("a single clip to train on, and leaves the folder as it is", async () => {
    const [first] = store.clips.filter(({ split }) => split === "train");
    const clips = store.clips
      .filter((clip) => clip === first || clip.split !== "train")
      .map((clip) => ({ ...clip, labels: ["hiss", "hum"] }));
    const { dir, files } = await runWhole(store, { epochs: 1 });
    expect(
      await rejectionOf(trainTagger({ ...store, clips }, dir, { config, overwrite: true, engine: ENGINE })),
    ).toBe(
      `${store.dir}: needs at least 2 training clips and 1 validation clip, has 1 and 6; add training clips`,
    );
    expect(filesOf(dir)).toEqual(files);
  });

  it("a whitening that keeps too few components for the net's pools", async () => {
    const normalize = { kind: "whiten", zca: false, keepVariance: 0.01 } as const;
    expect(await rejectionOf(trainTagger(store, makeFolder(), { config: { ...config, normalize } }))).toBe(
      `net must fit the 1 value per frame of ${store.dir}, got a vgg that needs at least 4; keep more variance, use fewer blocks, or use another kind of net`,
    );
  });

  it("a net that needs more memory for one segment than a model file may ask for", async () => {
    const large = { ...config, segmentFrames: 65_536, net: netConfig({ kind: "vgg", channels: [4, 4096] }) };
    expect(await rejectionOf(trainTagger(store, makeFolder(), { config: large }))).toBe(
      "net must have at most 67108864 values in a layer for one segment, got 1073741824; use fewer channels, or a smaller `segmentFrames`",
    );
  });

  it("a single class, and a clip with several labels in a single-label task", async () => {
    const tones = { ...store, clips: store.clips.filter(({ labels }) => labels[0] === "tone") };
    expect(await rejectionOf(trainTagger(tones, makeFolder(), { config }))).toBe(
      `${store.dir}: has only 1 class (tone); a net learns classes by their differences and needs at least 2`,
    );
    const clips = store.clips.map((clip) =>
      clip.name === "hum/0.wav" ? { ...clip, labels: ["hum", "tone"] } : clip,
    );
    expect(
      await rejectionOf(
        trainTagger({ ...store, clips }, makeFolder(), { config: { ...config, task: "single-label" } }),
      ),
    ).toBe(
      "task must be multi-label for clips with several labels, got single-label, and hum/0.wav labelled hum, tone",
    );
  });

  it("features that were removed or are not finite, naming the file", async () => {
    const own = await makeTinyStore();
    const clip = own.clips.find(({ split }) => split === "train")!;
    const path = join(own.dir, clip.features);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 4));
    await expect(trainTagger(own, makeFolder(), { config })).rejects.toThrow(path);
    await expect(trainTagger(own, makeFolder(), { config })).rejects.toBeInstanceOf(DataError);
  });

  it("a clip whose features are not finite, in whichever split the run reads, naming it and its file", async () => {
    for (const split of ["train", "valid"] as const) {
      const own = await makeTinyStore();
      const clip = own.clips.find((each) => each.split === split)!;
      changeFeatures(own, clip, () => Number.NaN);
      await expect(trainTagger(own, makeFolder(), { config, engine: ENGINE })).rejects.toThrow(
        new DataError(
          clip.name,
          `holds features that are not finite numbers; delete ${own.dir}/${clip.features} and extract the source again`,
        ),
      );
    }
  });

  it("a checkpoint of another version, whose settings have another meaning", async () => {
    const { dir } = await runWhole(store, { epochs: 1 });
    const path = checkpointPath(dir);
    const { tensors, metadata } = decodeSafetensors(readFileSync(path), path);
    const { format: _, ...older } = JSON.parse(metadata["timbrel"]);
    writeFileSync(path, encodeSafetensors(tensors, { timbrel: JSON.stringify(older) }));
    await expect(trainTagger(store, dir, { resume: true })).rejects.toThrow(
      new DataError(
        path,
        "is a checkpoint of another version of timbrel (format 1, this one reads 2 to 5); start a new run",
      ),
    );
  });

  it("a checkpoint that lacks a part of its run's state", async () => {
    const { dir } = await runWhole(store, { epochs: 1 });
    const path = checkpointPath(dir);
    const checkpoint = readCheckpoint(path)!;
    const tensors = new Map(checkpoint.state.tensors);
    tensors.delete("output.bias");
    writeFileSync(path, encodeCheckpoint({ ...checkpoint, state: { ...checkpoint.state, tensors } }));
    await expect(trainTagger(store, dir, { resume: true })).rejects.toThrow(
      new DataError(path, "lacks tensor output.bias [3]; start a new run"),
    );
  });

  it("a checkpoint that is damaged or not timbrel's", async () => {
    const { dir } = await runWhole(store, { epochs: 1 });
    const path = checkpointPath(dir);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 1));
    await expect(trainTagger(store, dir, { resume: true })).rejects.toThrow(
      /checkpoint\.safetensors: is not a safetensors file: it has \d+ bytes of data, its tensors \d+$/,
    );
    writeFileSync(path, Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 123, 125)); // {}
    await expect(trainTagger(store, dir, { resume: true })).rejects.toThrow(
      `${path}: is not a timbrel checkpoint (`,
    );
  });
});
