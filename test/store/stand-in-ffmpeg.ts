import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach } from "vitest";
import { makeFolder } from "./files.js";

/** What the stand-in does with a file: it is written in the file itself, behind the mark of the AMR format. */
export interface Act {
  /** Sample rate and channels in its header; no header if it is left out. */
  rate?: number;
  channels?: number;
  /** Interleaved samples. */
  samples?: number[];
  /** Zeros to write after the samples, in writes of 64 KB, so that it waits for its reader. */
  nZeroBytes?: number;
  /** Lines on standard error before and after the samples. */
  before?: string[];
  after?: string[];
  /** Exit code. @default 0 */
  exit?: number;
  /** Writes bytes that are no audio. */
  garbage?: boolean;
  /** Never ends by itself. */
  hang?: boolean;
}

const PROGRAM = `
import { appendFileSync, readFileSync, writeSync } from "node:fs";
const args = process.argv.slice(2);
const input = args[args.indexOf("-i") + 1];
appendFileSync(import.meta.dirname + "/calls.jsonl", JSON.stringify({ pid: process.pid, args }) + "\\n");
const act = JSON.parse(readFileSync(input.replace(/^file:/, ""), "latin1").slice(6));
const log = (lines) => { for (const line of lines ?? []) writeSync(2, line + "\\n"); };
const write = (bytes) => { for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at); };
log(["[info] ffmpeg version 9.8.7-test Copyright", ...(act.before ?? ["[info]   Stream #0:0[0x1](und): Audio: amr_nb (samr), 8000 Hz, mono"])]);
if (act.garbage) write(Buffer.from("this is no audio, whatever was asked for"));
if (act.rate !== undefined) {
  const header = Buffer.alloc(32);
  header.write(".snd", "latin1");
  [32, 0xffffffff, 6, act.rate, act.channels ?? 1].forEach((x, i) => header.writeUInt32BE(x, 4 + 4 * i));
  const samples = act.samples ?? [];
  const data = Buffer.alloc(4 * samples.length);
  samples.forEach((x, i) => data.writeFloatBE(x, 4 * i));
  write(Buffer.concat([header, data]));
  for (let n = act.nZeroBytes ?? 0; n > 0; n -= 65536) write(Buffer.alloc(Math.min(n, 65536)));
}
log(act.after);
if (act.hang) setInterval(() => {}, 1e6);
else process.exitCode = act.exit ?? 0;
`;

/** The content of a file with which the stand-in does this. */
export const actFile = (act: Act): string => `#!AMR\n${JSON.stringify(act)}`;

const { PATH } = process.env;
afterEach(() => {
  process.env["PATH"] = PATH;
});

/** Puts a program named ffmpeg in front of the PATH until the test ends. Returns the file in which it notes its calls. */
export function standInFfmpeg(): string {
  const dir = makeFolder();
  writeFileSync(join(dir, "package.json"), '{"type":"module"}');
  writeFileSync(join(dir, "ffmpeg"), `#!${process.execPath}\n${PROGRAM}`);
  chmodSync(join(dir, "ffmpeg"), 0o755);
  process.env["PATH"] = `${dir}${delimiter}${PATH}`;
  return join(dir, "calls.jsonl");
}

/** Leaves no ffmpeg on the PATH until the test ends. */
export function withoutFfmpeg(): void {
  process.env["PATH"] = makeFolder();
}
