/**
 * timbrel as a library for Node: tags audio with a trained model, and trains models on your own sounds.
 *
 * ```ts
 * import { loadTagger } from "timbrel";
 *
 * const tagger = await loadTagger(); // the instrument model that comes with timbrel
 * const { tags } = await tagger.predict("song.mp3");
 * await tagger.close();
 * ```
 *
 * To train on files, call `extractFeatures`, `trainTagger` and `evaluateModel`; features and runs are folders. To train
 * without files, call `featuresInMemory`, `trainModel` and `encodeModel`. The docblock of each function has an example.
 * To build and differentiate graphs of your own, import `timbrel/graph`.
 * @module timbrel
 */

// Tag audio

export { loadTagger } from "./load-tagger.js";
export type { AnyAudio, ByteStream, LoadedTagger } from "./tagging/loaded-tagger.js";
export type { AnyModel } from "./tagging/open-tagger.js";
export type { ReadOptions } from "./tagging/opened-features.js";
export type { TagEvent, TimeSpan } from "./tagging/segments.js";
export {
  type Embedding,
  type Segment,
  Tagger,
  type Tagging,
  type TagOptions,
} from "./tagging/tagger.js";
export type { Tag } from "./tagging/tags.js";

// Make features, in a store on disk or in memory

export type { DataFinding, DataFindingCode } from "./dataset/check-data.js";
export type { Clip } from "./dataset/clip.js";
export { type FeatureData, featuresInMemory, type MemoryClip } from "./dataset/feature-data.js";
export type { FrameReader } from "./dataset/frame-reader.js";
export {
  DESCRIPTOR_NAMES,
  type Description,
  describe,
  summarizeDescriptors,
} from "./features/descriptors.js";
export {
  type Compression,
  FRONT_END_PRESETS,
  type FrontEnd,
  frontEnd,
  frontEndHash,
  type PresetName,
} from "./features/front-end.js";
export { logMel } from "./features/log-mel.js";
export type { EmbeddingTable, StoredEmbedding } from "./store/embedding-table.js";
export {
  type Extraction,
  type ExtractOptions,
  type ExtractProgress,
  extractFeatures,
  type FileWarning,
} from "./store/extract.js";
export type { ClipProgress } from "./store/extract-clip.js";
export { type FeatureStore, type ListChange, openStore, type StoredClip } from "./store/store.js";

// Train, into a folder or in memory

export type { ActivationName } from "./nn/activations.js";
export {
  type Conv1dConfig,
  type DsCnnConfig,
  type GlobalPool,
  type LinearConfig,
  type MlpConfig,
  NETS,
  type NetKind,
  type NetSettings,
  netConfig,
  type SegmentNetConfig,
  type ShortChunkConfig,
  type VggConfig,
} from "./nn/architectures.js";
export type { AugmentationSettings } from "./nn/augmentation-settings.js";
export type { BatchNormSettings } from "./nn/layers.js";
export {
  type AdagradConfig,
  type AdamConfig,
  type AdamwConfig,
  OPTIMIZERS,
  type OptimizerConfig,
  type OptimizerName,
  type OptimizerPreset,
  type RmspropConfig,
  type SgdConfig,
} from "./nn/optimizers.js";
export type { ScheduleConfig, WarmUp } from "./nn/schedules.js";
export type { Task } from "./nn/training-step.js";
export type { LayerHealth } from "./nn/watch.js";
export { type CalibrateOptions, calibrateModel } from "./training/calibrate-model.js";
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./training/checkpoint.js";
export type { DrawnSplit } from "./training/clip-facts.js";
export {
  type Freeze,
  type NormalizeConfig,
  type StartConfig,
  TRAIN_DEFAULTS,
  type TrainConfig,
  type TrainSettings,
  trainConfig,
} from "./training/config.js";
export { type EmbedStoreOptions, embedStore } from "./training/embed-store.js";
export {
  DivergedError,
  type Divergence,
  type EpochAnswer,
  type EpochRecord,
  type FitState,
  type StepReport,
} from "./training/fit.js";
export type { EmbeddingsOf } from "./training/fit-head.js";
export { type Diagnosis, diagnose, type Problem } from "./training/gradient-flow.js";
export { trainLinearBaseline } from "./training/linear-baseline.js";
export type { RunData } from "./training/run-data.js";
export { RUN_FILES } from "./training/run-folder.js";
export type { Start } from "./training/start.js";
export { type HeadConfig, type HeadRun, type TrainHeadOptions, trainHead } from "./training/train-head.js";
export {
  type ModelRun,
  type RunProgress,
  type RunStart,
  type TrainModelOptions,
  trainModel,
} from "./training/train-model.js";
export {
  type TrainEvents,
  type TrainResult,
  type TrainTaggerOptions,
  trainTagger,
} from "./training/train-tagger.js";

// Evaluate

export type { Answers } from "./evaluation/answers.js";
export type { LeftOut, PartName } from "./evaluation/choose-clips.js";
export type { ChoosingClips } from "./evaluation/chose.js";
export { type Comparison, compareModels } from "./evaluation/compare-models.js";
export {
  type ClipAnswer,
  type Differences,
  type Evaluation,
  evaluateModel,
} from "./evaluation/evaluate-model.js";
export { MEASURES, type Measure, mainScore } from "./evaluation/measures.js";
export type { NeighbourScores } from "./evaluation/neighbour-scores.js";
export { ownSets } from "./evaluation/own-sets.js";
export { type Difference, pairedDifference } from "./evaluation/paired-difference.js";
export { type ReliabilityBin, reliability } from "./evaluation/reliability.js";
export { type ScoredAnswers, scoreAnswers } from "./evaluation/score-answers.js";
export type {
  Interval,
  LabelScores,
  MultiLabelScores,
  MultiLabelValues,
  PrecisionRecall,
  Scores,
  SingleLabelScores,
  SingleLabelValues,
  TagScores,
} from "./evaluation/scores.js";
export type { UnknownKind, UnknownSounds } from "./evaluation/unknown-sounds.js";

// Read and write models

export type { LinearFunctions, NoveltyTerms } from "./nn/inference.js";
export type { InputNormalization } from "./nn/input-normalization.js";
export type { SegmentLevel } from "./nn/segment-level.js";
export type { Calibration } from "./tagging/calibration.js";
export { huggingFaceFiles } from "./tagging/hugging-face.js";
export { decodeLinearModel, type LinearInfo, type LinearModel, linearModel } from "./tagging/linear-model.js";
export { wasTrainedOn } from "./tagging/model-clips.js";
export {
  decodeModel,
  encodeModel,
  type ModelInfo,
  readModelInfo,
  type TrainedModel,
} from "./tagging/model-file.js";
export { type WaveformModelOptions, waveformModel } from "./tagging/waveform-model.js";

// The engine that runs models

export type { Engine, KeepingSession, KeptTensor, Session } from "./runtime/engine.js";
export { nodeEngine } from "./runtime/node.js";

// Look at features and splits

export { type LogMelPngOptions, logMelPng } from "./report/log-mel-png.js";
export { splitTable } from "./report/split-table.js";
export type { DrawnSegment } from "./report/tag-rows.js";

// Lower level: audio, errors, splits, arrays

export { AUDIO_EXTENSIONS, decodeAudio } from "./audio/decode.js";
export { downmix } from "./audio/downmix.js";
export { encodeWav } from "./audio/encode-wav.js";
export type { AudioInput } from "./audio/inputs.js";
export { resample } from "./audio/resample.js";
export type { AudioWarning, WarningCode } from "./audio/warning.js";
export type { AudioFormat, DecodedAudio, Waveform } from "./audio/waveform.js";
export { DataError, type Mistake, UsageError } from "./core/errors.js";
export type { Tensor } from "./core/tensor.js";
export { FeatureSet, featureSets } from "./dataset/feature-set.js";
export type { Split } from "./dataset/split-names.js";
export { type ClipSplits, type SplitOptions, splitClips } from "./dataset/splits.js";
export { decodeNpy, encodeNpy } from "./store/npy.js";
