import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";

const folders: string[] = [];
afterAll(() => {
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

/** Makes a temporary folder, deleted after the tests of the file. */
export function makeFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "timbrel-dataset-"));
  folders.push(dir);
  return dir;
}

/** Writes files, creating folders as needed. */
export function writeFiles(dir: string, files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
}

/** A short tone as a WAV file; each frequency is different audio. */
export function toneWav(hz: number, durationSec = 0.25, sampleRate = 8000): Uint8Array {
  const samples = Float32Array.from(
    { length: Math.round(durationSec * sampleRate) },
    (_, n) => 0.5 * Math.sin((2 * Math.PI * hz * n) / sampleRate),
  );
  return encodeWav({ samples, sampleRate });
}
