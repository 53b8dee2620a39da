import { cpSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeNpy } from "../../src/store/npy.js";
import {
  FRONT_END,
  jsonLines,
  makeFolder,
  NET,
  type Outcome,
  timbrel,
  toneWav,
  write,
  writeTones,
} from "./cli.js";

const PITCHES = { low: 200, mid: 700, high: 2000 };
let dir: string;
let extracted: Outcome;
let trained: Outcome;

beforeAll(async () => {
  dir = makeFolder();
  writeTones(join(dir, "audio"), PITCHES, 8);
  write(dir, "audio/low/notes.wav", "no audio");
  extracted = await timbrel(dir, ["extract", "audio", "--out", "features", ...FRONT_END]);
  trained = await timbrel(dir, ["train", "features", "--out", "run", "--epochs", "2", ...NET]);
});

describe("extract", () => {
  it("sums up what it did, and names a bad file on stderr", () => {
    expect(extracted.code).toBe(0);
    expect(extracted.stdout).toMatch(
      /^features: 24 clips of 3 classes, 0\.2 min of audio\n {2}24 new, 0 reused, 1 left out/,
    );
    // 16 bands are too few for the default net's five blocks.
    expect(extracted.stdout).toContain(
      "next: npm run train -- features --out models/mine --channels 16,32,64,128\n",
    );
    expect(extracted.stderr).toMatch(/^audio\/low\/notes\.wav: not audio that timbrel reads/m);
    expect(extracted.stderr).toContain("extracting 100 % (25/25), 1 failed\n");
  });
  it("warns about empty mel bands", async () => {
    const flags = ["--sample-rate", "8000", "--n-fft", "64", "--hop-length", "128", "--n-mels", "64"];
    const { code, stderr } = await timbrel(dir, ["extract", "audio", "--out", "empty-bands", ...flags]);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^warning: \d+ of 64 mel bands contain no bin .*; use a smaller --n-mels or a larger --n-fft$/m,
    );
    expect(extracted.stderr).not.toContain("mel bands contain no bin");
  });
  it("reuses what is there; with --strict a bad file makes the exit code 1", async () => {
    const again = await timbrel(dir, ["extract", "audio", "--out", "features", ...FRONT_END, "--strict"]);
    expect(again.code).toBe(1);
    expect(again.stdout).toContain("0 new, 24 reused, 1 left out");
  });
});

describe("train", () => {
  it("shows splits, settings, epochs and what comes next", () => {
    expect(trained.code).toBe(0);
    expect(trained.stdout).toMatch(/^class +train +valid +test +all$/m);
    expect(trained.stdout).toMatch(/^clips +18 +3 +3 +24$/m);
    expect(trained.stdout).toMatch(/^split [0-9a-f]{64}$/m);
    expect(trained.stdout).toMatch(
      /vgg of 4-8 channels, \d+ parameters,\nbatches of 4 segments of 16 frames, CPU threads: 1$/m,
    );
    expect(trained.stdout).toMatch(/^epoch +learning rate +train loss +clean loss +valid loss +balanced/m);
    expect(trained.stdout).toMatch(/^2 +\S+ +(\d+\.\d{4} +){3}\d+\.\d % +\d+\.\d/m);
    expect(trained.stdout).toContain(
      "model: run/model.onnx\nnext:  npm run evaluate -- run/model.onnx features\n",
    );
    expect(trained.stderr).toMatch(/^training 100 % \(10\/10\), epoch 2\/2, loss \d/m);
  });
  it("leaves an existing run alone, and has nothing to do when it resumes a finished one", async () => {
    const again = await timbrel(dir, ["train", "features", "--out", "run"]);
    expect(again).toMatchObject({ code: 2, stdout: "" });
    expect(again.stderr).toContain("continue the run with --resume, or replace it with --overwrite");
    const resumed = await timbrel(dir, ["train", "features", "--out", "run", "--resume", "--epochs", "2"]);
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain("epochs 1 to 2 of 2 are already done");
  });
  it("does not resume with a different setting", async () => {
    const { code, stderr } = await timbrel(dir, [
      "train",
      "features",
      "--out",
      "run",
      "--resume",
      "--dropout",
      "0",
    ]);
    expect([code, stderr]).toEqual([
      2,
      "timbrel: --dropout must match the run in run, got 0; leave it out to resume, or start over with --overwrite\n",
    ]);
  });
});

describe("evaluate", () => {
  const evaluate = (...args: string[]) => timbrel(dir, ["evaluate", "run/model.onnx", ...args]);

  it("prints baselines, net, recall and confusion", async () => {
    const { code, stdout } = await evaluate("features");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^data {3}features, split test: 3 clips$/m);
    expect(stdout).not.toContain("external");
    for (const name of ["majority class", "linear baseline", "net"])
      expect(stdout).toMatch(
        new RegExp(
          `^${name} +\\d+\\.\\d % +\\d+\\.\\d % to \\d+\\.\\d %( +\\d+\\.\\d %){2} +\\d\\.\\d+ +\\d+\\.\\d %$`,
          "m",
        ),
      );
    expect(stdout).toMatch(/^label +clips +precision +recall +95 % interval +F1 +most often mistaken for$/m);
    expect(stdout).toMatch(/^ +high +low +mid$/m);
  });
  it("prints one JSON object and nothing else with --json", async () => {
    const { code, stdout } = await evaluate("features", "--split", "valid", "--json");
    const [scores, ...others] = jsonLines(stdout);
    expect([code, others]).toEqual([0, []]);
    expect(scores).toMatchObject({
      task: "single-label",
      split: "valid",
      isExternal: false,
      labels: ["high", "low", "mid"],
      majority: { balancedAccuracy: 1 / 3, nClips: 3 },
      linear: { task: "single-label" },
      net: { nClips: 3 },
    });
  });
  it("does without the linear baseline, and says so", async () => {
    cpSync(join(dir, "run/model.onnx"), join(dir, "alone.onnx"));
    const { code, stdout } = await timbrel(dir, ["evaluate", "alone.onnx", "features"]);
    expect(code).toBe(0);
    expect(stdout).toContain("no linear baseline: alone.linear.onnx is missing");
  });
  it("scores all of a store of other audio, and calls it an external test", async () => {
    writeTones(join(dir, "other"), { low: 240, high: 2600 }, 2);
    await timbrel(dir, ["extract", "other", "--out", "other-features", ...FRONT_END]);
    const { code, stdout } = await evaluate("other-features");
    expect(code).toBe(0);
    expect(stdout).toContain(
      "data   other-features, all 4 clips\n       not from the model's own splits: an external test",
    );
  });
  it("calls the test split of a store with splits of its own an external test, too", async () => {
    for (const [split, hz] of Object.entries({ train: 230, valid: 260, test: 290 }))
      writeTones(join(dir, "split", split), { low: hz, high: 10 * hz }, 2);
    await timbrel(dir, ["extract", "split", "--out", "split-features", ...FRONT_END]);
    const { code, stdout } = await evaluate("split-features", "--json");
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([{ split: "test", isExternal: true, net: { nClips: 4 } }]);
  });
  it("leaves out clips that the model has seen, and says so, unless they are asked for", async () => {
    const all = await evaluate("features", "--split", "all");
    expect(all.code).toBe(0);
    expect(all.stdout).toMatch(/^data {3}features, all 3 clips\n +3 of 24 clips are scored; left out are$/m);
    const train = await evaluate("features", "--split", "train");
    expect(train.code).toBe(0);
    expect(train.stdout).toContain("the model was trained on these clips: this is not a test");
  });
  it("rejects a different front end, naming what differs and how to extract", async () => {
    await timbrel(dir, ["extract", "audio", "--out", "features-24", ...FRONT_END.slice(0, -1), "24"]);
    const { code, stderr } = await evaluate("features-24");
    expect([code, stderr]).toEqual([
      1,
      "timbrel: features-24: holds features of a different front end from run/model.onnx (--n-mels 24 there, 16 here); extract them again: npm run extract -- <audio> --out <new store> --model run/model.onnx\n",
    ]);
  });
  it("rejects labels that the model does not know, naming them", async () => {
    write(dir, "strange/harp/1.wav", toneWav(500));
    await timbrel(dir, ["extract", "strange", "--out", "strange-features", ...FRONT_END]);
    const { code, stderr } = await evaluate("strange-features");
    expect(code).toBe(1);
    expect(stderr).toContain(
      "has labels that the model does not know: harp (on harp/1.wav); the model knows high, low, mid",
    );
  });
});

describe("predict", () => {
  const predict = (...args: string[]) => timbrel(dir, ["predict", ...args, "--model", "run/model.onnx"]);

  it("prints the most probable tags of each file", async () => {
    const { code, stdout, stderr } = await predict("audio/low/1.wav", "audio/mid/1.wav", "--top", "2");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^audio\/low\/1\.wav \(0\.5 s\)\n( +(low|mid|high) +\d+\.\d %( {2}#+)?\n){2}audio\/mid/,
    );
  });
  it("answers with a linear baseline, for the whole file alone", async () => {
    const asked = ["predict", "audio/low/1.wav", "--model", "run/model.linear.onnx"];
    const answer = await timbrel(dir, [...asked, "audio/mid/1.wav", "--json"]);
    const [found] = jsonLines(answer.stdout);
    expect(answer.stderr).toBe(
      "run/model.linear.onnx: a linear baseline calls only silence unknown; a net also knows noise\n",
    );
    const tags = found["tags"] as { label: string; probability: number }[];
    expect(tags.map(({ label }) => label).sort()).toEqual(["high", "low", "mid"]);
    const { code, stderr } = await timbrel(dir, [...asked, "--segments", "--hop", "0.1"]);
    expect([code, stderr]).toEqual([
      2,
      "timbrel: --hop must be used with a net: a linear baseline answers for the whole clip, got 0.1\n",
    ]);
  });
  it("searches folders; a bad file gives a line on stderr and exit code 1, and the others are still tagged", async () => {
    const { code, stdout, stderr } = await predict("audio/low", "nowhere.wav", "--json");
    expect(code).toBe(1);
    expect(stderr).toBe(
      "timbrel: audio/low/notes.wav: not audio that timbrel reads (WAV, AIFF, AU, MP3, OGG Vorbis, Opus or FLAC)\ntimbrel: nowhere.wav: does not exist\n",
    );
    const found = jsonLines(stdout);
    expect(found.map(({ file }) => file)).toEqual(Array.from({ length: 8 }, (_, i) => `audio/low/${i}.wav`));
    const tags = found[0]["tags"] as { label: string; probability: number }[];
    expect(tags.map(({ label }) => label).sort()).toEqual(["high", "low", "mid"]);
    expect(tags.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
  });
  it("writes segments and events of files as CSV, in the file that is named, and lists bad files", async () => {
    const args = ["--segments", "--hop", "0.1", "--format", "csv", "--out", "tags.csv"];
    const { code, stdout, stderr } = await predict("audio/low", ...args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^timbrel: audio\/low\/notes\.wav: not audio/);
    const [head, first, second, third, fourth, ...others] = readFileSync(join(dir, "tags.csv"), "utf8").split(
      "\n",
    );
    expect(head).toBe("file,start,end,predicted,high,low,mid");
    // Segments last 0.256 s, the file 0.5 s: the last is moved back by a frame.
    expect([first, second, third, fourth].map((line) => line.split(",").slice(0, 3).join())).toEqual([
      "audio/low/0.wav,0,0.256",
      "audio/low/0.wav,0.1,0.356",
      "audio/low/0.wav,0.2,0.456",
      "audio/low/0.wav,0.256,0.5",
    ]);
    expect(others).toHaveLength(7 * 4 + 1);
  });
  it("draws the tags under the log-mel picture", async () => {
    const { code, stderr } = await predict("audio/low/1.wav", "--plot", "plots/p.png");
    expect([code, stderr]).toEqual([0, ""]);
    const { height, text } = decode(readFileSync(join(dir, "plots/p.png")));
    expect(height).toBe(25 + 384 + 8 + 3 * 21 + 34);
    expect(text).toMatchObject({ Title: "audio/low/1.wav" });
  });
  it("exits with 1 if something in a folder cannot be opened", async () => {
    write(dir, "few/a.wav", toneWav(200));
    symlinkSync("nowhere", join(dir, "few/gone.wav"));
    const { code, stdout, stderr } = await predict("few", "--json");
    expect([code, stderr]).toEqual([1, "timbrel: few/gone.wav: is a broken link\n"]);
    expect(jsonLines(stdout).map(({ file }) => file)).toEqual(["few/a.wav"]);
  });
  it("ends without an error when its reader closes the pipe", async () => {
    const args = ["predict", "audio", "--model", "run/model.onnx"];
    const { code, stderr } = await timbrel(dir, args, { leave: true });
    expect(stderr).not.toContain("EPIPE");
    expect(code).toBe(0);
  });
});

describe("inspect", () => {
  it("shows format, levels and descriptors", async () => {
    const { code, stdout } = await timbrel(dir, ["inspect", "audio/mid/0.wav"]);
    expect(code).toBe(0);
    expect(stdout).toContain("format          WAV, 16-bit PCM");
    expect(stdout).toContain("length          0.500 s, 4000 samples");
    expect(stdout).toContain("peak            -6.0 dBFS");
    expect(stdout).toContain("RMS             -9.0 dBFS"); // 0.5 / sqrt(2)
    expect(stdout).toMatch(/^ {2}centroid +70\d Hz$/m);
    expect(stdout).toMatch(/^ {2}zero crossings +(139\d|140\d) per second$/m);
  });
  it("writes what the front end sees, and prints only JSON with --json", async () => {
    const files = ["--png", "m.png", "--waveform", "w.npy", "--features", "f.npy"];
    const { code, stdout } = await timbrel(dir, [
      "inspect",
      "audio/mid/0.wav",
      "--preset",
      "musicnn",
      "--json",
      ...files,
    ]);
    expect(code).toBe(0);
    const [found, ...others] = jsonLines(stdout);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      file: "audio/mid/0.wav",
      sampleRate: 8000,
      channels: 1,
      nClipped: 0,
      warnings: [
        {
          code: "low-sample-rate",
          message: "has nothing above 4000 Hz; the front end hears up to 8000 Hz",
        },
      ],
    });
    const npy = (name: string) => decodeNpy(readFileSync(join(dir, name)), name);
    expect(npy("w.npy").shape).toEqual([8000]); // half a second at 16 kHz
    expect(npy("f.npy").shape).toEqual([1 + 8000 / 256 - 0.25, 96]);
    expect(readFileSync(join(dir, "m.png")).subarray(1, 4).toString()).toBe("PNG");
    rmSync(join(dir, "m.png"));
  });
  it("writes, with --model, the features that the store holds for that model", async () => {
    const files = ["--model", "run/model.onnx", "--features", "m.npy"];
    expect((await timbrel(dir, ["inspect", "audio/mid/0.wav", ...files])).code).toBe(0);
    const stored = jsonLines(readFileSync(join(dir, "features", "clips.jsonl"), "utf8")).find(
      ({ name }) => name === "mid/0.wav",
    );
    const bytes = (path: string) => readFileSync(join(dir, path));
    expect(bytes("m.npy")).toEqual(bytes(join("features", String(stored?.["features"]))));
    const both = await timbrel(dir, ["inspect", "audio/mid/0.wav", "--preset", "musicnn", ...files]);
    expect([both.code, both.stdout]).toEqual([2, ""]);
  });
  it("reports silence and clipping", async () => {
    write(dir, "silence.wav", toneWav(0));
    const samples = Float32Array.from({ length: 1000 }, (_, n) => (n % 100 < 50 ? 1 : -1));
    const { encodeWav } = await import("../../src/audio/encode-wav.js");
    write(dir, "square.wav", encodeWav({ samples, sampleRate: 8000 }));
    const { code, stdout } = await timbrel(dir, [
      "inspect",
      "silence.wav",
      "square.wav",
      "--json",
      "--model",
      "run/model.onnx",
    ]);
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([
      {
        peakDbfs: null,
        rmsDbfs: null,
        nClipped: 0,
        warnings: [{ code: "silent", message: "all samples are zero" }],
      },
      {
        nClipped: 1000,
        warnings: [
          {
            code: "clipped",
            message:
              "is clipped: 20 peaks are cut off at full scale; use a recording at a lower level if there is one",
          },
        ],
      },
    ]);
  });
});

describe("several labels per clip", () => {
  it("lead from a manifest to mean average precision and to a probability for every tag", async () => {
    const here = makeFolder();
    const rows = Array.from({ length: 24 }, (_, i) => {
      write(here, `clips/${i}.wav`, toneWav(200 + 50 * i));
      return `clips/${i}.wav,${i % 2 === 0 ? "even" : "odd"}${i < 12 ? "|low" : ""}`;
    });
    write(here, "manifest.csv", ["path,label", ...rows].join("\n"));
    await timbrel(here, ["extract", "manifest.csv", "--out", "features", ...FRONT_END]);
    const trained = await timbrel(here, ["train", "features", "--out", "run", "--epochs", "1", ...NET]);
    expect(trained.stdout).toMatch(/^multi-label, vgg of 4-8/m);
    expect(trained.stdout).toMatch(
      /best epoch 1 of 1: mean average precision \d+\.\d % on the validation split/,
    );
    const scored = await timbrel(here, ["evaluate", "run/model.onnx", "features"]);
    expect(scored.stdout).toMatch(
      /^ +mean average precision +95 % interval +ROC-AUC +macro F1 +loss +calibration error$/m,
    );
    expect(scored.stdout).toMatch(
      /^\[%\] +with +without +AP +95 % interval +ROC-AUC +threshold +precision +recall +F1$/m,
    );
    const asked = ["predict", "clips/0.wav", "--model", "run/model.onnx", "--json"];
    const [found] = jsonLines((await timbrel(here, asked)).stdout);
    expect(found["tags"]).toHaveLength(3);
    const single = ["train", "features", "--out", "single", "--task", "single-label", ...NET];
    const { code, stderr } = await timbrel(here, single);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("--task must be multi-label for clips with several labels"),
    ]);
  });
});
