import { Command } from "commander";
import { counted } from "../core/counted.js";
import { csvText } from "../core/csv.js";
import { UsageError } from "../core/errors.js";
import type { Clip } from "../dataset/clip.js";
import { ASKED, doubtfulClips } from "../evaluation/doubtful-clips.js";
import { nearestVectors, vectorsInMemory } from "../evaluation/nearest-vectors.js";
import {
  DOUBTFUL_CSV_COLUMNS,
  doubtfulCsv,
  doubtfulJson,
  doubtfulText,
  type FileNeighbours,
  NEIGHBOURS_CSV_COLUMNS,
  neighboursCsv,
  neighboursJson,
  neighboursText,
} from "../report/neighbours.js";
import { type ProgressBar, progressBar } from "../report/progress.js";
import { print, say, visibleLine } from "../report/terminal.js";
import type { Engine } from "../runtime/engine.js";
import { statOrNull } from "../store/audio-files.js";
import { audioHashOf } from "../store/audio-hash.js";
import type { EmbeddingTable } from "../store/embedding-table.js";
import { reopenAudioFile } from "../store/open-audio-file.js";
import { readModelFile } from "../store/read-files.js";
import { type FeatureStore, openStore } from "../store/store.js";
import { decodeModel } from "../tagging/model-file.js";
import { Tagger } from "../tagging/tagger.js";
import { audioFiles, orReport, shippedModel } from "./audio-arguments.js";
import { deviceOption, type EngineOptions, engineOf, threadsOption } from "./engine-options.js";
import { choiceOption, integerOption, maxDurationOption } from "./options.js";
import { storeEmbeddings } from "./store-embeddings.js";
import { checkStoreFits } from "./store-fits.js";

const SIMILAR_FORMATS = ["text", "json", "csv"] as const;

interface Options extends EngineOptions {
  model?: string;
  top: number;
  doubtful: boolean;
  format: (typeof SIMILAR_FORMATS)[number];
  maxDuration: number;
}

const DESCRIPTION = `Find the clips of a store that sound most like an audio file to a net, by the cosine similarity of embeddings.

The labels of the neighbours say what the file may be. A clip of the store that is the file itself is left out. --doubtful \
needs no file: it lists the clips whose labels most of their ${ASKED} nearest neighbours of other groups contradict, the worst first, \
for checking labels. It finds more with a model that was not trained on these labels.

The embeddings of the store's clips are computed once and kept in the store.`;

const FORMATS = `
Formats:
  text  for reading
  json  one object per file: file, neighbours (rank, similarity, labels, clip), votes (label, votes, known: how many of the
        neighbours have the label, of those of which it is known); with --doubtful one per clip: rank, clip, labels,
        label (the one that is doubtful), hasLabel (whether the clip has it), votes, known, doubt (the fraction of its
        neighbours that contradict it), neighbours
  csv   file, rank, similarity, labels, clip; with --doubtful rank, clip, labels, label, votes, known, nearest (clip),
        similarity

Examples:
  timbrel similar song.mp3 features
  timbrel similar a.wav b.wav features --top 20 --format csv > neighbours.csv
  timbrel similar features --doubtful --top 50`;

export const command = new Command("similar")
  .usage("[options] <audio...> <store>")
  .description(DESCRIPTION)
  .argument("<paths...>", "audio files, or folders to search, and then a store of features made by extract")
  .option("-m, --model <file>", "model file (default: the instrument model that comes with timbrel)")
  .addOption(integerOption("--top <n>", "list the n nearest, or the n most doubtful, clips", { min: 1 }, 10))
  .option("--doubtful", "list the clips whose neighbours have other labels", false)
  .addOption(choiceOption("-f, --format <name>", "format of the output", SIMILAR_FORMATS, "text"))
  .addOption(maxDurationOption())
  .addOption(threadsOption())
  .addOption(deviceOption())
  .addHelpText("after", FORMATS)
  .action(similar);

async function similar(paths: string[], options: Options): Promise<void> {
  const { model: modelPath = shippedModel(), doubtful } = options;
  const [audio, storeDir] = [paths.slice(0, -1), paths.at(-1)!];
  if (doubtful !== (audio.length === 0))
    throw new UsageError({
      setting: doubtful ? "--doubtful" : "audio",
      rule: doubtful ? "be used with a store alone" : "name files, and then the store to search",
      got: doubtful ? audio[0] : `only ${storeDir}`,
      remedy: doubtful ? "leave out one of them" : "add --doubtful to check the labels of a store",
    });
  const model = decodeModel(readModelFile(modelPath), modelPath);
  const store = openStore(storeDir);
  checkStoreFits(store, model, modelPath);
  const engine = engineOf(options);
  const embeddings = await storeEmbeddings(store, model, engine);
  if (embeddings === null) return;
  if (doubtful) return listDoubtful(store, embeddings, { engine, options });
  const tagger = await Tagger.of(model, engine, modelPath);
  try {
    if (options.format === "csv") print(csvText([NEIGHBOURS_CSV_COLUMNS]).trimEnd());
    for (const file of audio.flatMap((path) => audioFiles(path, command))) {
      const finding = neighboursOf(file, { tagger, store, embeddings, engine, options });
      const found = await orReport(command, finding);
      if (found === null) continue;
      const write = { text: neighboursText, json: neighboursJson, csv: neighboursCsv }[options.format];
      print(write(found).trimEnd());
    }
  } finally {
    await tagger.close();
  }
}

/** What a search reads. */
interface Search {
  readonly tagger: Tagger;
  readonly store: FeatureStore;
  readonly embeddings: EmbeddingTable;
  readonly engine: Engine;
  readonly options: Options;
}

async function neighboursOf(
  file: string,
  { tagger, store, embeddings, engine, options }: Search,
): Promise<FileNeighbours> {
  const { top, maxDuration: maxDurationSec } = options;
  const { embedding, warnings } = await tagger.embedStream(reopenAudioFile(file), file, { maxDurationSec });
  for (const { message } of warnings) say(visibleLine(`${file}: warning: ${message}`));
  const own = statOrNull(file)?.isFile() ? await audioHashOf(file) : null; // a pipe can be read only once
  const clips = clipsByRow(store.clips, embeddings);
  const isOther = (row: number) => clips.has(row) && clips.get(row)!.audioHash !== own;
  const [near] = await nearestVectors(vectorsInMemory([embedding]), embeddings, {
    engine,
    top,
    mayBeNear: (_, row) => isOther(row),
  });
  return { file, neighbours: near.map(({ row, similarity }) => ({ clip: clips.get(row)!, similarity })) };
}

/** The first clip of each row; rows of clips that have left the store's list have none. */
function clipsByRow(clips: readonly Clip[], embeddings: EmbeddingTable): Map<number, Clip> {
  const byRow = new Map<number, Clip>();
  for (const clip of clips) {
    const row = embeddings.rowOf(clip.audioHash)!;
    if (!byRow.has(row)) byRow.set(row, clip);
  }
  return byRow;
}

async function listDoubtful(
  store: FeatureStore,
  embeddings: EmbeddingTable,
  { engine, options: { top, format } }: { engine: Engine; options: Options },
): Promise<void> {
  let bar: ProgressBar | undefined;
  const { doubtful, nUnchecked } = await doubtfulClips(store.clips, embeddings, {
    engine,
    onProgress(done) {
      bar ??= progressBar("comparing", embeddings.count);
      bar.update(done);
    },
  }).finally(() => bar?.stop());
  const shown = doubtful.slice(0, top);
  if (format === "text") print(doubtfulText(shown, { doubtful: doubtful.length, all: store.clips.length }));
  if (nUnchecked > 0)
    say(
      `${counted(nUnchecked, "clip")} ${nUnchecked === 1 ? "is" : "are"} not checked: no clip of another group has their labels`,
    );
  if (format === "csv") print(csvText([DOUBTFUL_CSV_COLUMNS]).trimEnd());
  if (format === "text") return;
  const write = { json: doubtfulJson, csv: doubtfulCsv }[format];
  for (const [i, clip] of shown.entries()) print(write(clip, i + 1).trimEnd());
}
