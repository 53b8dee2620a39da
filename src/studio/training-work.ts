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
import {
  type ClassName,
  type Example,
  Saved,
  type SavedFeatures,
  type SavedResult,
  type SavedRun,
} from "./saved.js";

/** What a run tells the page. */
export type RunEvent =
  /** Features are made of clips that had none of the run's front end. */
  | { readonly kind: "features"; readonly done: number; readonly total: number }
  /** What should be known of the examples before they are trained on, a line each. */
  | { readonly kind: "findings"; readonly findings: readonly string[] }
  | { readonly kind: "starting" }
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

/** A run that begins or goes on. */
interface Run {
  readonly choices: Choices;
  readonly device: WebDevice;
  readonly start: RunRequest["start"];
  readonly classes: readonly ClassName[];
  /** The run so far, as `encodeCheckpoint` writes it; undefined for a new one. */
  readonly checkpoint?: Uint8Array;
}

/** The work of the thread that trains, on what the browser keeps. */
export class TrainingWork {
  readonly #saved = Saved.open();
  #frontEnd = frontEnd();

  /**
   * Chooses the front end that `add` makes features with.
   * @param model file of the model that has it; null, or no file of a net, for the default front end
   */
  async useFrontEndOf(model: Uint8Array | null): Promise<void> {
    this.#frontEnd = frontEnd();
    try {
      if (model !== null) this.#frontEnd = decodeModel(model, "model").info.frontEnd;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
    }
  }

  /**
   * Makes a file an example of a class.
   * @throws DataError if it cannot be decoded
   */
  async add(example: Pick<Example, "classId" | "path" | "file" | "split">): Promise<Example> {
    const { features, durationSec, warnings } = await extracted(example, this.#frontEnd);
    const saved = await this.#saved;
    return saved.add({ ...example, group: "", durationSec, warnings }, features);
  }

  /**
   * Trains on every example, from the start, and scores the model. Every epoch is saved; the first replaces the run before, and the
   * model replaces the one before when it is scored.
   * @throws DataError, UsageError and DivergedError as `trainModel`
   */
  async train(request: RunRequest, tell: (event: RunEvent) => void): Promise<SavedResult> {
    const classes = (await (await this.#saved).get("classes")) ?? [];
    return this.#run({ ...request, classes }, tell);
  }

  /**
   * Goes on with the run that was saved.
   * @param epochs number of epochs at its end; as many as it has done to end it now
   */
  async resume(epochs: number, device: WebDevice, tell: (event: RunEvent) => void): Promise<SavedResult> {
    const saved = await this.#saved;
    const [run, checkpoint] = [await saved.get("run"), await saved.get("checkpoint")];
    if (run === undefined || checkpoint === undefined) throw new Error("there is no run to go on with");
    const bytes = await saved.get("start");
    const start = bytes === undefined ? null : { name: run.startName!, bytes };
    const choices = { ...run.choices, epochs };
    return this.#run({ choices, device, start, classes: run.classes, checkpoint }, tell);
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
    { choices, device, start, classes, checkpoint }: Run,
    tell: (event: RunEvent) => void,
  ): Promise<SavedResult> {
    const saved = await this.#saved;
    const engine = webEngine({ device });
    const from = start === null ? undefined : startModel(start);
    const { data, idOf } = await this.#data(classes, from?.info.frontEnd ?? frontEnd(), tell);
    let started: Pick<SavedRun, "counts" | "parameterCount"> | undefined;
    let run = await saved.get("run");
    const { epochs } = choices;
    const { model } = await trainModel(data, checkpoint ? { epochs } : settingsOf(choices), {
      engine,
      from,
      resume: checkpoint && decodeCheckpoint(checkpoint, "the saved run"),
      onStart(begun) {
        started = factsOf(begun);
        if (begun.resumedFrom === epochs) tell({ kind: "scoring" });
      },
      onStep: (step) => tell({ kind: "step", step, epochs }),
      async onEpoch(_, { checkpoint }) {
        const { history, best } = checkpoint.state;
        run = {
          choices,
          startName: start?.name ?? null,
          classes,
          ...started!,
          history,
          bestEpoch: best.epoch,
          isOver: false,
        };
        await saved.set({
          run,
          checkpoint: encodeCheckpoint(checkpoint),
          // The model that a run starts from stays the same, so it is saved once.
          ...(history.length === 1 ? { start: start?.bytes ?? null } : {}),
        });
        tell({ kind: "epoch", run });
        if (history.length === epochs) tell({ kind: "scoring" });
      },
    });
    const result = await scored(model!, data, { engine, idOf });
    await saved.set({
      run: { ...run!, choices, isOver: true },
      model: encodeModel(model!),
      result,
      checkpoint: null,
      start: null,
    });
    return result;
  }

  /** The examples as data to train on, and the number of the example of each clip, by its name. */
  async #data(
    classes: readonly ClassName[],
    made: FrontEnd,
    tell: (event: RunEvent) => void,
  ): Promise<{ data: FeatureData; idOf: ReadonlyMap<string, number> }> {
    const saved = await this.#saved;
    const labels = new Map(classes.map(({ id, name }) => [id, name]));
    // Those of classes that were added since a run began are not its own.
    const examples = (await saved.examples()).filter(({ classId }) => labels.has(classId));
    const hash = frontEndHash(made);
    const clips: MemoryClip[] = [];
    const idOf = new Map<string, number>();
    for (const [done, example] of examples.entries()) {
      const { id, classId, path, group, split } = example;
      let features = await saved.features(id);
      if (features?.frontEndHash !== hash) {
        tell({ kind: "features", done, total: examples.length });
        ({ features } = await extracted(example, made));
        await saved.setFeatures(id, features);
      }
      const label = labels.get(classId)!;
      let name = `${label}/${path}`;
      for (let n = 2; idOf.has(name); n++) name = `${label}/${path} (${n})`;
      idOf.set(name, id);
      const { data, shape } = features;
      clips.push({
        name,
        labels: [label],
        features: { data, shape },
        split,
        ...(group === "" ? {} : { group }),
      });
    }
    const data = featuresInMemory(made, clips, { name: "examples" });
    // `trainModel` throws the findings that block training.
    const findings = checkData(data).flatMap(({ blocks, message }) =>
      blocks ? [] : message.replaceAll("`", ""),
    );
    tell({ kind: "findings", findings });
    tell({ kind: "starting" });
    return { data, idOf };
  }
}

/**
 * The model that a run starts from.
 * @throws DataError if it is no net, or gives several labels a clip
 */
function startModel({ name, bytes }: NonNullable<RunRequest["start"]>): TrainedModel {
  const model = decodeModel(bytes, name);
  if (model.info.task === "multi-label")
    throw new DataError(
      name,
      "gives several labels a sound, and models that this page trains give one; begin with another model, or with a new net",
    );
  return model;
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
): Promise<SavedResult> {
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
  const { nClips, balancedAccuracy, confusion, intervals } = net;
  return {
    labels,
    nClips,
    balancedAccuracy,
    interval: intervals["balancedAccuracy"] ?? null,
    majority: majority.balancedAccuracy,
    confusion,
    mistakes,
  };
}
