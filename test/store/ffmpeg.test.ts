import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { frontEnd } from "../../src/features/front-end.js";
import { openAudioFile } from "../../src/store/open-audio-file.js";
import { makeFolder, toneWav, writeFiles } from "./files.js";
import { type Act, actFile, standInFfmpeg, withoutFfmpeg } from "./stand-in-ffmpeg.js";

// Workers run compiled files only: test/build.ts builds them first.
const compiled = new URL("../../dist/src/store/extract.js", import.meta.url).href;
const { extractFeatures } = (await import(compiled)) as typeof import("../../src/store/extract.js");

const fixtures = new URL("../audio/fixtures/", import.meta.url);

/** Writes a file with which the stand-in does this, and returns its path. */
function fileOf(act: Act, name = "a.amr"): string {
  const dir = makeFolder();
  writeFiles(dir, { [name]: actFile(act) });
  return join(dir, name);
}

/** All samples of a file, and its warnings. */
async function read(path: string) {
  const { blocks, warnings, ...rest } = await openAudioFile(path);
  const channels: number[][] = Array.from({ length: rest.format.channels }, () => []);
  for await (const block of blocks) for (const [c, samples] of block.entries()) channels[c].push(...samples);
  return { ...rest, channels, warnings: warnings.map(({ code, message }) => `${code}: ${message}`) };
}

const callsOf = (file: string): { pid: number; args: string[] }[] =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

/** Whether a process is running, a zombie included. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const CONVERTED = "converted: decoded by ffmpeg 9.8.7 (AMR_NB)";

describe.skipIf(process.platform === "win32")("a file that ffmpeg decodes", () => {
  it("gives ffmpeg's samples, with one warning that says so", async () => {
    standInFfmpeg();
    const path = fileOf({ rate: 16000, channels: 2, samples: [0.5, -0.5, 0.25, -1.5] });
    expect(await read(path)).toEqual({
      format: { container: "AMR", encoding: "AMR_NB", channels: 2, sampleRate: 16000 },
      declaredSamples: null,
      channels: [
        [0.5, 0.25],
        [-0.5, -1.5],
      ],
      warnings: [CONVERTED],
    });
  });

  it("knows the length that the file declares, unless ffmpeg guesses", async () => {
    standInFfmpeg();
    const before = ["[info]   Duration: 01:00:02.50, start: 0.0, bitrate: 12 kb/s"];
    const declared = await read(fileOf({ rate: 8000, samples: [0.5], before }));
    expect(declared.declaredSamples).toBe(3602.5 * 8000);
    before.unshift("[aac @ 0x55fc] [warning] Estimating duration from bitrate, this may be inaccurate");
    expect((await read(fileOf({ rate: 8000, samples: [0.5], before }))).declaredSamples).toBeNull();
  });

  it("gives many samples in blocks", async () => {
    standInFfmpeg();
    const { channels } = await read(
      fileOf({ rate: 8000, channels: 3, samples: [1, 2, 3], nZeroBytes: 12e5 }),
    );
    expect(channels.map((samples) => samples.length)).toEqual([100_001, 100_001, 100_001]);
    expect(channels.map(([first]) => first)).toEqual([1, 2, 3]);
  });

  it.each([["-y.amr"], ["concat:x|y.amr"], ["https:x.amr"], ["a b%20'\"$(x).amr"], ["\u00e9\n.amr"]])(
    "may be named %j",
    async (name) => {
      const calls = standInFfmpeg();
      const path = fileOf({ rate: 8000, samples: [0.5] }, name);
      expect((await read(path)).channels).toEqual([[0.5]]);
      const [{ args }] = callsOf(calls);
      expect(args[args.indexOf("-i") + 1]).toBe(`file:${path}`);
      expect(args.slice(0, args.indexOf("-i")).join(" ")).toContain("-protocol_whitelist file");
    },
  );

  it("is an error with the remedy if there is no ffmpeg", async () => {
    withoutFfmpeg();
    const path = fileOf({ rate: 8000, samples: [0.5] });
    await expect(read(path)).rejects.toMatchObject({
      name: "DataError",
      message: `${path}: AMR needs ffmpeg; install it, or convert the file to WAV or FLAC`,
    });
  });

  it.each<[string, Act, string]>([
    [
      "cannot read it",
      {
        before: [
          "\u001b[31m[mov,mp4 @ 0x55c7] [error] moov atom \u001b[31mnot\b found",
          "[error] file:x: Invalid data",
        ],
        exit: 1,
      },
      "ffmpeg cannot read it as AMR: moov atom not  found",
    ],
    ["ends without a word", { before: [], exit: 3 }, "ffmpeg cannot read it as AMR: it gave no audio"],
    [
      "gives no samples",
      { rate: 8000 },
      "AMR (AMR_NB) decoding gave no samples; the file is damaged or empty",
    ],
    [
      "gives samples that are not finite",
      { rate: 8000, samples: [0, Number.MAX_VALUE] },
      "sample 1 of channel 0 (at 0.000 s) is Infinity, not a finite number",
    ],
    ["gives a rate of 0", { rate: 0 }, "has a sample rate of 0 Hz, timbrel reads 4000 to 384000 Hz"],
  ])("is an error if ffmpeg %s", async (_, act, reason) => {
    standInFfmpeg();
    const path = fileOf(act);
    await expect(read(path)).rejects.toMatchObject({ name: "DataError", message: `${path}: ${reason}` });
  });

  it("is an error if ffmpeg writes something else", async () => {
    standInFfmpeg();
    await expect(read(fileOf({ garbage: true, hang: true }))).rejects.toThrow(
      "ffmpeg cannot read it as AMR: it gave no audio",
    );
  });

  it.each<[string, Act, string]>([
    [
      "could not decode parts",
      { rate: 8000, samples: [0.5], after: ["[aac @ 0x1] [error] Input buffer exhausted", "[error] More"] },
      "damaged: ffmpeg had problems with it: Input buffer exhausted",
    ],
    [
      "stopped early",
      { rate: 8000, samples: [0.5], exit: 1 },
      "damaged: ffmpeg had problems with it: exit code 1",
    ],
  ])("has one more warning if ffmpeg %s", async (_, act, warning) => {
    standInFfmpeg();
    const { channels, warnings } = await read(fileOf(act));
    expect(channels).toEqual([[0.5]]);
    expect(warnings).toEqual([CONVERTED, warning]);
  });

  it.each<[string, Act]>([
    ["writes on", { rate: 8000, samples: [0.5], nZeroBytes: 1e9 }],
    ["hangs", { rate: 8000, samples: [0.5], nZeroBytes: 3e5, hang: true }],
  ])("ends an ffmpeg that %s when the reader stops", async (_, act) => {
    const calls = standInFfmpeg();
    for await (const [block] of (await openAudioFile(fileOf(act))).blocks) {
      expect(block[0]).toBe(0.5);
      expect(isRunning(callsOf(calls)[0].pid)).toBe(true);
      break;
    }
    expect(isRunning(callsOf(calls)[0].pid)).toBe(false);
  });

  it("may be a WAV file of an encoding that timbrel does not read, never a file that is no audio", async () => {
    const calls = standInFfmpeg();
    const dir = makeFolder();
    writeFiles(dir, {
      "a.wav": "text",
      "b.png": "\u0089PNG\r\n",
      "c.pdf": "%PDF-1.4",
      "d.zip": "PK\u0003\u0004",
    });
    for (const name of ["a.wav", "b.png", "c.pdf", "d.zip"])
      await expect(read(join(dir, name))).rejects.toThrow("not audio that timbrel reads");
    expect(() => callsOf(calls)).toThrow("ENOENT");
    withoutFfmpeg();
    const gsm = new URL("gsm.wav", fixtures).pathname;
    await expect(read(gsm)).rejects.toThrow("WAV (GSM 6.10) needs ffmpeg; install it");
  });
});

describe.skipIf(process.platform === "win32")("a folder with files that ffmpeg decodes", () => {
  const small = frontEnd({ sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 16 });
  const amr = actFile({ rate: 8000, samples: Array.from({ length: 2000 }, (_, n) => Math.sin(n) / 2) });
  function folder(): string {
    const dir = makeFolder();
    writeFiles(dir, {
      "x/a.amr": amr,
      "x/b.wav": toneWav(440),
      "y/blob": "\0\u0001\u0002",
      "y/c": toneWav(880),
    });
    return dir;
  }

  it("is extracted with a warning for each of them; a file that is no audio is a line and left out", async () => {
    standInFfmpeg();
    const dir = folder();
    const { store, failed, problems } = await extractFeatures(dir, join(makeFolder(), "s"), {
      frontEnd: small,
    });
    expect(store.clips.map(({ name, nFrames }) => [name, nFrames])).toEqual([
      ["x/a.amr", 16],
      ["x/b.wav", 16],
      ["y/c", 16],
    ]);
    expect(failed).toBe(1);
    expect([...problems].sort()).toEqual([
      `${dir}/x/a.amr: warning: decoded by ffmpeg 9.8.7 (AMR_NB)`,
      expect.stringContaining(`${dir}/y/blob: not audio that timbrel reads`),
    ]);
  });

  it("is extracted without them if there is no ffmpeg, with a line for each", async () => {
    withoutFfmpeg();
    const dir = folder();
    const { store, failed, problems } = await extractFeatures(dir, join(makeFolder(), "s"), {
      frontEnd: small,
    });
    expect(store.clips.map(({ name }) => name)).toEqual(["x/b.wav", "y/c"]);
    expect(failed).toBe(2);
    expect(problems).toContain(
      `${dir}/x/a.amr: AMR needs ffmpeg; install it, or convert the file to WAV or FLAC`,
    );
  });
});

// What the stand-in imitates, where the real one is installed.
describe.skipIf(spawnSync("ffmpeg", ["-version"]).status !== 0)("the real ffmpeg", () => {
  it("reads what timbrel does not, in WAV and elsewhere", async () => {
    const adpcm = await read(new URL("ms-adpcm.wav", fixtures).pathname);
    expect(adpcm.format).toEqual({ container: "WAV", encoding: "ADPCM_MS", channels: 2, sampleRate: 22050 });
    expect(adpcm.warnings).toEqual([
      expect.stringMatching(/^converted: decoded by ffmpeg [\w.-]+ \(ADPCM_MS\)$/),
    ]);

    const dir = makeFolder();
    writeFiles(dir, { "a.wav": toneWav(440, 1) });
    const matroska = join(dir, "-i.mka");
    execFileSync("ffmpeg", [
      "-v",
      "error",
      "-i",
      join(dir, "a.wav"),
      "-c:a",
      "pcm_s16le",
      `file:${matroska}`,
    ]);
    const [direct, converted] = [await read(join(dir, "a.wav")), await read(matroska)];
    expect(converted.channels).toEqual(direct.channels);
    expect(converted.format).toMatchObject({ container: "Matroska or WebM", encoding: "PCM_S16LE" });
    expect(converted.declaredSamples).toBe(8000);
  });

  it("says what is wrong with a file", async () => {
    const dir = makeFolder();
    writeFiles(dir, { "a.m4a": "\0\0\0\u0020ftypM4A and nothing more" });
    await expect(read(join(dir, "a.m4a"))).rejects.toThrow(
      /a\.m4a: ffmpeg cannot read it as MP4 \(AAC or ALAC\): [^\n]+$/,
    );
  });
});
