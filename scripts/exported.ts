import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { decodeAudio } from "../src/audio/decode.js";
import { downmix } from "../src/audio/downmix.js";
import { reportError } from "../src/commands/exit.js";
import { integerOption } from "../src/commands/options.js";
import { groupBy } from "../src/core/group-by.js";
import { progressBar } from "../src/report/progress.js";
import { table } from "../src/report/table.js";
import { print, say } from "../src/report/terminal.js";
import { nodeEngine } from "../src/runtime/node.js";
import { findAudio } from "../src/store/audio-files.js";
import { decodeModel } from "../src/tagging/model-file.js";
import { Tagger } from "../src/tagging/tagger.js";
import { waveformModel } from "../src/tagging/waveform-model.js";

const PYTHON = ".venv/bin/python";
const DESCRIPTION = `Compare exported models with predict on WAV files: the largest difference of a probability, in Node and, where scripts/peers.sh \
has installed it, with ONNX Runtime in Python, which also reads the files by itself; the share of files with the same first label; \
and the time of a file.`;

const command = new Command("exported")
  .description(DESCRIPTION)
  .argument("<folder...>", "folders of WAV files")
  .option("-m, --model <file>", "model file", "models/instruments.onnx")
  .addOption(integerOption("--every <n>", "use every nth file", { min: 1 }, 1))
  .exitOverride()
  .action(compare);

/** What one way of running the model gives for a file: probabilities by label. */
type Answer = Readonly<Record<string, number>>;

async function compare(
  folders: string[],
  { model: path, every }: { model: string; every: number },
): Promise<void> {
  const model = decodeModel(readFileSync(path), path);
  const engine = nodeEngine();
  const tagger = await Tagger.of(model, engine, path);
  const files = folders.flatMap((folder) => findAudio(folder, say)).filter((_, i) => i % every === 0);
  const audio = new Map<string, { samples: Float32Array; sampleRate: number }>();
  const answers = new Map<string, Map<string, Answer>>();
  const times = new Map<string, number>();
  const add = (way: string, file: string, answer: Answer) =>
    answers.set(way, (answers.get(way) ?? new Map<string, Answer>()).set(file, answer));
  const timed = async <T>(way: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    times.set(way, (times.get(way) ?? 0) + performance.now() - start);
    return result;
  };
  const bar = progressBar("comparing", files.length);
  for (const [i, file] of files.entries()) {
    const waveform = downmix(await decodeAudio(readFileSync(file), file));
    audio.set(file, waveform);
    const { tags } = await timed("predict", () => tagger.tagWaveform(waveform));
    add("predict", file, Object.fromEntries(tags.map(({ label, probability }) => [label, probability])));
    bar.update(i + 1);
  }
  bar.stop();
  const scratch = mkdtempSync(join(tmpdir(), "timbrel-exported-"));
  try {
    for (const [sourceRate, some] of groupBy(files, (file) => audio.get(file)!.sampleRate)) {
      for (const quantize of [null, "int8"] as const) {
        const exported = waveformModel(model, { sourceRate, quantize });
        const way = quantize === null ? "exported" : "exported, int8";
        const session = await engine.open(exported);
        for (const file of some) {
          const { samples } = audio.get(file)!;
          const run = () => session.run({ waveform: { data: samples, shape: [1, samples.length] } });
          const { probabilities } = await timed(way, run);
          add(
            way,
            file,
            Object.fromEntries(model.info.labels.map((label, k) => [label, probabilities.data[k]])),
          );
        }
        await session.close();
        if (quantize !== null || !existsSync(PYTHON)) continue;
        const onnx = join(scratch, "exported.onnx");
        writeFileSync(onnx, exported);
        const said = execFileSync(PYTHON, ["scripts/exported.py", onnx, ...some], {
          encoding: "utf8",
          maxBuffer: 2 ** 28,
        });
        for (const [k, line] of said.trim().split("\n").entries())
          add("exported, in Python", some[k], JSON.parse(line) as Answer);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    await tagger.close();
  }
  print(`${files.length} files\n${table(rowsOf(answers, times))}`);
}

function rowsOf(
  answers: ReadonlyMap<string, ReadonlyMap<string, Answer>>,
  times: ReadonlyMap<string, number>,
): string[][] {
  const reference = answers.get("predict")!;
  const first = (answer: Answer) => Object.entries(answer).reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  const rows = [...answers].map(([way, found]) => {
    let [most, nSame] = [0, 0];
    for (const [file, answer] of found) {
      const expected = reference.get(file)!;
      for (const [label, value] of Object.entries(answer))
        most = Math.max(most, Math.abs(value - expected[label]));
      nSame += Number(first(answer) === first(expected));
    }
    const time = times.get(way);
    return [
      way,
      most.toExponential(1),
      `${((100 * nSame) / found.size).toFixed(1)} %`,
      time === undefined ? "" : `${(time / found.size).toFixed(1)} ms`,
    ];
  });
  return [["", "largest difference", "same first label", "each file"], ...rows];
}

try {
  await command.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, command);
}
