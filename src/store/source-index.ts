import { appendFileSync, closeSync, openSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { WarningCode } from "../audio/warning.js";
import { statOrNull } from "./audio-files.js";
import { isOnDisk, onDisk } from "./system-errors.js";

const sourceEntry = z.object({
  path: z.string(),
  size: z.number(),
  mtimeMs: z.number(),
  /** Absent in entries of older versions. */
  ctimeMs: z.number().optional(),
  audioHash: z.string().regex(/^[0-9a-f]{64}$/),
  durationSec: z.number().min(0),
  nFrames: z.int().min(1),
  warnings: z
    .array(z.object({ code: z.string().transform((code) => code as WarningCode), message: z.string() }))
    .readonly(),
});

/** What shows, without reading it, that a file is the one that was read before. */
export interface FileState {
  /** Absolute path. */
  readonly path: string;
  /** Size [bytes], modification time, and time of the last change of the file or its name. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** An audio file as it was when its features were computed. */
export type SourceEntry = Readonly<z.infer<typeof sourceEntry>>;

/**
 * A store's record of the audio files whose features it has: one JSON line each in `sources.jsonl`, appended as they
 * finish. A later line for a path replaces an earlier one. An incomplete line, left by a killed run, is dropped.
 */
export class SourceIndex {
  readonly #byPath = new Map<string, SourceEntry>();
  readonly #byAudio = new Map<string, SourceEntry>();
  readonly #path: string;
  readonly #fd: number;

  constructor(storeDir: string) {
    const path = join(storeDir, "sources.jsonl");
    this.#path = path;
    if (isOnDisk(path)) {
      const bytes = onDisk("read", path, () => readFileSync(path));
      const whole = bytes.lastIndexOf(10) + 1;
      if (whole < bytes.length) onDisk("written", path, () => truncateSync(path, whole));
      for (const line of bytes.toString("utf8", 0, whole).split("\n")) this.#remember(parseEntry(line));
    }
    this.#fd = onDisk("written", path, () => openSync(path, "a"));
  }

  /**
   * The entry of a file that still has the recorded size and times: it need not be read again. The time of its last
   * change tells apart two files of equal size and modification time that swapped names.
   */
  findUnchanged({ path, size, mtimeMs, ctimeMs }: FileState): SourceEntry | undefined {
    const entry = this.#byPath.get(path);
    const isSame = entry?.size === size && entry.mtimeMs === mtimeMs && entry.ctimeMs === ctimeMs;
    return isSame ? entry : undefined;
  }

  /** An entry with this audio, whatever its path. */
  findAudio(audioHash: string): SourceEntry | undefined {
    return this.#byAudio.get(audioHash);
  }

  /** One entry for each audio whose features were ever computed. */
  get audio(): SourceEntry[] {
    return [...this.#byAudio.values()];
  }

  /** Adds entries and writes them to disk at once. */
  append(entries: readonly SourceEntry[]): void {
    if (entries.length === 0) return;
    const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    onDisk("written", this.#path, () => appendFileSync(this.#fd, lines));
    for (const entry of entries) this.#remember(entry);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #remember(entry: SourceEntry | undefined): void {
    if (entry === undefined) return;
    this.#byPath.set(entry.path, entry);
    this.#byAudio.set(entry.audioHash, entry);
  }
}

/**
 * The audio files that a store's features were computed from, by audio hash, without those that are gone or have changed
 * since.
 * @param audioHashes the audio to look for
 */
export function findSources(storeDir: string, audioHashes: ReadonlySet<string>): Map<string, SourceEntry> {
  const path = join(storeDir, "sources.jsonl");
  const lines = isOnDisk(path) ? onDisk("read", path, () => readFileSync(path, "utf8")).split("\n") : [];
  const found = new Map<string, SourceEntry>();
  for (const line of lines) {
    const entry = parseEntry(line);
    if (entry === undefined || !audioHashes.has(entry.audioHash)) continue;
    const now = statOrNull(entry.path);
    if (now?.size === entry.size && now.mtimeMs === entry.mtimeMs) found.set(entry.audioHash, entry);
  }
  return found;
}

function parseEntry(line: string): SourceEntry | undefined {
  try {
    return sourceEntry.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
