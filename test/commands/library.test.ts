import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Diagnosis, LayerHealth, NetSettings, NormalizeConfig, SegmentNetConfig } from "timbrel";
import { beforeAll, describe, expect, it } from "vitest";
import { ENGINE } from "../engine.js";
import { FRONT_END, makeFolder, NET, timbrel, toneWav, write, writeTones } from "./cli.js";

// The package as others import it, by its own name.
const library = await import("timbrel");
const { DataError, decodeAudio, downmix, loadTagger, openStore, trainTagger } = library;
const { diagnose, NETS, netConfig, OPTIMIZERS } = library;

let dir: string;
let model: string;
beforeAll(async () => {
  dir = makeFolder();
  model = join(dir, "run/model.onnx");
  writeTones(join(dir, "audio"), { low: 200, high: 2000 }, 6);
  await timbrel(dir, ["extract", "audio", "--out", "features", ...FRONT_END]);
  await timbrel(dir, ["train", "features", "--out", "run", "--epochs", "1", ...NET]);
});

describe("loadTagger", () => {
  it("tags a path, bytes and a waveform alike", async () => {
    const path = join(dir, "tone.wav");
    write(dir, "tone.wav", toneWav(300, { sampleRate: 11025 }));
    const tagger = await loadTagger(model, { engine: ENGINE });
    expect(tagger.labels).toEqual(["high", "low"]);
    const byPath = await tagger.predict(path);
    expect(byPath.tags.map(({ label }) => label).sort()).toEqual(["high", "low"]);
    expect(byPath.durationSec).toBeCloseTo(0.5, 3);
    expect(await tagger.predict(readFileSync(path))).toEqual(byPath);
    expect(await tagger.predict(downmix(await decodeAudio(readFileSync(path), path)))).toEqual(byPath);
    await expect(tagger.predict(join(dir, "nowhere.wav"))).rejects.toThrow(DataError);
    await tagger.close();
  });
  it("names a model file that does not exist", async () => {
    await expect(loadTagger("nowhere.onnx")).rejects.toThrow(
      "nowhere.onnx: model file does not exist; train one, or check the path",
    );
  });
});

describe("trainTagger", () => {
  it("trains a custom net with any optimizer, and reports how its layers do", async () => {
    const settings: NetSettings = { kind: "mlp", units: [8] };
    const net: SegmentNetConfig = netConfig(settings);
    expect(net).toEqual({ ...NETS.mlp, units: [8] });
    const normalize: NormalizeConfig = { kind: "whiten", zca: false, keepVariance: 0.99 };
    const config = { ...OPTIMIZERS.nesterov, net, normalize, segmentFrames: 16, epochs: 1, watch: true };
    const store = openStore(join(dir, "features"));
    const { history, modelPath } = await trainTagger(store, join(dir, "own"), { config, engine: ENGINE });
    const layers: readonly LayerHealth[] = history[0].layers!;
    expect(layers.map(({ layer }) => layer)).toEqual(["hidden1", "output"]);
    const dead: Diagnosis = { layer: "hidden1", problem: "dead", value: 1 };
    expect(diagnose([{ ...layers[0], inactiveFraction: 1 }, layers[1]])).toContainEqual(dead);
    const tagger = await loadTagger(modelPath, { engine: ENGINE });
    expect(tagger.labels).toEqual(["high", "low"]);
    await tagger.close();
  });
});
