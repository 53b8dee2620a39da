import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { FRONT_END, makeFolder, timbrel, toneWav, write, writeTones } from "./cli.js";

let dir: string;
beforeAll(() => {
  dir = makeFolder();
  writeTones(join(dir, "good"), { low: 200, high: 2000 }, 6);
  writeTones(join(dir, "copies"), { low: 200, high: 2000 }, 6);
  for (let i = 0; i < 5; i++) write(dir, `copies/harp/${i}.wav`, toneWav(440));
  writeTones(join(dir, "held-out/test"), { low: 200, high: 2000 }, 2);
});

const extract = (source: string, ...more: string[]) =>
  timbrel(dir, ["extract", source, "--out", `${source}-features`, ...FRONT_END, ...more]);

const TOO_FEW =
  "every class needs 3 independent clips to be in train, validation and test, but harp has 1 (harp/0.wav, harp/1.wav and 3 more have the same audio: these count as one); add recordings, name the splits in a manifest, or leave rare classes out";

it("says at extract, in the words of train, why a run would not start, and fails with --strict", async () => {
  const extracted = await extract("copies", "--strict");
  expect(extracted.code).toBe(1);
  expect(extracted.stdout).toMatch(/^copies-features: 17 clips of 3 classes/);
  expect(extracted.stdout).toContain(
    `cannot train on these clips: ${TOO_FEW}\nto evaluate a model on them: npm run evaluate -- <model> copies-features\n`,
  );
  expect(extracted.stdout).not.toContain("next:");
  expect(extracted.stderr).toContain(
    "warning: 4 files are copies of others, e.g. harp/1.wav of harp/0.wav: copies stay in one split, and count several times; leave them out with --drop-copies\n",
  );
  const trained = await timbrel(dir, ["train", "copies-features", "--out", "run"]);
  expect([trained.code, trained.stderr]).toEqual([1, `timbrel: ${TOO_FEW}\n`]);
});

it("leaves copies out with --drop-copies, and names flags of train in what it says about training", async () => {
  write(dir, "copies/harp/other.wav", toneWav(460));
  const { code, stdout, stderr } = await extract("copies", "--drop-copies");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^copies-features: 14 clips of 3 classes.*\n {2}\d+ new, \d+ reused, 0 left out, 4 copies dropped, /,
  );
  expect(stderr).toContain("harp/4.wav: warning: dropped: same audio as harp/0.wav\n");
  expect(stdout).toContain(
    "but harp has 2; add recordings, name the splits in a manifest, leave rare classes out, or set --test-fraction to 0\n",
  );
});

it("names a command that trains, with a net that fits the front end", async () => {
  const { stdout } = await extract("good");
  const next =
    stdout
      .match(/^next: npm run (.*)$/m)?.[1]
      .replace(" --", "")
      .split(" ") ?? [];
  expect(next).toEqual(["train", "good-features", "--out", "models/mine", "--channels", "16,32,64,128"]);
  const trained = await timbrel(dir, [...next, "--epochs", "1", "--threads", "1"]);
  expect([trained.code, trained.stdout]).toEqual([
    0,
    expect.stringContaining("model: models/mine/model.onnx"),
  ]);
});

it("does not call clips flawed that are only for tests", async () => {
  const { code, stdout } = await extract("held-out", "--strict");
  expect(code).toBe(0);
  expect(stdout).toContain("cannot train on these clips: every clip names the test split");
});

it("names the flag for the longest file in the line of every file, and in the error", async () => {
  const { code, stderr } = await timbrel(dir, [
    "extract",
    "held-out",
    "--out",
    "long",
    "--max-duration",
    "0.1",
  ]);
  expect(code).toBe(1);
  const reason = "lasts more than 0.1 s; raise --max-duration, or cut it";
  expect(stderr.split(reason)).toHaveLength(6);
  expect(stderr).not.toContain("maxDurationSec");
});
