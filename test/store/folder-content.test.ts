import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { frontEnd } from "../../src/features/front-end.js";
import { findAudio } from "../../src/store/audio-files.js";
import { scanSource } from "../../src/store/scan.js";
import { SourceIndex } from "../../src/store/source-index.js";
import { prepareStore } from "../../src/store/store.js";
import { makeFolder, toneWav, writeFiles } from "./files.js";
import { messageOf } from "./message-of.js";

/** Bytes of no format. */
const BINARY = Uint8Array.from({ length: 300 }, (_, i) => (i * 37) % 256);
const bytes = (text: string): Uint8Array => Uint8Array.from([...text].map((char) => char.charCodeAt(0)));

/** Names of the files in a folder of these files that are opened as audio, and the lines about others. */
function found(files: Record<string, string | Uint8Array>) {
  const dir = makeFolder();
  writeFiles(dir, files);
  const lines: string[] = [];
  const names = findAudio(dir, (line) => lines.push(line)).map((path) => path.slice(dir.length + 1));
  return { dir, names, lines };
}

describe("the files of a folder", () => {
  it("are opened if their names are those of audio, whatever they hold", () => {
    const names = ["a.AIF", "b.aac", "c.m4a", "d.mid", "e.mpga", "f.wave", "g.wma"];
    expect(found(Object.fromEntries(names.map((name) => [name, "text"]))).names).toEqual(names);
  });

  it.each<[string, Uint8Array]>([
    ["WAV", toneWav(440)],
    ["AIFF", bytes("FORM\0\0\0\x12AIFFCOMM\0\0\0\x12")],
    ["MP4", bytes("\0\0\0 ftypM4A \0\0\0\0")],
    ["nothing that anyone knows", BINARY],
    ["nothing", new Uint8Array()],
  ])("are opened if their names say nothing and they hold %s", (_, content) => {
    const names = ["no extension", "take.2", "wrong.xyz"];
    expect(found(Object.fromEntries(names.map((name) => [name, content]))).names).toEqual(names);
  });

  it.each<[string, Uint8Array]>([
    ["WAV", toneWav(440)],
    ["AIFF", bytes("FORM\0\0\0\x12AIFFCOMM\0\0\0\x12")],
    ["FLAC", bytes("fLaC\0\0\0\x22\x10\0")],
    ["OGG", bytes("OggS\0\x02\0\0\0\0")],
    ["MP3 with a tag", bytes("ID3\x03\0\0\0\0\0\0")],
    ["MP3", bytes("\xff\xfb\x90\x64\0\0\0")],
    ["MP4", bytes("\0\0\0 ftypM4A \0\0\0\0")],
    ["Monkey's Audio", bytes("MAC \x96\x0f\0\0\x34\0\0\0")],
    ["an MPEG transport stream", bytes(`G@\x11\x10\0${"\xff".repeat(183)}`.repeat(4))],
  ])("are opened if their names are those of something else, but they hold %s", (_, content) => {
    const names = ["a.txt", "b.json", "c.ts", "d.JPG"];
    expect(found(Object.fromEntries(names.map((name) => [name, content]))).names.sort()).toEqual(names);
  });

  it.each<[string, Record<string, string | Uint8Array>]>([
    ["hidden", { ".a.wav": toneWav(440), "__MACOSX/._a.wav": BINARY }],
    ["pictures, documents and data by name", { "cover.JPG": BINARY, "notes.pdf": BINARY, "x.npy": BINARY }],
    ["texts that begin like audio", { "a.md": "MAC addresses\n", "b.ts": `G${"x".repeat(187)}`.repeat(4) }],
    [
      "RIFF files and pictures whose containers are those of audio, too",
      {
        "song.cpr": bytes("RIFF\0\0\x01\0NUNDROOT\0\0\0\0"),
        "cover.webp": bytes("RIFF\0\0\x01\0WEBPVP8 \0\0\0\0"),
        "cover.jpg": bytes("\0\0\0\x18ftypheic\0\0\0\0"),
        front: bytes("\0\0\0\x1cftypavif\0\0\0\0"),
      },
    ],
    ["a system's own", { "Thumbs.db": BINARY, "desktop.ini": BINARY, "Icon\r": "" }],
    ["what audio programs add", { "a.wav.asd": BINARY, "a.pkf": BINARY }],
    [
      "text",
      { LICENSE: "Copyright \u00a9 2020,\r\n\tall rights\n", "a.lab": "0 1 c\n", "b.TextGrid": "\u00e9" },
    ],
    ["text in UTF-16", { readme: bytes("\xff\xfea\0\n\0"), info: bytes("\xfe\xff\0a\0\n") }],
    ["text in an 8-bit code page", { readme: bytes("na\xefve \x80 5\n") }],
    [
      "pictures and documents by content",
      {
        cover: bytes("\xff\xd8\xff\xe0\0"),
        front: bytes("\x89PNG\r\n\x1a\n\0"),
        score: bytes("%PDF-1.4\n\0\x01"),
      },
    ],
  ])("are passed over in silence if they are %s", (_, files) => {
    expect(found(files)).toMatchObject({ names: [], lines: [] });
  });

  it.skipIf(process.platform === "win32")("are a line if they cannot be opened", () => {
    const { dir } = found({});
    symlinkSync("nowhere", join(dir, "gone"));
    symlinkSync("nowhere", join(dir, "gone.jpg"));
    execFileSync("mkfifo", [join(dir, "pipe"), join(dir, "pipe.txt")]);
    const lines: string[] = [];
    expect(findAudio(dir, (line) => lines.push(line))).toEqual([]);
    expect(lines).toEqual([`${dir}/gone: is a broken link`, `${dir}/pipe: is not a regular file`]);
  });
});

describe("a scan", () => {
  it("gives a line for what is beside class folders and may be audio", () => {
    const dir = makeFolder();
    writeFiles(dir, {
      "piano/a.wav": toneWav(440),
      "b.m4a": "x",
      "README.md": "x",
      blob: BINARY,
      labels: "a,b",
    });
    expect(scanSource(dir).problems).toEqual([
      `${dir}/b.m4a: is not in a class folder; left out`,
      `${dir}/blob: is not in a class folder; left out`,
    ]);
  });

  it("gives the same lines beside split folders, and beside class folders in them", () => {
    const dir = makeFolder();
    writeFiles(dir, { "train/x/a.wav": "x", "test/x/b.wav": "x", "c.wav": "x", "test/d.aiff": "x" });
    expect(scanSource(dir).problems).toEqual([
      `${dir}/c.wav: is not in a class folder; left out`,
      `${dir}/test/d.aiff: is not in a class folder; left out`,
    ]);
  });

  it("says how much of a class folder without audio could not be opened", () => {
    const dir = makeFolder();
    writeFiles(dir, { "piano/a.wav": "x", "drums/notes.txt": "x" });
    for (const name of ["a.wav", "b.wav"]) symlinkSync("nowhere", join(dir, "drums", name));
    expect(scanSource(dir).problems.at(-1)).toBe(
      `${dir}/drums: class folder without audio, 2 files in it could not be opened; left out`,
    );
  });

  it("passes over feature stores and runs without audio, at any depth, and takes none for a class or a split", () => {
    const dir = makeFolder();
    prepareStore(join(dir, "features"), frontEnd());
    new SourceIndex(join(dir, "features")).close();
    writeFiles(dir, { "models/one/checkpoint.safetensors": "x", "models/two/checkpoint.safetensors": "x" });
    expect(messageOf(() => scanSource(dir))).toMatch("holds no folders");
    writeFiles(dir, {
      "piano/a.wav": "x",
      "piano/run/checkpoint.safetensors": "x",
      "piano/run/events.bin": BINARY,
    });
    expect(scanSource(dir)).toMatchObject({ clips: [{ name: "piano/a.wav" }], problems: [] });
    writeFiles(dir, { "piano/run/b.wav": "x", "models/two/c.wav": "x" });
    expect(scanSource(dir).clips.map(({ name }) => name)).toEqual([
      "models/two/c.wav",
      "piano/a.wav",
      "piano/run/b.wav",
      "piano/run/events.bin",
    ]);
    expect(findAudio(join(dir, "models"), () => {})).toEqual([join(dir, "models/two/c.wav")]);

    const splits = makeFolder();
    prepareStore(join(splits, "features"), frontEnd());
    new SourceIndex(join(splits, "features")).close();
    writeFiles(splits, { "train/x/a.wav": "x", "test/x/b.wav": "x" });
    expect(scanSource(splits).problems).toEqual([]);
  });

  it("names a feature store that is given as the audio", () => {
    const dir = makeFolder();
    prepareStore(dir, frontEnd());
    new SourceIndex(dir).close();
    writeFiles(dir, { "clips/ab/x.features.npy": "x" });
    expect(messageOf(() => scanSource(dir))).toBe(
      `${dir}: is a feature store; train on it, or extract the audio that it was made from`,
    );
  });

  it("reads audio below a folder with the files of a store or a run", () => {
    const dir = makeFolder();
    prepareStore(dir, frontEnd());
    new SourceIndex(dir).close();
    writeFiles(dir, {
      "checkpoint.safetensors": "x",
      "piano/checkpoint.safetensors": "x",
      "drums/b.wav": "x",
    });
    writeFiles(dir, { "piano/takes/1/a.wav": "x" });
    const names = ["drums/b.wav", "piano/takes/1/a.wav"];
    expect(scanSource(dir).clips.map(({ name }) => name)).toEqual(names);
    expect(findAudio(dir, () => {})).toEqual(names.map((name) => join(dir, name)));
  });

  it("reads audio in a folder that a link in a run's folder leads to, and ends where links loop", () => {
    const [dir, other] = [makeFolder(), makeFolder()];
    writeFiles(other, { "a.wav": "x" });
    writeFiles(dir, {
      "piano/checkpoint.safetensors": "x",
      "drums/b.wav": "x",
      "bass/checkpoint.safetensors": "x",
    });
    symlinkSync(other, join(dir, "piano", "takes"), "junction");
    symlinkSync(join(dir, "bass"), join(dir, "bass", "again"), "junction");
    expect(scanSource(dir)).toMatchObject({
      clips: [{ name: "drums/b.wav" }, { name: "piano/takes/a.wav" }],
      problems: [],
    });
  });
});
