import { spawn } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "../../src/core/random.js";
import { openStore } from "../../src/store/store.js";
import { RUN_FILES } from "../../src/training/run-folder.js";
import { damaged, editedJson } from "./damage.js";
import { withCheckpointRecord, withRecord } from "./reframe.js";
import type { Artifacts } from "./subjects.js";

const CLI = fileURLToPath(new URL("../../src/cli.js", import.meta.url));
/** No command takes as long on files as small as these. */
const LIMIT_MS = 120_000;

type Edit = (file: Uint8Array, random: Random) => Uint8Array;

const EDITS = {
  damaged,
  model: (file, random) => withRecord(file, (text) => editedJson(text, random), true),
  checkpoint: (file, random) => withCheckpointRecord(file, (text) => editedJson(text, random), true),
  lines(file, random) {
    const lines = new TextDecoder().decode(file).trimEnd().split("\n");
    const line = random.integer(lines.length);
    return new TextEncoder().encode(
      lines.map((text, i) => (i === line ? editedJson(text, random) : text)).join("\n"),
    );
  },
} satisfies Record<string, Edit>;

/**
 * Gives damaged files to commands. Each must end with exit code 0, 1 or 2, and unless with 0, one line on stderr that says
 * why.
 * @returns a line for each command that ended otherwise
 */
export async function mutateCommands(
  artifacts: Artifacts & { readonly audioDir: string },
  { seed, count, say }: { seed: number; count: number; say: (line: string) => void },
): Promise<string[]> {
  const faults: string[] = [];
  for (let n = 0; n < count; n++) {
    const fault = await tryCommand(artifacts, new Random(`${seed}: command ${n}`));
    if (fault === null) continue;
    faults.push(`command ${n}: ${fault}`);
    say(faults[faults.length - 1]);
  }
  say(`commands: ${count} tried, ${faults.length} faults`);
  return faults;
}

async function tryCommand(
  { storeDir, runDir, workDir, audioDir }: Artifacts & { readonly audioDir: string },
  random: Random,
): Promise<string | null> {
  const [store, run] = [join(workDir, "store-copy"), join(workDir, "run-copy")];
  for (const [from, to] of [
    [storeDir, store],
    [runDir, run],
  ]) {
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true });
  }
  const [model, linear] = [join(run, RUN_FILES.model), join(run, RUN_FILES.linear)];
  const wav = join(audioDir, "low", "0.wav");
  const { features, descriptors } = random.pick(openStore(store).clips);
  const inModel = [
    ["predict", wav, "--model", model],
    ["predict", wav, "--model", model, "--json"],
    ["embed", wav, "--model", model, "--out", join(workDir, "embeddings")],
    ["similar", wav, store, "--model", model],
    ["inspect", wav, "--model", model],
    ["summary", model],
    ["evaluate", model, store],
    ["calibrate", model, store],
  ];
  const inStore = [
    ["evaluate", model, store, "--split", "train"],
    ["calibrate", model, store],
    ["similar", wav, store, "--model", model],
    ["train", store, "--out", join(workDir, "new-run"), "--epochs", "1", "--overwrite"],
    [
      "extract",
      audioDir,
      "--out",
      store,
      "--sample-rate",
      "8000",
      "--n-fft",
      "256",
      "--hop-length",
      "128",
      "--n-mels",
      "16",
    ],
  ];
  const resume = [["train", store, "--out", run, "--resume"]];
  const { path, edits, commands } = random.pick<{ path: string; edits: Edit[]; commands: string[][] }>([
    { path: model, edits: [damaged, EDITS.model], commands: inModel },
    {
      path: linear,
      edits: [damaged, EDITS.model],
      commands: [
        ["evaluate", model, store],
        ["evaluate", linear, store],
        ["predict", wav, "--model", linear],
      ],
    },
    { path: join(run, RUN_FILES.checkpoint), edits: [damaged, EDITS.checkpoint], commands: resume },
    { path: join(run, RUN_FILES.metrics), edits: [damaged, EDITS.lines], commands: resume },
    { path: join(run, RUN_FILES.split), edits: [damaged, EDITS.lines], commands: resume },
    { path: join(store, "store.json"), edits: [damaged], commands: inStore },
    { path: join(store, "clips.jsonl"), edits: [damaged, EDITS.lines], commands: inStore },
    { path: join(store, "sources.jsonl"), edits: [damaged, EDITS.lines], commands: inStore.slice(3) },
    { path: join(store, features), edits: [damaged], commands: inStore },
    { path: join(store, descriptors), edits: [damaged], commands: inStore },
  ]);
  writeFileSync(path, random.pick(edits)(new Uint8Array(readFileSync(path)), random));
  const args = random.pick(commands);
  const flags = { inspect: [], summary: [], extract: ["--workers", "1"] }[args[0]] ?? ["--threads", "1"];
  const { code, stderr } = await timbrel([...args, ...flags]);
  const lines = stderr.split("\n").filter((line) => line.startsWith("timbrel: "));
  if (code === 0 || ((code === 1 || code === 2) && lines.length > 0 && !/\n\s+at /.test(stderr))) return null;
  return `${args.join(" ")} with a damaged ${path} ended with ${code ?? "no exit code"}: ${stderr.slice(-2000)}`;
}

function timbrel(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: LIMIT_MS,
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stderr }));
  });
}
