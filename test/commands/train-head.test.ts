import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { decodeModel } from "../../src/tagging/model-file.js";
import { tinyModel } from "../tagging/tiny-model.js";
import { makeSound, makeTinyStore, tinyClips } from "../training/tiny-store.js";
import { makeFolder, timbrel, write } from "./cli.js";

const dir = makeFolder();
beforeAll(async () => {
  const more = (["hum", "tone"] as const).map((sound) => ({
    name: `more ${sound}.wav`,
    labels: [sound === "hum" ? "low" : "high"],
    split: "train" as const,
    wav: encodeWav(makeSound(sound, "more")),
  }));
  const clips = tinyClips().map((clip) => ({ ...clip, labels: [clip.labels[0] === "hum" ? "low" : "high"] }));
  cpSync(join((await makeTinyStore([...clips, ...more])).dir, ".."), dir, { recursive: true });
  write(dir, "m.onnx", tinyModel());
});
const train = (...flags: string[]) =>
  timbrel(dir, ["train", "store", "--out", "run", "--head", "linear", "--threads", "1", ...flags]);

it("train --head linear makes a model of the store's labels that predict reads, and replaces no run unasked", async () => {
  const { code, stdout } = await train("--from", "m.onnx");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /linear head on the embeddings of m\.onnx, L2 penalty 1\nbalanced accuracy [\d.]+ % on the validation split\nvote of the \d+ nearest training clips: [\d.]+ %\n/,
  );
  const path = join(dir, "run/model.onnx");
  expect(decodeModel(readFileSync(path), path).info.labels).toEqual(["high", "low"]);
  for (const file of ["model.linear.onnx", "split.csv", "report.html", "MODEL_CARD.md"])
    expect([file, existsSync(join(dir, "run", file))]).toEqual([file, true]);
  expect(existsSync(join(dir, "run/checkpoint.safetensors"))).toBe(false);
  const predicted = await timbrel(dir, ["predict", "audio/0.wav", "--model", "run/model.onnx", "--top", "2"]);
  expect(predicted.stdout).toMatch(/ (high|low) /);
  const evaluated = await timbrel(dir, ["evaluate", "run/model.onnx", "store", "--split", "valid"]);
  expect(evaluated.stdout.split("\n").slice(0, 2)).toEqual([
    "model  run/model.onnx (2 labels, linear head, trained on 17 clips with those of the model it started from)",
    "       6 validation clips with those of the model it started from chose the limit of novelty",
  ]);
  const errors = await Promise.all([
    train("--from", "m.onnx"),
    train(),
    train("--from", "m.onnx", "--epochs", "3"),
    train("--from", "m.onnx", "--resume"),
  ]);
  expect(errors.map((each) => [each.code, each.stderr])).toEqual([
    [
      2,
      "timbrel: --out must be a folder without a run, got run, which holds model.onnx; replace it with --overwrite\n",
    ],
    [
      2,
      "timbrel: --head must be used with --from, since a linear head reads the embeddings of a model, got a run that starts from no model; name the model with --from\n",
    ],
    [
      2,
      "timbrel: --epochs must be used without --head linear, which trains no net, got both; leave out one of them\n",
    ],
    [
      2,
      "timbrel: --resume must be used without --head linear, which trains no net, got both; leave out one of them\n",
    ],
  ]);
});
