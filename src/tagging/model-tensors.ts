import { DataError } from "../core/errors.js";
import { sizeOf, type Tensor } from "../core/tensor.js";
import { isConstantName } from "../graph/graph.js";
import { MAX_OUTPUT_VALUES, minBands, type NetConfig } from "../nn/architectures.js";
import type { InputNormalization } from "../nn/input-normalization.js";
import type { MelScale, SegmentLevel } from "../nn/segment-level.js";
import { largestOutput, netTensors } from "../nn/summary.js";
import type { NoveltyScore } from "./novelty.js";

/** Settings that decide which tensors a model has. */
export interface ModelShape {
  readonly net: NetConfig;
  /** Shape of one example before normalization: [nFrames, nMels], or [nFeatures] for "linear". */
  readonly inputShape: readonly number[];
  readonly nLabels: number;
  readonly normalization: InputNormalization["kind"];
  /** What the mel values of segments are, if they are brought to one level. @default they are not */
  readonly level?: MelScale | undefined;
  /** Whether the model can say that a sound is unknown. @default false */
  readonly hasNovelty?: boolean;
}

/** The trained numbers of a model. */
export interface ModelTensors {
  /** The net's parameters and batch norm's moving averages, by name. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly normalization: InputNormalization;
  /** Absent if the model calls no sound unknown. */
  readonly novelty?: NoveltyScore | undefined;
}

/** Most kinds of sounds of no class in a file from elsewhere; fitting uses six. */
const MAX_CLASSLESS = 64;
const NOVELTY_KINDS = ["known", "classless"] as const;

/** Returns the tensors of a model by the names under which its file stores them. */
export function storedTensors({ weights, normalization, novelty }: ModelTensors): Map<string, Tensor> {
  const tensors = new Map(weights);
  if (novelty !== undefined)
    for (const kind of NOVELTY_KINDS) {
      tensors.set(`novelty.${kind}.weight`, novelty[kind].weight);
      tensors.set(`novelty.${kind}.bias`, novelty[kind].bias);
    }
  const vector = (data: Float32Array): Tensor => ({ data, shape: [data.length] });
  const { level } = normalization;
  if (level !== undefined)
    tensors.set("normalization.level", vector(Float32Array.of(level.target, level.least)));
  if (normalization.kind === "none") return tensors;
  tensors.set("normalization.mean", vector(normalization.mean));
  if (normalization.kind === "standardize") tensors.set("normalization.std", vector(normalization.std));
  else tensors.set("normalization.projection", normalization.projection);
  return tensors;
}

/** Number of values per frame that the net reads: whitening may have dropped some of the principal components. */
export function normalizedWidth(normalization: InputNormalization, nFeatures: number): number {
  return normalization.kind === "whiten" ? normalization.projection.shape[1] : nFeatures;
}

/**
 * Checks the tensors of a model file: it must hold every tensor that the model's settings ask for, with the right shape
 * and values that are possible, and no others except constants of the file's graph.
 * @param path path of the file, for errors
 * @throws DataError naming the tensor, what it must be and what it is
 */
export function modelTensors(
  tensors: ReadonlyMap<string, Tensor>,
  { net, inputShape, nLabels, normalization: kind, level: scale, hasNovelty = false }: ModelShape,
  path: string,
): ModelTensors {
  const left = new Map([...tensors].filter(([name]) => !isConstantName(name)));
  const take = (name: string, shape: readonly number[]): Tensor => {
    const found = left.get(name);
    if (found === undefined) throw new DataError(path, `lacks tensor ${name} ${list(shape)}`);
    if (found.shape.join() !== shape.join())
      throw new DataError(path, `tensor ${name} is ${list(found.shape)}, not ${list(shape)}`);
    const wrong = found.data.find((value) => !Number.isFinite(value));
    if (wrong !== undefined)
      throw new DataError(path, `tensor ${name} holds ${wrong}, which is not a finite number`);
    // The running variance of a unit that is never active falls to 0.
    const below = name.endsWith(".var") ? found.data.find((value) => value < 0) : undefined;
    if (below !== undefined) throw new DataError(path, `tensor ${name} holds the negative variance ${below}`);
    left.delete(name);
    return found;
  };
  const nFeatures = inputShape.at(-1)!;
  // Whitening may have dropped some of the principal components; how many is known from the projection alone.
  const width = kind === "whiten" ? projectionWidth(left, nFeatures) : nFeatures;
  const vectors = takeNormalization(take, kind, { nFeatures, width, path });
  const normalization = scale === undefined ? vectors : { ...vectors, level: takeLevel(take, scale, path) };
  if (net.kind !== "linear" && width < minBands(net))
    throw new DataError(
      path,
      `gives its ${net.kind} ${width} values per frame, fewer than the ${minBands(net)} it needs`,
    );
  const netInput = [...inputShape.slice(0, -1), width];
  const nValues = Math.max(largestOutput(net, netInput, nLabels), sizeOf(inputShape));
  if (nValues > MAX_OUTPUT_VALUES)
    throw new DataError(
      path,
      `asks for ${nValues} values in one layer for one example, more than ${MAX_OUTPUT_VALUES}`,
    );
  const specs = netTensors(net, netInput, nLabels);
  const weights = new Map(specs.map(({ name, shape }) => [name, take(name, shape)]));
  const embeddingSize = weights.get("output.weight")!.shape[1];
  const functions = (kind: (typeof NOVELTY_KINDS)[number]) => {
    const most = kind === "known" ? nLabels : MAX_CLASSLESS;
    const count = left.get(`novelty.${kind}.bias`)?.shape[0] ?? 1;
    const nKinds = Math.max(1, Math.min(count, most));
    return {
      weight: take(`novelty.${kind}.weight`, [nKinds, embeddingSize]),
      bias: take(`novelty.${kind}.bias`, [nKinds]),
    };
  };
  const novelty = hasNovelty
    ? { novelty: { known: functions("known"), classless: functions("classless") } }
    : {};
  for (const [name, { shape }] of left)
    throw new DataError(
      path,
      `holds tensor ${JSON.stringify(name)} ${list(shape)}, which belongs to neither its net nor its normalization`,
    );
  return { weights, normalization, ...novelty };
}

const list = (shape: readonly number[]) => `[${shape.join(", ")}]`;

/** Number of components that a stored whitening keeps; all of them if the projection is missing or malformed. */
function projectionWidth(tensors: ReadonlyMap<string, Tensor>, nFeatures: number): number {
  const width = tensors.get("normalization.projection")?.shape[1] ?? nFeatures;
  return width >= 1 && width <= nFeatures ? width : nFeatures;
}

type Take = (name: string, shape: readonly number[]) => Tensor;

function takeLevel(take: Take, scale: MelScale, path: string): SegmentLevel {
  const [target, least] = take("normalization.level", [2]).data;
  if (least > 0 && least <= target) return { ...scale, target, least };
  throw new DataError(
    path,
    `tensor normalization.level holds ${target} and ${least}, which are not a level and a lower one above 0`,
  );
}

function takeNormalization(
  take: Take,
  kind: InputNormalization["kind"],
  { nFeatures, width, path }: { nFeatures: number; width: number; path: string },
): InputNormalization {
  if (kind === "none") return { kind };
  const { data: mean } = take("normalization.mean", [nFeatures]);
  if (kind === "standardize") {
    const { data: std } = take("normalization.std", [nFeatures]);
    const wrong = std.find((value) => value <= 0);
    if (wrong !== undefined)
      throw new DataError(path, `tensor normalization.std holds ${wrong}, which is not greater than 0`);
    return { kind, mean, std };
  }
  return { kind, mean, projection: take("normalization.projection", [nFeatures, width]) };
}
