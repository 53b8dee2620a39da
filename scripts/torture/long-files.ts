import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runMeasured } from "./measured-run.js";
import { CLI } from "./programs.js";
import type { Torture } from "./torture.js";

const HOURS = 12;
const LIMIT_MB = 400;

/** Writes 12 hours of 44.1 kHz stereo as a sparse WAV file with sizes that its header cannot hold. */
function writeSilence(path: string): void {
  const header = Buffer.alloc(44);
  header.write("RIFF\xff\xff\xff\xffWAVEfmt ", "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(44_100, 24);
  header.writeUInt32LE(4 * 44_100, 28);
  header.writeUInt16LE(4, 32);
  header.writeUInt16LE(16, 34);
  header.write("data\xff\xff\xff\xff", 36, "latin1");
  const fd = openSync(path, "w");
  writeSync(fd, header);
  ftruncateSync(fd, 44 + HOURS * 3600 * 44_100 * 4);
  closeSync(fd);
}

/** Encodings that ffmpeg makes, if it is installed: 12 hours of noise. */
const ENCODED: readonly (readonly [string, readonly string[]])[] = [
  ["noise.mp3", ["-b:a", "64k"]],
  ["noise.flac", ["-compression_level", "0"]],
  ["noise.ogg", ["-c:a", "libvorbis", "-q:a", "0"]],
  ["noise.opus", ["-c:a", "libopus", "-b:a", "32k"]],
  ["noise.m4a", ["-b:a", "64k"]],
];

/** Extracts, tags and inspects 12-hour files of every format: each command must stay under 400 MB. */
export const torture: Torture = {
  name: "long files",
  async run({ say }) {
    const dir = mkdtempSync(join(tmpdir(), "timbrel-torture-long-"));
    const faults: string[] = [];
    let tried = 0;
    try {
      writeSilence(join(dir, "silence.wav"));
      const files = ["silence.wav"];
      for (const [name, options] of ENCODED) {
        const source = `anoisesrc=r=44100:a=0.1:d=${HOURS * 3600}`;
        const args = ["-v", "error", "-f", "lavfi", "-i", source, ...options, name];
        if (spawnSync("ffmpeg", args, { cwd: dir }).status === 0) files.push(name);
        else say(`${name}: not tried, since ffmpeg does not make it here`);
      }
      for (const file of files) {
        rmSync(join(dir, "features"), { recursive: true, force: true });
        const manifest = `require("node:fs").writeFileSync("one.csv", "path,label\\n${file},noise\\n")`;
        await runMeasured(dir, ["-e", manifest]);
        for (const command of [
          ["inspect", file],
          ["predict", file],
          ["extract", "one.csv", "--out", "features"],
        ]) {
          const { code, stderr, peakMb, seconds } = await runMeasured(dir, [CLI, ...command]);
          tried++;
          say(`${command[0]} ${file}: ${peakMb.toFixed(0)} MB, ${seconds.toFixed(0)} s`);
          if (code !== 0)
            faults.push(`${command[0]} ${file}: exit ${code}: ${stderr.trimEnd().split("\n").at(-1)}`);
          else if (peakMb > LIMIT_MB) faults.push(`${command[0]} ${file}: ${peakMb.toFixed(0)} MB`);
        }
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
    return { tried, faults };
  },
};
