import { zipSync } from "fflate";
import { DataError } from "../core/errors.js";
import { checkData } from "../dataset/check-data.js";
import { type FeatureData, featuresInMemory, type MemoryClip } from "../dataset/feature-data.js";
import { argmax } from "../evaluation/answers.js";
import { evaluateModel } from "../evaluation/evaluate-model.js";
import { readFeatures } from "../features/clip-features.js";
import { type FrontEnd, frontEnd, frontEndHash } from "../features/front-end.js";
import { type WebDevice, webEngine } from "../runtime/web.js";
import { bytesOpener, featuresOf } from "../tagging/audio-source.js";
import { huggingFaceFiles } from "../tagging/hugging-face.js";
import { decodeModel, encodeModel, type TrainedModel } from "../tagging/model-file.js";
import { openedFeatures } from "../tagging/opened-features.js";
import { waveformModel } from "../tagging/waveform-model.js";
import { decodeCheckpoint, encodeCheckpoint } from "../training/checkpoint.js";
import type { StepReport } from "../training/fit.js";
import { type RunStart, trainModel } from "../training/train-model.js";
import { type Choices, settingsOf } from "./choices.js";
import { type Example, Saved, type SavedFeatures, type SavedRun, type TestScores } from "./saved.js";

/** What a run tells the page. */
export type RunEvent =
  /** Features are made of clips that had none of the run's front end. */
  | { readonly kind: "features"; readonly done: number; readonly total: number }
  /** What should be known of the examples before they are trained on, a line each. */
  | { readonly kind: "starting"; readonly findings: readonly string[] }
  | { readonly kind: "step"; readonly step: StepReport; readonly epochs: number }
  | { readonly kind: "epoch"; readonly run: SavedRun }
  | { readonly kind: "scoring" };

/** What a run is asked to do. */
export interface RunRequest {
  readonly choices: Choices;
  readonly device: WebDevice;
  /** The model to start from, with its file's content; null for a new net. */
  readonly start: { readonly name: string; readonly bytes: Uint8Array } | null;
}

/** The work of the thread that trains, on what the browser keeps. */
export class TrainingWork {
  readonly #saved = Saved.open();
  #frontEnd = frontEnd();

  /**
   * Chooses the front end that `add` makes features with.
   * @param model file of the model that has it; null for the default front end
   */
  useFrontEndOf(model: Uint8Array | null): void {
    this.#frontEnd = model === null ? frontEnd() : decodeModel(model, "model").info.frontEnd;
  }

  /**
   * Makes a file an example of a class.
   * @throws DataError if it cannot be decoded
   */
  async add(example: Pick<Example, "classId" | "path" | "file">): Promise<Example> {
    const { features, durationSec, warnings } = await extracted(example, this.#frontEnd);
    const saved = await this.#saved;
    return saved.add({ ...example, group: "", durationSec, warnings }, features);
  }

  /**
   * Trains on every example, from the start, and scores the model. Every epoch is saved.
   * @throws DataError, UsageError and DivergedError as `trainModel`
   */
  async train(request: RunRequest, tell: (event: RunEvent) => void): Promise<SavedRun> {
    const { start, choices } = request;
    const saved = await this.#saved;
    await saved.set({ start: start?.bytes ?? null, model: null, checkpoint: null, run: null });
    return this.#run(
      { ...request, startName: start?.name ?? null, bytes: start?.bytes ?? null, choices },
      tell,
    );
  }

  /**
   * Goes on with the run that was saved.
   * @param epochs number of epochs at its end; as many as it has done to end it now
   */
  async resume(epochs: number, device: WebDevice, tell: (event: RunEvent) => void): Promise<SavedRun> {
    const saved = await this.#saved;
    const [run, checkpoint, bytes] = [
      await saved.get("run"),
      await saved.get("checkpoint"),
      await saved.get("start"),
    ];
    if (run === undefined || checkpoint === undefined)
      throw new DataError("studio", "has no run to go on with");
    const { startName } = run;
    const choices = { ...run.choices, epochs };
    return this.#run({ choices, device, startName, bytes: bytes ?? null, checkpoint }, tell);
  }

  /** The trained model as another kind of file: from samples to tags, or a ZIP archive of a folder for transformers.js. */
  async exported(kind: "waveform" | "hugging-face", name: string): Promise<Uint8Array> {
    const model = decodeModel((await (await this.#saved).get("model"))!, "the trained model");
    if (kind === "waveform") return waveformModel(model);
    const files = Object.entries(huggingFaceFiles(model, name));
    const encoder = new TextEncoder();
    return zipSync(
      Object.fromEntries(
        files.map(([path, content]) => [
          `${name}/${path}`,
          typeof content === "string" ? encoder.encode(content) : content,
        ]),
      ),
    );
  }

  async #run(
    {
      choices,
      device,
      startName,
      bytes,
      checkpoint,
    }: Omit<RunRequest, "start"> & {
      startName: string | null;
      bytes: Uint8Array | null;
      checkpoint?: Uint8Array;
    },
    tell: (event: RunEvent) => void,
  ): Promise<SavedRun> {
    const saved = await this.#saved;
    const engine = webEngine({ device });
    const from = bytes === null ? undefined : decodeModel(bytes, startName!);
    const { data, idOf } = await this.#data(from?.info.frontEnd ?? frontEnd(), tell);
    let started: Pick<SavedRun, "counts" | "parameterCount"> | undefined;
    let run: SavedRun | undefined = await saved.get("run");
    const { epochs } = choices;
    const { model } = await trainModel(data, checkpoint ? { epochs } : settingsOf(choices), {
      engine,
      from,
      resume: checkpoint && decodeCheckpoint(checkpoint, "the saved run"),
      onStart(start) {
        started = factsOf(start);
        if (start.resumedFrom === epochs) tell({ kind: "scoring" });
      },
      onStep: (step) => tell({ kind: "step", step, epochs }),
      async onEpoch(_, { checkpoint }) {
        const { history, best } = checkpoint.state;
        run = { choices, startName, ...started!, history, bestEpoch: best.epoch, test: null };
        await saved.set({ run, checkpoint: encodeCheckpoint(checkpoint) });
        tell({ kind: "epoch", run });
        if (history.length === epochs) tell({ kind: "scoring" });
      },
    });
    const test = await scored(model!, data, { engine, idOf });
    const ended: SavedRun = { ...run!, choices, test };
    await saved.set({ run: ended, model: encodeModel(model!) });
    return ended;
  }

  /** The examples as data to train on, and the number of the example of each clip, by its name. */
  async #data(
    made: FrontEnd,
    tell: (event: RunEvent) => void,
  ): Promise<{ data: FeatureData; idOf: ReadonlyMap<string, number> }> {
    const saved = await this.#saved;
    const [classes, examples] = [(await saved.get("classes")) ?? [], await saved.examples()];
    const labels = new Map(classes.map(({ id, name }) => [id, name]));
    const hash = frontEndHash(made);
    const clips: MemoryClip[] = [];
    const idOf = new Map<string, number>();
    for (const [done, example] of examples.entries()) {
      let features = await saved.features(example.id);
      if (features?.frontEndHash !== hash) {
        tell({ kind: "features", done, total: examples.length });
        ({ features } = await extracted(example, made));
        await saved.setFeatures(example.id, features);
      }
      const { id, classId, path, group } = example;
      const label = labels.get(classId)!;
      let name = `${label}/${path}`;
      for (let n = 2; idOf.has(name); n++) name = `${label}/${path} (${n})`;
      idOf.set(name, id);
      const { data, shape } = features;
      clips.push({ name, labels: [label], features: { data, shape }, ...(group === "" ? {} : { group }) });
    }
    const data = featuresInMemory(made, clips, { name: "examples" });
    // What blocks the run is its error.
    const findings = checkData(data).flatMap(({ blocks, message }) =>
      blocks ? [] : message.replaceAll("`", ""),
    );
    tell({ kind: "starting", findings });
    return { data, idOf };
  }
}

async function extracted(
  { file, path }: Pick<Example, "file" | "path">,
  made: FrontEnd,
): Promise<{ features: SavedFeatures; durationSec: number; warnings: string[] }> {
  const open = featuresOf(bytesOpener(await file.arrayBuffer(), path), path);
  const clip = await openedFeatures(open, made, {});
  const { data, shape } = await readFeatures(clip, made);
  return {
    features: { frontEndHash: frontEndHash(made), data, shape },
    durationSec: clip.durationSec,
    warnings: clip.warnings.map(({ message }) => message),
  };
}

function factsOf({ splits, parameterCount }: RunStart): Pick<SavedRun, "counts" | "parameterCount"> {
  const [train, valid, test] = [splits.train.length, splits.valid.length, splits.test.length];
  return { counts: { train, valid, test }, parameterCount };
}

async function scored(
  model: TrainedModel,
  data: FeatureData,
  { engine, idOf }: { engine: ReturnType<typeof webEngine>; idOf: ReadonlyMap<string, number> },
): Promise<TestScores> {
  const { net, majority, answers } = await evaluateModel(model, data, { engine, split: "test" });
  if (net.task !== "single-label" || majority.task !== "single-label")
    throw new Error("examples of one class each made a model of several labels");
  const { labels } = model.info;
  const mistakes = answers.flatMap(({ clip, targets, probabilities }) => {
    const best = argmax(probabilities);
    if (targets[best] === 1) return [];
    const label = labels[targets.indexOf(1)];
    return [
      { exampleId: idOf.get(clip.name)!, label, answer: labels[best], probability: probabilities[best] },
    ];
  });
  const { nClips, balancedAccuracy, accuracy, confusion, intervals } = net;
  return {
    labels,
    nClips,
    balancedAccuracy,
    interval: intervals["balancedAccuracy"] ?? null,
    majority: majority.balancedAccuracy,
    accuracy,
    confusion,
    mistakes,
  };
}
