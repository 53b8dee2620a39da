import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { AU_HEADER_BYTES, type AuHeader, parseAuHeader } from "../audio/au.js";
import type { AudioStream } from "../audio/audio-stream.js";
import type { Container } from "../audio/container.js";
import { checkedStream } from "../audio/decode.js";
import { formatText } from "../audio/foreign-format.js";
import { decodePcm } from "../audio/pcm-stream.js";
import type { AudioWarning } from "../audio/warning.js";
import { DataError, errorLine } from "../core/errors.js";
import { FfmpegLog } from "./ffmpeg-log.js";

type Ffmpeg = ChildProcessByStdio<null, Readable, Readable>;

/** The program, looked for on the PATH. */
const PROGRAM = "ffmpeg";
/** Bytes to collect from the pipe before they are decoded: it gives a few kilobytes at a time. */
const BLOCK_BYTES = 2 ** 18;

/**
 * Opens the first audio stream of a file, to be decoded by ffmpeg, which runs until the blocks end or their reader
 * stops. ffmpeg writes AU with 32-bit floats to a pipe: that format needs no sizes, and 32-bit floats hold the samples
 * of any lossy codec and of 24-bit integers.
 * @param container what the file's first bytes say that it is
 * @throws DataError if ffmpeg is not installed, or cannot read the file
 */
export async function openWithFfmpeg(path: string, container: Container): Promise<AudioStream> {
  const name = formatText(container);
  const child = spawn(PROGRAM, ffmpegArguments(path), {
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  const log = new FfmpegLog(path, child.stderr);
  try {
    await once(child, "spawn");
  } catch (error) {
    throw new DataError(path, startProblem(error, name), { cause: error });
  }
  const output = new Pipe(child.stdout);
  let header: AuHeader;
  try {
    header = await readHeader(output, path);
    await setImmediate(); // what ffmpeg logged before its output is read by now
  } catch (error) {
    await stop(child);
    throw new DataError(path, `ffmpeg cannot read it as ${name}: ${log.reason ?? "it gave no audio"}`, {
      cause: error,
    });
  }
  const { channels, sampleRate } = header.format;
  const encoding = log.codec ?? container.encoding;
  const version = log.version === null ? "" : ` ${log.version}`;
  const warnings: AudioWarning[] = [
    { code: "converted", message: `decoded by ffmpeg${version} (${encoding || container.container})` },
  ];
  const stream: AudioStream = {
    format: { container: container.container, encoding, channels, sampleRate },
    declaredSamples: log.durationSec === null ? null : Math.round(log.durationSec * sampleRate),
    blocks: decodePcm(wholeFrames(child, output, header, { log, warnings }), header.format),
    warnings,
  };
  return checkedStream(stream, path);
}

function ffmpegArguments(path: string): string[] {
  const log = ["-nostdin", "-nostats", "-loglevel", "level+info"];
  // The `file:` keeps names such as -y, http:x or concat:x from being read as an option or another protocol.
  const input = ["-protocol_whitelist", "file", "-i", `file:${path}`, "-map", "0:a:0"];
  return [...log, ...input, "-c:a", "pcm_f32be", "-f", "au", "pipe:1"];
}

function startProblem(error: unknown, name: string): string {
  return (error as NodeJS.ErrnoException).code === "ENOENT"
    ? `${name} needs ffmpeg; install it, or convert the file to WAV or FLAC`
    : `${name} needs ffmpeg, which cannot be started (${errorLine(error)})`;
}

/** Reads from a pipe as many bytes as are asked for. */
class Pipe {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(readable: Readable) {
    this.#chunks = readable[Symbol.asyncIterator]();
  }

  /** At least `length` bytes, fewer only at the end. */
  async read(length: number): Promise<Buffer> {
    const parts = [this.#rest];
    for (let n = this.#rest.length; n < length; ) {
      const { done, value } = await this.#chunks.next();
      if (done === true) break;
      parts.push(value);
      n += value.length;
    }
    this.#rest = Buffer.alloc(0);
    return Buffer.concat(parts);
  }

  /** Puts bytes back, to be read next. */
  unread(bytes: Buffer): void {
    this.#rest = bytes;
  }
}

async function readHeader(output: Pipe, path: string): Promise<AuHeader> {
  const head = await output.read(AU_HEADER_BYTES);
  const header = parseAuHeader(head, path);
  output.unread(head);
  const whole = await output.read(header.start);
  output.unread(whole.subarray(header.start));
  return header;
}

/** Passes on what ffmpeg writes, in whole frames; afterwards warns if it had problems. */
async function* wholeFrames(
  child: Ffmpeg,
  output: Pipe,
  { format }: AuHeader,
  { log, warnings }: { log: FfmpegLog; warnings: AudioWarning[] },
): AsyncGenerator<Uint8Array> {
  const frameBytes = format.channels * format.sampleBytes;
  try {
    for (;;) {
      const bytes = await output.read(Math.max(BLOCK_BYTES, frameBytes));
      const nFrames = Math.floor(bytes.length / frameBytes);
      if (nFrames === 0) break;
      output.unread(bytes.subarray(nFrames * frameBytes));
      yield bytes.subarray(0, nFrames * frameBytes);
    }
    const code = await ended(child);
    if (code !== 0 || log.nErrors > 0)
      warnings.push({
        code: "damaged",
        message: `ffmpeg had problems with it: ${log.reason ?? `exit code ${code}`}`,
      });
  } finally {
    await stop(child);
  }
}

/** Waits until a program has ended and its output is read; returns its exit code, or null if it was killed. */
async function ended(child: Ffmpeg): Promise<number | null> {
  if (!child.stderr.closed) await once(child.stderr, "close");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

async function stop(child: Ffmpeg): Promise<void> {
  child.kill("SIGKILL");
  child.stdout.destroy();
  await ended(child);
}
