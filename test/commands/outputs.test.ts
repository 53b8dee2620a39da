import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { FRONT_END, jsonLines, makeFolder, timbrel, toneWav, write, writeTones } from "./cli.js";

const CLI = fileURLToPath(new URL("../../dist/bin/cli.js", import.meta.url));

/** Runs a shell line in a folder; `timbrel` in it is the command. */
function shell(cwd: string, line: string) {
  const script = `timbrel() { "${process.execPath}" "${CLI}" "$@"; }; ${line}`;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { cwd, encoding: "utf8" });
  return { code: status, stdout, stderr };
}

describe("what cannot be written", () => {
  const dir = makeFolder();
  write(dir, "tone.wav", toneWav(440));
  write(dir, "file", "");
  symlinkSync("loop.png", join(dir, "loop.png"));
  mkdirSync(join(dir, "folder"));

  it.runIf(existsSync("/dev/full"))("is named on one line if it is a full stdout", () => {
    expect(shell(dir, "timbrel summary > /dev/full")).toEqual({
      code: 1,
      stdout: "",
      stderr: "timbrel: standard output: cannot be written: no space is left on the device\n",
    });
  });

  it.runIf(existsSync("/dev/full"))("does not matter if it is a full or closed stderr", () => {
    expect(shell(dir, "timbrel inspect nothing.wav tone.wav 2> /dev/full")).toMatchObject({ code: 1 });
    const { stdout } = shell(
      dir,
      "(timbrel inspect nothing.wav tone.wav 2>&1 > out; echo code $? >> out) | true; cat out",
    );
    expect(stdout).toMatch(/^tone\.wav\n {2}format[\s\S]*\ncode 1\n$/);
  });

  it.each([
    ["--png missing/tone.png", "missing/tone.png: cannot be written: its folder does not exist"],
    ["--png loop.png", "loop.png: cannot be written: it is a loop of links"],
  ])("is named by inspect %s, after what it found", async (flags, message) => {
    const { code, stdout, stderr } = await timbrel(dir, ["inspect", "tone.wav", ...flags.split(" ")]);
    expect([code, stderr]).toEqual([1, `timbrel: ${message}\n`]);
    expect(stdout).toMatch(/^tone\.wav\n {2}format/);
  });

  it.each([
    [
      "ulimit -f 1; timbrel inspect tone.wav --waveform big.npy",
      "big.npy: cannot be written: the file would be larger than the limit",
    ],
    [
      "timbrel inspect file/tone.wav",
      "file/tone.wav: cannot be read: a part of its path is a file, not a folder",
    ],
    ["timbrel predict loop.png", "loop.png: cannot be read: it is a loop of links"],
    ["timbrel extract loop.png --out features", "loop.png: cannot be read: it is a loop of links"],
    ["timbrel train loop.png --out run", "loop.png: cannot be read: it is a loop of links"],
    ["timbrel evaluate loop.png features", "loop.png: cannot be read: it is a loop of links"],
  ])("gives one line with path and reason: %s", (line, message) => {
    const { code, stderr } = shell(dir, line);
    expect(code).toBe(1);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(`timbrel: ${message}`);
    expect(stderr).not.toContain("    at ");
  });
});

it("escape codes in labels and names of files do not reach the terminal", async () => {
  const dir = makeFolder();
  const [label, name] = ["\u001b[31mred\u009b2J", "a\u001b]0;x\u0007\n\u007f.wav"];
  writeTones(join(dir, "audio"), { [label]: 200, plain: 2000 }, 12);
  write(dir, `audio/plain/${name}`, "no audio");
  write(dir, name, toneWav(440));
  const train = [
    "train",
    "features",
    "--out",
    "run",
    "--net",
    "mlp",
    "--segment-frames",
    "8",
    "--epochs",
    "1",
  ];
  const outcomes = [
    await timbrel(dir, ["extract", "audio", "--out", "features", ...FRONT_END]),
    await timbrel(dir, train),
    await timbrel(dir, ["evaluate", "run/model.onnx", "features"]),
    await timbrel(dir, ["predict", name, "--model", "run/model.onnx"]),
    await timbrel(dir, ["inspect", name, `no ${name}`]),
  ];
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 1]);
  for (const { stdout, stderr } of outcomes) expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]/u);
  expect(outcomes[0].stderr).toContain("audio/plain/a\\u001b]0;x\\u0007\\n\\u007f.wav: ");
  expect(outcomes[3].stdout).toContain("\\u001b[31mred\\u009b2J");
  const { stdout } = await timbrel(dir, ["predict", name, "--model", "run/model.onnx", "--json"]);
  expect(stdout).toMatch(/^[ -~]+\n$/);
  const [{ file, tags }] = jsonLines(stdout) as [{ file: string; tags: { label: string }[] }];
  expect([file, tags.map((tag) => tag.label).sort()]).toEqual([name, [label, "plain"]]);
  expect(readdirSync(join(dir, "run")).length).toBeGreaterThan(2);
});

describe("an output of inspect", () => {
  const dir = makeFolder();
  const wav = toneWav(440);
  write(dir, "a.wav", wav);
  write(dir, "b.wav", wav);
  symlinkSync("a.wav", join(dir, "link.wav"));

  it.each([
    ["a.wav --waveform a.wav", "--waveform must name a file of its own, got a.wav, which is read"],
    ["a.wav --features link.wav", "--features must name a file of its own, got link.wav, which is read"],
    [
      "b.wav --png a.wav",
      "--png must name a new file, or a PNG file to replace, got a.wav, which is another kind of file",
    ],
    [
      "a.wav --waveform x.npy --features x.npy",
      "--features must name a file of its own, got x.npy, which --waveform names too",
    ],
    ["a.wav --features ./", "--features must name a file, got ./, which is a folder"],
    ["a.wav --png x.jpg", "--png must name a file ending in .png, got x.jpg"],
    ["a.wav --waveform x.wav", "--waveform must name a file ending in .npy, got x.wav"],
  ])("does not replace a recording or another output: %s", async (args, message) => {
    const { code, stderr } = await timbrel(dir, ["inspect", ...args.split(" ")]);
    expect([code, stderr]).toEqual([2, `timbrel: ${message}\n`]);
    expect(readdirSync(dir).sort()).toEqual(["a.wav", "b.wav", "link.wav"]);
    for (const name of ["a.wav", "b.wav"]) expect(readFileSync(join(dir, name)).equals(wav)).toBe(true);
  });

  it.skipIf(process.platform === "win32")("does not replace a device or a pipe", async () => {
    spawnSync("mkfifo", [join(dir, "pipe.png")]);
    const { code, stderr } = await timbrel(dir, ["inspect", "a.wav", "--png", "pipe.png"]);
    expect([code, stderr]).toEqual([
      2,
      "timbrel: --png must name a file, got pipe.png, which is a device or a pipe\n",
    ]);
    expect(statSync(join(dir, "pipe.png")).isFIFO()).toBe(true);
    rmSync(join(dir, "pipe.png"));
  });

  it("replaces one of its kind", async () => {
    const args = ["inspect", "a.wav", "--png", "a.png"];
    for (const _ of [1, 2]) expect((await timbrel(dir, args)).code).toBe(0);
    rmSync(join(dir, "a.png"));
  });
});

it("an answer to no file at all replaces none", async () => {
  const dir = makeFolder();
  const old = "file,start,end,predicted,organ\n";
  write(dir, "tags.csv", old);
  write(dir, "bad.wav", "not audio");
  const { code } = await timbrel(dir, ["predict", "bad.wav", "--format", "csv", "--out", "tags.csv"]);
  expect([code, readFileSync(join(dir, "tags.csv"), "utf8")]).toEqual([1, old]);
  expect(readdirSync(dir).sort()).toEqual(["bad.wav", "tags.csv"]);
});
