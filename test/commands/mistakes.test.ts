import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { FRONT_END, makeFolder, NET, timbrel, toneWav, write, writeTones } from "./cli.js";

let dir: string;
beforeAll(async () => {
  dir = makeFolder();
  writeTones(join(dir, "audio"), { low: 200, high: 2000 }, 6);
  writeTones(join(dir, "solo"), { low: 200 }, 6);
  write(dir, "text.txt", "Not everything is audio.");
  write(dir, "tone.wav", toneWav(440));
  write(dir, "model/model.onnx", "a model");
  const extract = (source: string) =>
    timbrel(dir, ["extract", source, "--out", `${source}-features`, ...FRONT_END]);
  const [first] = await Promise.all([extract("audio"), extract("solo")]);
  expect(first.code).toBe(0);
});

/** Command line, exit code, and the one line that stderr must hold. */
const MISTAKES: readonly (readonly [line: string, code: number, message: string])[] = [
  ["trian audio-features", 2, "unknown command 'trian'; did you mean train?"],
  ["--nope", 2, "unknown option '--nope'"],
  ["train audio-features --out r --epoch 3", 2, "unknown option '--epoch'; did you mean --epochs?"],
  ["train audio-features", 2, "required option '-o, --out <dir>' not specified"],
  ["train --out r", 2, "missing required argument 'store'"],
  ["train audio-features --out r --epochs 0", 2, "--epochs must be an integer of at least 1, got 0"],
  ["train audio-features --out r --epochs ten", 2, '--epochs must be an integer of at least 1, got "ten"'],
  [
    "train audio-features --out r --dropout 1",
    2,
    "--dropout must be a number of at least 0 and less than 1, got 1",
  ],
  [
    "train audio-features --out r --channels 8,x",
    2,
    '--channels must be a list of integers from 1 to 4096, got [8,"x"]',
  ],
  [
    "train audio-features --out r --optimizer sdg",
    2,
    "--optimizer must be one of sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, got sdg; did you mean sgd?",
  ],
  [
    "train audio-features --out r --optimizer adam --momentum 0.5",
    2,
    "--momentum must be used with --optimizer sgd, momentum, nesterov or rmsprop, got --optimizer adam",
  ],
  [
    "train audio-features --out r",
    2,
    "--net must fit the 16 values per frame of audio-features, got a vgg that needs at least 32; use fewer blocks, or use another kind of net",
  ],
  ["train audio-features --out r --net nowhere.json", 1, "nowhere.json: does not exist"],
  [
    "train audio-features --out r --segment-frames 16",
    2,
    "--segment-frames must be at least 32 for this vgg, got 16; use longer segments, or fewer blocks",
  ],
  [
    "train audio-features --out r --resume",
    2,
    "--resume must find checkpoint.safetensors in r, got none; leave out --resume to start a new run",
  ],
  [
    "train audio-features --out model --resume",
    2,
    "--resume must find checkpoint.safetensors in model, got only model.onnx; replace it with --overwrite, or choose another folder",
  ],
  [
    "train audio-features --out r --resume --overwrite",
    2,
    "--overwrite must be used without --resume, got both; leave out one of them",
  ],
  [
    "train audio --out r",
    1,
    "audio: is not a feature store; extract features into a folder of their own, and use that",
  ],
  ...["train audio-features", "train audio-features --find-lr", "lab audio-features --quick"].map(
    (line) =>
      [
        `${line} --out audio-features`,
        2,
        "--out must be a folder of its own, got audio-features, which is a feature store; use another folder",
      ] as const,
  ),
  ["train nowhere --out r", 1, "nowhere: does not exist; extract features into a folder, and use that"],
  [
    `train solo-features --out r ${NET.join(" ")}`,
    1,
    "solo-features: has only 1 class (low); a net learns classes by their differences and needs at least 2",
  ],
  ["extract '' --out s", 2, '<folder|manifest> must not be empty, got ""'],
  ["extract audio --out ''", 2, '--out must not be empty, got ""'],
  ["train '' --out r", 2, '<store> must not be empty, got ""'],
  ["evaluate '' audio-features", 2, '<model> must not be empty, got ""'],
  ["predict tone.wav ''", 2, '<audio> must not be empty, got ""'],
  ["predict tone.wav --model ''", 2, '--model must not be empty, got ""'],
  [
    "predict tone.wav --hop 1",
    2,
    "--hop must be used with segments or events, got 1; add --segments, --events or --plot",
  ],
  ["predict audio --plot a.png", 2, "--plot must be used with one audio file, got 12"],
  [
    "predict tone.wav --plot text.txt",
    2,
    "--plot must name a new file, or a PNG file to replace, got text.txt, which is another kind of file",
  ],
  ["predict tone.wav --segments --hop 0", 2, "--hop must be a number greater than 0, got 0"],
  [
    "predict tone.wav --segments --hop 0.01",
    2,
    "--hop must be at least 0.0232 s, one frame of the model, got 0.01",
  ],
  ["predict tone.wav --format xml", 2, "--format must be one of text, json, csv, audacity, raven, got xml"],
  [
    "predict tone.wav --format csv --json",
    2,
    "option '--json' cannot be used with option '-f, --format <name>'",
  ],
  [
    "predict audio --format audacity",
    2,
    "--format must be used with one audio file, or with --out and a folder, since a file of audacity labels belongs to one audio file, got audacity for 12 audio files",
  ],
  ["predict tone.wav --format csv --out audio", 2, "--out must name a file, got audio, which is a folder"],
  ["extract nowhere --out s", 1, "nowhere: does not exist"],
  ["extract text.txt --out s", 1, "text.txt: is neither a folder nor a .csv, .tsv or .jsonl manifest"],
  [
    "extract audio --out s --f-max 20000",
    2,
    "--f-max must be at most 11025 Hz (half of --sample-rate), got 20000 Hz; lower it, or raise --sample-rate",
  ],
  ["extract audio --out s --n-mels 0", 2, "--n-mels must be an integer from 1 to 4096, got 0"],
  ["extract audio --out s --scale 0", 2, "--scale must be a number greater than 0, got 0"],
  [
    "extract audio --out s --top-db 60",
    2,
    "--top-db must be used with --compression powerToDb, got --compression log10",
  ],
  ["extract audio --out audio", 1, "audio: is not a feature store but holds high; choose another folder"],
  [
    "extract audio --out audio-features --n-mels 16 --sample-rate 8000 --n-fft 256",
    1,
    "audio-features: holds features of another front end (--hop-length 128 there, 512 here); choose another folder, or delete this one",
  ],
  [
    "evaluate nowhere.onnx audio-features",
    1,
    "nowhere.onnx: model file does not exist; train one, or check the path",
  ],
  [
    "evaluate audio audio-features",
    1,
    "audio: is a folder; name the model file in it, e.g. audio/model.onnx",
  ],
  [
    "predict tone.wav --model text.txt",
    1,
    "text.txt: is not an ONNX model (it has a field of the unknown type 6 before byte 1)",
  ],
  ["predict tone.wav --top 0", 2, "--top must be an integer of at least 1, got 0"],
  [
    "inspect text.txt",
    1,
    "text.txt: not audio that timbrel reads (WAV, AIFF, AU, MP3, OGG Vorbis, Opus or FLAC)",
  ],
  ["inspect audio", 1, "audio: is a folder, not a file"],
  ["inspect tone.wav text.txt --png p.png", 2, "--png must be used with one audio file, got 2"],
];

describe("mistakes", () => {
  it.concurrent.each(MISTAKES)("%s", async (line, code, message) => {
    const outcome = await timbrel(
      dir,
      line.split(" ").map((word) => (word === "''" ? "" : word)),
    );
    const stderr = outcome.stderr.replace(/^front end: .*\n/, "");
    expect({ code: outcome.code, stderr, stdout: outcome.stdout }).toEqual({
      code,
      stderr: `timbrel: ${message}\n`,
      stdout: "",
    });
  });
  it("shows the help if no command is given", async () => {
    const { code, stderr } = await timbrel(dir, []);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Usage: timbrel/);
  });
  it("reports an internal error as a bug: exit 70, with the stack", async () => {
    const { EXIT, reportError } = await import("../../src/commands/exit.js");
    const { vi } = await import("vitest");
    const lines: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
    expect(reportError(new TypeError("x is not a function"))).toBe(EXIT.bug);
    vi.restoreAllMocks();
    expect(lines[0]).toMatch(/^TypeError: x is not a function\n +at /);
    expect(lines[1]).toContain("please report it");
  });
});
