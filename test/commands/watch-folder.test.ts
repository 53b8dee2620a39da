import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tinyModel } from "../tagging/tiny-model.js";
import { CLI, makeFolder, timbrel, toneWav, write } from "./cli.js";

const dir = makeFolder();
write(dir, "m.onnx", tinyModel());
write(dir, "tone.wav", toneWav(300));
write(dir, "incoming/old.wav", toneWav(400));

/** Resolves when a stream has said this. */
function said(stream: NodeJS.ReadableStream, text: string): Promise<void> {
  let all = "";
  return new Promise((resolve) => {
    stream.on("data", (chunk) => {
      all += chunk;
      if (all.includes(text)) resolve();
    });
  });
}

describe.skipIf(process.platform === "win32")("predict --watch-folder", () => {
  it("tags what arrives, in folders too, goes on after a bad file and a pipe, and ends with Ctrl-C", async () => {
    const child = spawn(
      process.execPath,
      [CLI, "predict", "--watch-folder", "incoming", "--model", "m.onnx", "--json"],
      {
        cwd: dir,
      },
    );
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    await said(child.stderr, "watching incoming; Ctrl-C ends\n");
    const bad = said(child.stderr, "bad.wav");
    write(dir, "incoming/bad.wav", "no audio");
    await bad;
    const pipe = said(child.stderr, "pipe.wav");
    execFileSync("mkfifo", [join(dir, "incoming/pipe.wav")]);
    await pipe;
    const arrived = said(child.stdout, "new.wav");
    mkdirSync(join(dir, "incoming/sub"));
    copyFileSync(join(dir, "tone.wav"), join(dir, "incoming/sub/new.wav"));
    await arrived;
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    expect(code).toBe(130);
    expect(stderr).toContain("timbrel: incoming/bad.wav: not audio that timbrel reads");
    expect(stderr).toContain("timbrel: incoming/pipe.wav: is not a regular file\n");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { file: string });
    expect(lines.map(({ file }) => file)).toEqual(["incoming/sub/new.wav"]);
  });

  it.each([
    [
      [],
      "timbrel: --watch-folder must be given where no audio files are, got neither; name a file or a folder to tag\n",
    ],
    [
      ["--watch-folder", "incoming", "--out", "tags.txt"],
      "timbrel: --watch-folder must be used without --out tags.txt, got both; send standard output to a file\n",
    ],
    [["--watch-folder", "nowhere"], "timbrel: nowhere: is not a folder, which could be watched\n"],
  ])("refuses %j", async (args, message) => {
    const { stderr, code } = await timbrel(dir, ["predict", "--model", "m.onnx", ...args]);
    expect([stderr, code]).toEqual([message, message.includes("nowhere") ? 1 : 2]);
  });
});
