import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";
import { openFileSource, openSource } from "../../src/store/file-source.js";
import { openAudioFile } from "../../src/store/open-audio-file.js";
import { makeFolder, toneWav, writeFiles } from "./files.js";
import { messageOf } from "./message-of.js";

/** Number of files that this process has open, on Linux; elsewhere 0. */
function nOpenFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}

/** A folder with a tone of 20 s in a.wav, several blocks long, and other content. */
function folder(): string {
  const dir = makeFolder();
  writeFiles(dir, { "a.wav": toneWav(440, 20), "notes.wav": "no audio", "sub/b.txt": "x" });
  return dir;
}

describe("a file source", () => {
  it("reads pieces, fewer bytes at the file's end and none behind it", async () => {
    const dir = makeFolder();
    writeFiles(dir, { "a.bin": Uint8Array.of(1, 2, 3, 4, 5) });
    const source = openFileSource(join(dir, "a.bin"));
    expect(source.size).toBe(5);
    expect([...(await source.read(1, 2))]).toEqual([2, 3]);
    expect([...(await source.read(3, 1e15))]).toEqual([4, 5]);
    expect([...(await source.read(7, 2))]).toEqual([]);
    source.close();
    source.close();
  });
  it.skipIf(process.platform === "win32")(
    "waits for a pipe that a user names, and reads it whole",
    async () => {
      const pipe = join(makeFolder(), "pipe");
      execFileSync("mkfifo", [pipe]);
      const opening = openSource(pipe); // nobody writes yet
      execFileSync("sh", ["-c", `(printf 123; printf 45) > '${pipe}' &`], { stdio: "ignore" });
      const source = await opening;
      expect([source.isPipe, source.size]).toEqual([true, 5]);
      expect(String.fromCharCode(...(await source.read(1, 9)))).toBe("2345");
      source.close();
    },
  );
  it.skipIf(process.platform === "win32")("gives up a pipe when it is told to", async () => {
    const pipe = join(makeFolder(), "pipe");
    execFileSync("mkfifo", [pipe]);
    const before = nOpenFiles();
    const controller = new AbortController();
    const opening = openSource(pipe, controller.signal);
    controller.abort();
    await expect(opening).rejects.toThrow("aborted");
    expect(nOpenFiles()).toBe(before);
  });
  it.skipIf(process.platform === "win32")("does not wait for a pipe that stands where a file was", () => {
    const pipe = join(makeFolder(), "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(messageOf(() => openFileSource(pipe))).toBe(`${pipe}: is not a regular file`);
  });
  it("says what it cannot read", () => {
    const dir = folder();
    expect(messageOf(() => openFileSource(`${dir}/gone.wav`))).toBe(`${dir}/gone.wav: does not exist`);
    expect(messageOf(() => openFileSource(`${dir}/sub`))).toBe(`${dir}/sub: is a folder, not a file`);
    expect(messageOf(() => openFileSource("/dev/null"))).toBe("/dev/null: is not a regular file");
  });
});

describe("opening an audio file", () => {
  it("gives the samples of the whole file in blocks", async () => {
    const path = join(folder(), "a.wav");
    const { format, declaredSamples, blocks } = await openAudioFile(path);
    const samples: number[] = [];
    let nBlocks = 0;
    for await (const [block] of blocks) {
      samples.push(...block);
      nBlocks++;
    }
    expect(format).toMatchObject({ container: "WAV", encoding: "16-bit PCM", channels: 1, sampleRate: 8000 });
    expect(declaredSamples).toBe(160_000);
    expect(nBlocks).toBe(3);
    const { channelData } = await decodeAudio(toneWav(440, 20), path);
    expect(Float32Array.from(samples)).toEqual(channelData[0]);
  });
  it("closes the file at the end, when the reader stops, and when it is no audio", async () => {
    const dir = folder();
    const before = nOpenFiles();
    for await (const _ of (await openAudioFile(`${dir}/a.wav`)).blocks);
    for await (const _ of (await openAudioFile(`${dir}/a.wav`)).blocks) break;
    await expect(openAudioFile(`${dir}/notes.wav`)).rejects.toThrow("not audio that timbrel reads");
    expect(nOpenFiles()).toBe(before);
  });
});
