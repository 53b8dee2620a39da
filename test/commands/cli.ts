import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";

// The commands run as users run them, compiled: test/build.ts builds them first.
export const CLI = fileURLToPath(new URL("../../dist/bin/cli.js", import.meta.url));
const INTERRUPT_AT = new URL("./fixtures/interrupt-at.mjs", import.meta.url).href;

export interface Outcome {
  /** Exit code; null if a signal ended the process. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs `timbrel` with these arguments in a folder.
 * @param options.interruptAt send it Ctrl-C once its stdout or stderr matches this; ^ and $ match at line boundaries
 * @param options.leave stop reading its stdout at once
 */
export function timbrel(
  cwd: string,
  args: readonly string[],
  options: { interruptAt?: RegExp; leave?: boolean } = {},
): Promise<Outcome> {
  const { interruptAt, leave = false } = options;
  const preload = interruptAt === undefined ? [] : ["--import", INTERRUPT_AT];
  const env = { ...process.env, npm_lifecycle_event: "train", INTERRUPT_AT: interruptAt?.source };
  const child = spawn(process.execPath, [...preload, CLI, ...args], { cwd, env });
  if (leave) child.stdout.destroy();
  const outcome = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      outcome[name] += text;
    });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...outcome }));
  });
}

const folders: string[] = [];
afterAll(() => {
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

/** Makes a temporary folder that is deleted after the tests of the file. */
export function makeFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "timbrel-commands-"));
  folders.push(dir);
  return dir;
}

export function write(dir: string, name: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), content);
}

/** A tone as WAV; a different frequency gives different audio. */
export function toneWav(hz: number, { durationSec = 0.5, sampleRate = 8000 } = {}): Uint8Array {
  const samples = Float32Array.from(
    { length: Math.round(durationSec * sampleRate) },
    (_, n) => 0.5 * Math.sin((2 * Math.PI * hz * n) / sampleRate),
  );
  return encodeWav({ samples, sampleRate });
}

/** Writes a folder per class, each with tones around its own pitch. */
export function writeTones(dir: string, classes: Readonly<Record<string, number>>, nClips: number): void {
  for (const [label, hz] of Object.entries(classes))
    for (let i = 0; i < nClips; i++) write(dir, `${label}/${i}.wav`, toneWav(hz * (1 + i / 50)));
}

/** A small front end for 8 kHz. */
export const FRONT_END = ["--sample-rate", "8000", "--n-fft", "256", "--hop-length", "128", "--n-mels", "16"];

/** A small, fast net. */
export const NET = ["--channels", "4,8", "--segment-frames", "16", "--threads", "1"];

/** Parses JSON objects, one per line; throws if a line is anything else. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
