import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { interruptible } from "../../src/commands/interrupt.js";
import { FRONT_END, makeFolder, NET, timbrel, toneWav, write, writeTones } from "./cli.js";

it("extract stops cleanly on Ctrl-C, and the same command finishes it", async () => {
  const dir = makeFolder();
  const n = 240;
  for (let i = 0; i < n; i++) write(dir, `audio/c${i % 2}/${i}.wav`, toneWav(200 + i, { durationSec: 1 }));
  const args = ["extract", "audio", "--out", "features", "--workers", "1"];
  const stopped = await timbrel(dir, args, { interruptAt: /extracting \d+ %/ });
  expect(stopped.code).toBe(130);
  expect(stopped.stdout).toBe("");
  expect(stopped.stderr).toMatch(
    /stopped with \d+ clips done, 0 failed; to continue, run it again:\n {2}npm run extract -- audio --out features --workers 1\n$/,
  );

  const early = await timbrel(dir, ["train", "features", "--out", "run"]);
  expect(early.code).toBe(1);
  expect(early.stderr).toContain("extract the same source into it again");

  const { code, stdout } = await timbrel(dir, args);
  expect(code).toBe(0);
  const [, made, reused] = /(\d+) new, (\d+) reused, 0 left out/.exec(stdout)!.map(Number);
  expect(made + reused).toBe(n);
  expect(reused).toBeGreaterThan(0);
});

it("train stops cleanly on Ctrl-C, and --resume ends in the same bits", async () => {
  const dir = makeFolder();
  writeTones(join(dir, "audio"), { low: 200, high: 2000 }, 20);
  expect((await timbrel(dir, ["extract", "audio", "--out", "features", ...FRONT_END])).code).toBe(0);
  const train = (out: string) => [
    "train",
    "features",
    "--out",
    out,
    "--epochs",
    "15",
    "--batch-size",
    "2",
    ...NET,
  ];
  const stopped = await timbrel(dir, train("run"), { interruptAt: /^1 .*\*$/ });
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toMatch(
    /stopped; epoch \d+ is kept \(the best so far is \d+\); to continue:\n {2}npm run train -- features --out run --resume --threads 1\na run calibrates its model when it ends; to end it here and calibrate the best so far:\n {2}npm run calibrate -- run\/model\.onnx features\n$/,
  );
  const resume = ["train", "features", "--out", "run", "--resume", "--threads", "1"];
  const resumed = await timbrel(dir, resume, { interruptAt: /^report 50 %/ });
  expect(resumed.code).toBe(130);
  expect(resumed.stdout).toMatch(/^15 /m);
  expect(resumed.stdout).not.toMatch(/^1 /m);
  expect(resumed.stderr).toMatch(
    /stopped before the report was written; the run is whole, and to write its report:\n {2}npm run train -- features --out run --resume --threads 1\n$/,
  );
  const reports = () => readdirSync(join(dir, "run")).filter((name) => /report|CARD/.test(name));
  expect(reports()).toEqual([]);
  const reported = await timbrel(dir, resume);
  expect([reported.code, reported.stdout]).toEqual([0, expect.stringMatching(/^report: /m)]);
  expect(reports().sort()).toEqual(["MODEL_CARD.md", "report.html", "report.json"]);

  await timbrel(dir, train("whole"));
  const weights = (run: string) => readFileSync(join(dir, run, "model.onnx"), "base64");
  expect(weights("run")).toBe(weights("whole"));
});

it("Ctrl-C ends a command at once while there is nothing to lose, even within a long loop", async () => {
  const dir = makeFolder();
  writeTones(join(dir, "audio"), { low: 200, high: 2000 }, 3);
  // Before the first file is read; null: the signal itself ended the process.
  const extracting = await timbrel(dir, ["extract", "audio", "--out", "features"], {
    interruptAt: /^front end/,
  });
  expect([extracting.code, existsSync(join(dir, "features"))]).toEqual([null, false]);
  const predicting = await timbrel(dir, ["predict", "audio"], { interruptAt: /low.0\.wav/ });
  expect(predicting.code).toBeNull();
  expect(predicting.stdout).not.toContain("low/2.wav");
});

it("predict leaves nothing of a file that it was writing", async () => {
  const dir = makeFolder();
  const old = "file,start,end,predicted,organ\n";
  write(dir, "tags.csv", old);
  write(dir, "some/short.wav", toneWav(440, { durationSec: 0.05 }));
  write(dir, "some/tone.wav", toneWav(440));
  const { code } = await timbrel(dir, ["predict", "some", "--format", "csv", "--out", "tags.csv"], {
    interruptAt: /short\.wav: warning/,
  });
  expect(code).toBe(130);
  expect(readdirSync(dir).filter((name) => name.includes("tags"))).toEqual(["tags.csv"]);
  expect(readFileSync(join(dir, "tags.csv"), "utf8")).toBe(old);
});

it("work is stopped gently only between its begin and its end", async () => {
  const listeners = () => process.listenerCount("SIGINT");
  const before = listeners();
  const found: number[] = [];
  await interruptible("after this step", async ({ begin, end, signal }) => {
    found.push(listeners());
    begin();
    begin();
    found.push(listeners());
    end();
    found.push(listeners(), Number(signal.aborted));
  });
  expect(found).toEqual([before, before + 1, before, 0]);
});

it("a command that was stopped ends with exit code 130, even if nothing was left to do", async () => {
  const [code, write] = [process.exitCode, process.stderr.write];
  process.stderr.write = () => true;
  try {
    await interruptible("after this step", async ({ begin, signal }) => {
      begin();
      process.emit("SIGINT");
      expect(signal.aborted).toBe(true);
    });
    expect(process.exitCode).toBe(130);
  } finally {
    process.exitCode = code;
    process.stderr.write = write;
  }
});

it.skipIf(process.platform === "win32").each([
  ["predict", "--out", "tags.csv", "--format", "csv"],
  ["embed", "--out", "embeddings"],
])("Ctrl-C ends %s while it waits for a pipe that nobody writes to", async (verb, ...options) => {
  const dir = makeFolder();
  write(dir, "a.wav", toneWav(300));
  execFileSync("mkfifo", [join(dir, "pipe")]);
  // What is said about the first file, right before the second is opened.
  const interruptAt = /embedding 50 %|a\.wav: warning/;
  const { code } = await timbrel(dir, [verb, "a.wav", "pipe", ...options], { interruptAt });
  expect(code).toBe(130);
  expect(readdirSync(dir)).not.toContain("tags.csv");
});
