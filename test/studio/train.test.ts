import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { env, pipeline } from "@huggingface/transformers";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";
import { downmix } from "../../src/audio/downmix.js";
import { resample } from "../../src/audio/resample.js";
import { decodeModel } from "../../src/tagging/model-file.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { CHROMIUM } from "../browser/chromium.js";
import { timbrel } from "../commands/cli.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { dropOn, type OpenStudio, openStudio, threeInstruments } from "./open-studio.js";

/** WebAssembly and the native engine add in other orders. */
const SAME = 1e-4;
/** Least fraction of the notes that no training saw which the model must name. */
const ACCURACY = 0.9;

const PYTHON = resolve(".venv/bin/python");

const { folders, others } = await threeInstruments();

/** Clicks what downloads a file, and reads it. */
async function downloaded(page: Page, button: string): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  return readFileSync(await download.path());
}

async function dropClasses(page: Page): Promise<void> {
  await page.getByRole("tab", { name: "Train a model" }).click();
  await dropOn(page, "#panel-train .drop", folders);
  await page.getByLabel("Class", { exact: true }).nth(2).waitFor();
  await page.getByRole("button", { name: "Train", exact: true }).and(page.locator(":enabled")).waitFor();
}

/** Starts a run, and waits for its end. */
async function train(page: Page, epochs: number): Promise<void> {
  await page.getByLabel("Epochs").fill(String(epochs));
  await page.getByLabel("Epochs").blur();
  await page.getByRole("button", { name: /^Train/ }).click();
  await page.getByRole("button", { name: "Stop", exact: true }).waitFor();
  await page.getByRole("heading", { name: "4. The model" }).waitFor();
}

type Answers = Readonly<Record<string, number>>;

/** Expects the same labels and, within a tolerance, the same probabilities. */
function expectSame(found: Answers, expected: Answers, tolerance: number): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  for (const [label, probability] of Object.entries(expected))
    expect(Math.abs(found[label] - probability), label).toBeLessThan(tolerance);
}

const asRecord = (tags: readonly { label: string; probability: number }[]): Answers =>
  Object.fromEntries(tags.map(({ label, probability }) => [label, probability]));

describe.skipIf(CHROMIUM === undefined)("one visit to the studio [needs chromium]", () => {
  let studio: OpenStudio;
  const files: Record<"model" | "waveform" | "zip", Buffer> = {} as never;
  /** A note that no training saw, at the model's rate, and what Node says of it. */
  const note = others[0].path;
  let samples: Float32Array;
  let ofNode: Answers;

  beforeAll(async () => {
    studio = await openStudio();
    samples = resample(downmix(await decodeAudio(readFileSync(note), note)), 22_050).samples;
  });
  afterAll(() => studio?.close());

  it("goes from three dropped folders of recordings to a model", async () => {
    const { page } = studio;
    await dropClasses(page);
    const names = await page
      .getByLabel("Class", { exact: true })
      .evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value));
    expect(names.sort()).toEqual(["flute", "violin", "xylophone"]);
    await train(page, 4);
    expect(await page.locator("#panel-train .answer").textContent()).toMatch(
      /balanced accuracy on \d+ examples that it has not seen/,
    );
    expect(await page.getByRole("img", { name: /^Loss/ }).count()).toBe(1);
    expect(await page.getByText("best: ").count()).toBeGreaterThan(0);
    files.model = await downloaded(page, "Download the model");
    files.waveform = await downloaded(page, "for any ONNX Runtime");
    files.zip = await downloaded(page, "for transformers.js");
    expect(studio.faults).toEqual([]);
  });

  it("which the command line opens, and which names what it has not heard", async () => {
    const dir = makeFolder();
    writeFileSync(join(dir, "my-tagger.onnx"), files.model);
    const { code, stdout } = await timbrel(dir, [
      "predict",
      ...others.map(({ path }) => path),
      "--model",
      "my-tagger.onnx",
      "--format",
      "json",
    ]);
    expect(code).toBe(0);
    const answers = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const nRight = answers.filter(({ tags }, i) => tags[0].label === others[i].label).length;
    expect(nRight / others.length).toBeGreaterThanOrEqual(ACCURACY);
    ofNode = asRecord(answers[0].tags);
  });

  it("the page answers as Node does", async () => {
    const { page } = studio;
    await page.getByRole("button", { name: "Test it live" }).click();
    await page.getByText("knows 3 labels: flute, violin, xylophone").waitFor();
    await page.locator("#panel-tag").getByLabel("Choose files…").setInputFiles(note);
    await page.getByRole("img", { name: /^Waveform/ }).waitFor();
    const json = JSON.parse(String(await downloaded(page, "all as JSON")));
    expectSame(asRecord(json.tags), ofNode, SAME);
  });

  it("transformers.js answers as Node does", async () => {
    const dir = makeFolder();
    for (const [path, content] of Object.entries(unzipSync(files.zip))) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), content);
    }
    env.allowRemoteModels = false;
    env.localModelPath = dir;
    const classify = await pipeline("audio-classification", "my-tagger", { dtype: "fp32", device: "cpu" });
    const found = (await classify(samples, { top_k: 3 })) as { label: string; score: number }[];
    await classify.dispose();
    const tagger = await Tagger.of(decodeModel(files.model, "m"), ENGINE);
    const { tags } = await tagger.tagWaveform({ samples, sampleRate: 22_050 });
    await tagger.close();
    const answer = Object.fromEntries(found.map(({ label, score }) => [label, score]));
    expectSame(answer, asRecord(tags), 1e-5);
    expectSame(answer, ofNode, SAME);
  });

  it.skipIf(!existsSync(PYTHON))("Python answers as Node does [needs .venv]", () => {
    const dir = makeFolder();
    writeFileSync(join(dir, "waveform.onnx"), files.waveform);
    writeFileSync(
      join(dir, "samples.f32"),
      new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
    );
    const code = `import json, numpy, onnxruntime
session = onnxruntime.InferenceSession("waveform.onnx")
labels = json.loads(session.get_modelmeta().custom_metadata_map["timbrel.waveform"])["labels"]
samples = numpy.fromfile("samples.f32", numpy.float32)
probabilities = session.run(["probabilities"], {"waveform": samples[None]})[0][0]
print(json.dumps(dict(zip(labels, map(float, probabilities)))))`;
    const answer = JSON.parse(execFileSync(PYTHON, ["-c", code], { cwd: dir, encoding: "utf8" }));
    expectSame(answer, ofNode, SAME);
  });

  it("the browser keeps it all", async () => {
    const { page } = studio;
    await page.reload();
    await page.getByRole("tab", { name: "Train a model" }).click();
    await page.getByRole("heading", { name: "4. The model" }).waitFor();
    expect((await downloaded(page, "Download the model")).equals(files.model)).toBe(true);
    const second = await page.context().newPage();
    await second.goto(studio.address);
    await second.getByRole("tab", { name: "Train a model" }).click();
    await second.getByText("open in another tab").waitFor();
    await second.close();
    page.once("dialog", (dialog) => dialog.accept());
    await page.getByRole("button", { name: "Start over…" }).click();
    await page.getByLabel("Class", { exact: true }).first().waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("tab", { name: "Train a model" }).click();
    expect(await page.getByLabel("Class", { exact: true }).count()).toBe(0);
    expect(studio.faults).toEqual([]);
  });
});

describe.skipIf(CHROMIUM === undefined)("a run in the studio [needs chromium]", () => {
  let studio: OpenStudio;
  beforeAll(async () => {
    studio = await openStudio({ microphone: resolve(others[0].path) });
    await dropClasses(studio.page);
    await studio.page.getByRole("combobox", { name: "Begin with" }).selectOption("a new net");
    await studio.page.getByRole("combobox", { name: "Net", exact: true }).selectOption("mlp"); // the fastest
  });
  afterAll(() => studio?.close());

  it("stops, survives a reload, and goes on to the bits of a run that was never stopped", async () => {
    const { page } = studio;
    await train(page, 4);
    const whole = await downloaded(page, "Download the model");
    await page.getByRole("button", { name: "Train anew" }).click();
    await page.getByText(/^Epoch [23] of 4, step/).waitFor();
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await page.getByText("Stopped; the last epoch is kept.").waitFor();
    await page.reload();
    await page.getByRole("tab", { name: "Train a model" }).click();
    await page.getByRole("button", { name: /^Resume after epoch [123] of 4/ }).click();
    await page.getByRole("heading", { name: "4. The model" }).waitFor();
    expect((await downloaded(page, "Download the model")).equals(whole)).toBe(true);
  });

  it("ends early with its best epoch", async () => {
    const { page } = studio;
    await page.getByRole("button", { name: "Train anew" }).click();
    await page.getByText(/^Epoch [23] of 4, step/).waitFor();
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await page.getByRole("button", { name: /^Take epoch/ }).click();
    await page.getByRole("heading", { name: "4. The model" }).waitFor();
    const { info } = decodeModel(await downloaded(page, "Download the model"), "m");
    expect(info.calibration).toBeDefined();
  });

  it("shows a gradient that vanishes, and what helps, while it trains", async () => {
    const { page } = studio;
    const choices = { Net: "vgg", Activation: "sigmoid", "Batch norm": "off", "Initial weights": "small" };
    for (const [name, choice] of Object.entries(choices))
      await page.getByRole("combobox", { name, exact: true }).selectOption(choice);
    await page.getByRole("button", { name: "Train anew" }).click();
    await page.getByText(/block1 vanishes: its gradient is .* of the output's/).waitFor();
    await page
      .getByText("against vanishing: batch norm, initial weights auto, the activation relu")
      .waitFor();
    await page.getByRole("button", { name: "Stop", exact: true }).click();
  });

  it("says what is wrong, and loses no model by it", async () => {
    const { page } = studio;
    const model = await downloaded(page, "Download the model");
    await page.getByRole("spinbutton", { name: "Learning rate" }).fill("1e30");
    await page.getByRole("spinbutton", { name: "Learning rate" }).blur();
    await page.getByRole("button", { name: /^Train/ }).click();
    await page
      .getByText(/The learning rate must keep the loss finite, got a .*; use a smaller one/)
      .waitFor();
    await page.getByRole("button", { name: "Add a class" }).click();
    await page.getByLabel("Class", { exact: true }).nth(3).fill("flute");
    await page.getByLabel("Class", { exact: true }).nth(3).blur();
    await page.getByText("There is a class flute already.").waitFor();
    const added = page.locator(".class").nth(3);
    await added.getByRole("button", { name: "Record" }).click();
    await page.getByText(/Recording: [1-9]/).waitFor();
    await added.getByRole("button", { name: "Stop recording" }).click();
    await added.getByText("1 example, ").waitFor();
    await page.getByRole("button", { name: /^Train/ }).click();
    await page.getByText("The class class 4 needs 3 examples of different groups").waitFor();
    const asked: string[] = [];
    page.on("dialog", (dialog) => {
      asked.push(dialog.message());
      void dialog.accept();
    });
    await added.getByRole("button", { name: "Remove the class class 4" }).click();
    await added.waitFor({ state: "detached" });
    expect(asked).toEqual([
      "Remove class 4 and its 1 example?",
      "The stopped run cannot go on without this. Remove it, and forget the run?",
    ]);
    await page.reload();
    await page.getByRole("tab", { name: "Train a model" }).click();
    expect(await page.getByLabel("Class", { exact: true }).count()).toBe(3);
    expect((await downloaded(page, "Download the model")).equals(model)).toBe(true);
    expect(studio.faults).toEqual([]);
  });
});

it.skipIf(CHROMIUM === undefined)(
  "the studio says that the browser has no room left [needs chromium]",
  async () => {
    const { page, address, close } = await openStudio();
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(address);
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 100_000 });
    await page.getByRole("tab", { name: "Train a model" }).click();
    await dropOn(page, "#panel-train .drop", folders);
    await page
      .getByText(/wav: the browser has no room left for this page; remove examples/)
      .first()
      .waitFor();
    await close();
  },
);

describe.skipIf(CHROMIUM === undefined)("examples in the studio [needs chromium]", () => {
  let studio: OpenStudio;
  /** Folders of splits, in which a violin is called a flute. */
  const dir = makeFolder();
  const wrong = others.find(({ label }) => label === "violin")!.path;
  beforeAll(async () => {
    for (const folder of folders.filter((folder) => !folder.endsWith("xylophone"))) {
      const label = basename(folder);
      for (const [i, name] of readdirSync(folder).entries()) {
        const split = i % 3 === 0 ? "valid" : "train";
        mkdirSync(join(dir, "set", split, label), { recursive: true });
        copyFileSync(join(folder, name), join(dir, "set", split, label, name));
      }
    }
    for (const label of ["flute", "violin"]) mkdirSync(join(dir, "set/test", label), { recursive: true });
    copyFileSync(wrong, join(dir, "set/test/flute/not a flute.wav"));
    for (const { path } of others.filter(({ label, path }) => label === "violin" && path !== wrong))
      copyFileSync(path, join(dir, "set/test/violin", basename(path)));
    studio = await openStudio();
    await studio.page.addInitScript(() => {
      const sizes: number[] = [];
      Object.assign(globalThis, { sizes });
      const make = URL.createObjectURL.bind(URL);
      URL.createObjectURL = (blob: Blob) => {
        sizes.push(blob.size);
        return make(blob);
      };
    });
    await studio.page.reload();
    await studio.page.getByRole("tab", { name: "Train a model" }).click();
  });
  afterAll(() => studio?.close());

  it("have the splits of their folders; a mistake can be seen in the matrix, and heard", async () => {
    const { page } = studio;
    await dropOn(page, "#panel-train .drop", [`${dir}/set`]);
    await page.getByRole("button", { name: "Train", exact: true }).and(page.locator(":enabled")).waitFor();
    await train(page, 2);
    const matrix = page.getByRole("region", { name: "Confusion matrix" });
    expect(await matrix.locator("tbody tr").first().locator("td").allTextContents()).toEqual(["0", "1"]);
    await page.getByText(/not a flute\.wav: flute, answered as violin/).waitFor();
    await page.getByRole("button", { name: "Play not a flute.wav" }).last().click();
    await page.getByRole("button", { name: "Stop not a flute.wav" }).first().waitFor();
    const sizes = await page.evaluate(() => (globalThis as unknown as { sizes: number[] }).sizes);
    expect(sizes.at(-1)).toBe(statSync(wrong).size);
  });

  it("have groups, which count in the training", async () => {
    const { page } = studio;
    const flutes = page.locator(".class").first();
    await dropOn(page, ".class .drop", [join(dir, "set/test/flute/not a flute.wav")]);
    await flutes.locator("summary").click();
    const groups = flutes.getByLabel(/^Group of not a flute\.wav/);
    await groups.nth(1).waitFor();
    for (const [i, group] of ["one take", "another take"].entries()) {
      await groups.nth(i).fill(group);
      await groups.nth(i).blur();
    }
    await page.getByRole("button", { name: "Train anew" }).click();
    await page
      .getByText(/one take/)
      .first()
      .waitFor();
  });

  it("are read even if the model to begin with is no net, which is said when a run begins", async () => {
    const { page } = studio;
    await page.getByRole("tab", { name: "Tag sounds" }).click();
    await page.getByLabel("Open a model…").setInputFiles("models/instruments.linear.onnx");
    const option = { label: "the model: instruments.linear.onnx" };
    await page.getByRole("tab", { name: "Train a model" }).click();
    await page.getByRole("combobox", { name: "Begin with" }).selectOption(option);
    const violins = page.locator(".class").nth(1);
    const before = await violins.locator("li").count();
    await dropOn(page, ".class:last-of-type .drop", [
      others.find(({ label }) => label === "xylophone")!.path,
    ]);
    await violins.getByText(`${before + 1} examples`).waitFor();
    await page.getByRole("button", { name: "Train anew" }).click();
    await page.getByRole("alert").getByText("instruments.linear.onnx: is a linear baseline").waitFor();
  });

  it("are gone once they are removed", async () => {
    const { page } = studio;
    const flutes = page.locator(".class").first();
    const before = await flutes.locator("li").count();
    await flutes.getByRole("button", { name: "Remove not a flute.wav" }).first().click();
    await flutes.getByText(`${before - 1} examples`).waitFor();
    await page.reload();
    await page.getByRole("tab", { name: "Train a model" }).click();
    await flutes.getByText(`${before - 1} examples`).waitFor();
    expect(studio.faults).toEqual([]);
  });
});
