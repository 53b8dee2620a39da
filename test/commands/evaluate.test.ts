import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { afterEach, describe, expect, it, vi } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { command } from "../../src/commands/evaluate.js";
import { errorText } from "../../src/commands/flag-names.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { withMetadata } from "../tagging/edit-model.js";
import { makeSound, makeTinyStore, SOUNDS, tinyClips, tinyConfig } from "../training/tiny-store.js";

// In one process: a command line takes a second to start.

const dir = makeFolder();
const store = await makeTinyStore();
const run = join(dir, "run");
const { modelPath } = await trainTagger(store, run, { engine: ENGINE, config: tinyConfig({ epochs: 1 }) });
const linearPath = join(run, "model.linear.onnx");
const fewer = await makeTinyStore(tinyClips().filter(({ labels }) => !labels.includes("tone")));
const other = await trainTagger(fewer, join(dir, "fewer"), {
  engine: ENGINE,
  config: tinyConfig({ epochs: 1 }),
});
writeFileSync(join(dir, "manifest.csv"), "path,label\na.wav,hum\n");
mkdirSync(join(dir, "folder"));

afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs `evaluate` on a store; returns what it prints. */
async function evaluateOn(storeDir: string, ...args: string[]): Promise<string> {
  let stdout = "";
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += text;
    return true;
  });
  const [model, ...flags] = args;
  await command
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync([model, storeDir, "--threads", "1", ...flags], { from: "user" })
    .finally(() => vi.restoreAllMocks());
  return stdout;
}

/** The same on the tiny store. */
const evaluate = (...args: string[]) => evaluateOn(store.dir, ...args);

const mistakeOf = async (model: string, ...flags: string[]): Promise<string> => {
  try {
    await evaluate(model, ...flags);
  } catch (error) {
    return errorText(error, command).replaceAll(`${dir}/`, "").replace("error: ", "");
  }
  return "no mistake";
};

describe("evaluate --format", () => {
  it("prints one JSON object, with --json too, that says all but the answers", async () => {
    const [json, short] = [
      await evaluate(modelPath, "--format", "json"),
      await evaluate(modelPath, "--json"),
    ];
    expect(short).toBe(json);
    const scored = JSON.parse(json);
    expect(Object.keys(scored)).toEqual([
      ...[
        "task",
        "model",
        "store",
        "labels",
        "split",
        "isExternal",
        "leftOut",
        "chose",
        "majority",
        "linear",
      ],
      ...["kind", "net", "uncalibrated", "unknown", "differences"],
    ]);
    expect(scored).toMatchObject({
      chose: { nTrained: 15, nValidation: 6, seenIn: null },
      net: { nClips: 6 },
      differences: { linear: { accuracy: { difference: scored.net.accuracy - scored.linear.accuracy } } },
    });
  });
  it("prints CSV with the same scores", async () => {
    const rows = parse(await evaluate(modelPath, "-f", "csv"), { columns: true }) as Record<string, string>[];
    const { net } = JSON.parse(await evaluate(modelPath, "--json"));
    const row = rows.find(({ model, measure }) => model === "net" && measure === "accuracy");
    expect(Number(row!["value"])).toBe(net.accuracy);
    expect([row!["low"], row!["high"]].map(Number)).toEqual(net.intervals.accuracy);
  });
});

describe("evaluate --predictions", () => {
  it("writes the answer to every clip that is scored, the worst first, and replaces such a file", async () => {
    const path = join(dir, "answers.csv");
    for (const split of ["valid", "test"]) {
      await evaluate(modelPath, "--predictions", path, "--split", split);
      const rows = parse(readFileSync(path), { columns: true }) as Record<string, string>[];
      const clips = store.clips.filter((clip) => clip.split === split);
      expect(rows.map((row) => row["file"]).sort()).toEqual(clips.map(({ name }) => name).sort());
      for (const row of rows) {
        expect(row["correct"]).toBe(String(row["true"] === row["predicted"]));
        expect(row["probability"]).toBe(row[`p(${row["true"]})`]);
      }
      const losses = rows.map((row) => Number(row["loss"]));
      expect(losses).toEqual([...losses].sort((a, b) => b - a));
    }
    expect(readdirSync(dir).filter((name) => name.includes("answers"))).toEqual(["answers.csv"]);
  });
  it.each([
    ["folder", "--predictions must name a file, got folder, which is a folder"],
    ["run/model.onnx", "--predictions must name a file of its own, got run/model.onnx, which is read"],
    [
      "run/model.linear.onnx",
      "--predictions must name a file of its own, got run/model.linear.onnx, which is read",
    ],
    [
      "manifest.csv",
      "--predictions must name a new file, or a predictions file to replace, got manifest.csv, which is another kind of file",
    ],
    ["manifest.csv/a.csv", "manifest.csv: is a file; choose a folder"],
  ])("names what is wrong with %s before anything is scored", async (name, message) => {
    const before = readFileSync(join(dir, "manifest.csv"), "utf8");
    expect(await mistakeOf(modelPath, "--predictions", join(dir, name))).toBe(message);
    expect(readFileSync(join(dir, "manifest.csv"), "utf8")).toBe(before);
  });
  it("does not go into a store", async () => {
    const path = join(dir, "other-store", "clips", "index.json");
    mkdirSync(join(path, ".."), { recursive: true });
    for (const name of ["store.json", "sources.jsonl"]) writeFileSync(join(dir, "other-store", name), "");
    expect(await mistakeOf(modelPath, "--predictions", path)).toBe(
      `--predictions must name a file that is not in a feature store, got other-store/clips/index.json, which is in one`,
    );
  });
  it.each(["page.html", "page.json"])("is not also the report's: %s", async (name) => {
    const [predictions, page] = [name, "page.html"].map((each) => join(dir, "new", each));
    expect(await mistakeOf(modelPath, "--predictions", predictions, "--report", page)).toBe(
      `--report must name a file of its own, got new/${name}, which --predictions names too`,
    );
    expect(existsSync(join(dir, "new"))).toBe(false);
  });
  it("writes nothing if the clips cannot be scored", async () => {
    const path = join(dir, "none.csv");
    const wav = encodeWav(makeSound("hum", "a harp"));
    const strange = await makeTinyStore([{ name: "harp.wav", labels: ["harp"], split: null, wav }]);
    const outcome = evaluateOn(strange.dir, modelPath, "--predictions", path);
    await expect(outcome).rejects.toThrow(": has labels that the model does not know: harp (on harp.wav)");
    expect(existsSync(path)).toBe(false);
  });
});

describe("evaluate --compare", () => {
  it("prints the scores of both models and their differences, in every format", async () => {
    const flags = ["--compare", linearPath];
    const text = await evaluate(modelPath, ...flags);
    expect(text).toContain(
      `\nB     ${linearPath}\ndata  ${store.dir}, split test: 6 clips that neither model has seen\n`,
    );
    const compared = JSON.parse(await evaluate(modelPath, ...flags, "--json"));
    expect(Object.keys(compared)).toEqual([
      ...[
        "task",
        "model",
        "compare",
        "store",
        "split",
        "leftOut",
        "leftOutForOther",
        "chose",
        "first",
        "other",
        "differences",
      ],
    ]);
    const rows = parse(await evaluate(modelPath, ...flags, "--format", "csv"), { columns: true });
    expect(rows.at(-1)).toMatchObject({ model: `${modelPath} minus ${linearPath}` });
  });
  it.each([
    [
      ["--split", "valid"],
      "--split must be test or all with --compare, which scores clips that no model has seen, got valid",
    ],
    [
      ["--predictions", "x.csv"],
      "--predictions must be used without --compare: it is about one model, got both; leave out one of them",
    ],
  ])("is used without %j", async (flags, message) => {
    expect(await mistakeOf(modelPath, "--compare", linearPath, ...flags)).toBe(message);
  });
  it("names what keeps the other model from being compared", async () => {
    const compared = (path: string) => mistakeOf(modelPath, "--compare", path);
    expect(await compared(join(dir, "no.onnx"))).toBe(
      "no.onnx: model file does not exist; train one, or check the path",
    );
    expect(await compared(other.modelPath)).toBe(
      "--compare must have the labels of the first model, got one that does not know tone",
    );
    expect(await compared(resolve("models/instruments.onnx"))).toMatch(
      /: holds features of a different front end from \S+instruments\.onnx \(.*--n-mels 16 there, 128 here/,
    );
  });
});

describe("evaluate a linear baseline", () => {
  it("scores it beside the majority class alone", async () => {
    const text = await evaluate(linearPath);
    expect(text).toMatch(/^model {2}\S+ \(3 labels, linear baseline, trained on 15 clips\)$/m);
    expect(text).toMatch(/^linear baseline +\d/m);
    expect(text).not.toMatch(/^net |no linear baseline/m);
    const [own, beside] = [await evaluate(linearPath, "--json"), await evaluate(modelPath, "--json")];
    expect(JSON.parse(own).net).toEqual(JSON.parse(beside).linear);
  });
  it("says of one of an older version how to make it again", async () => {
    const older = join(dir, "older.onnx");
    const record = JSON.stringify({ format: 1, task: "single-label", labels: SOUNDS });
    const metadata = { "timbrel.linear": record, "timbrel.checksum": "" };
    writeFileSync(older, withMetadata(readFileSync(linearPath), metadata));
    expect(await mistakeOf(older)).toBe(
      "older.onnx: is a linear baseline of an older version, which does not record its front end; resume its run to make it again",
    );
  });
});

it("evaluate names a format that it does not have, and two formats at once", async () => {
  expect(await mistakeOf(modelPath, "--format", "yaml")).toBe(
    "--format must be one of text, json, csv, got yaml",
  );
  expect(await mistakeOf(modelPath, "--json", "--format", "csv")).toMatch(
    /^option '--json' cannot be used with option '-f, --format <name>'$/,
  );
});
