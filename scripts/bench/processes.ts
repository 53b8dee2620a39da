import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const python = resolve(".venv/bin/python");
/** Whether scripts/peers.sh has installed the peers. */
export const hasPeers = existsSync(python);

const peerScript = (name: string) => join("scripts/bench/peers", `${name}.py`);

/** The time of a whole process [ms]; its output is thrown away. */
export function timeProcess(file: string, options: readonly string[], env: NodeJS.ProcessEnv = {}): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(file, options, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${file} ${options.join(" ").slice(0, 200)} failed:\n${stderr}`);
  return performance.now() - start;
}

/** The time of a verb of timbrel, start of the process included [ms]. */
export const timbrel = (...options: string[]) =>
  timeProcess(process.execPath, ["dist/bin/cli.js", ...options]);

const PEAK = fileURLToPath(new URL("./peak-memory.js", import.meta.url));

/**
 * The time of a verb of timbrel [ms], and the most memory that it took [MB].
 * @param scratch file that may be written
 */
export function measureTimbrel(scratch: string, ...options: string[]): { ms: number; peakMb: number } {
  const command = ["--import", PEAK, "dist/bin/cli.js", ...options];
  const ms = timeProcess(process.execPath, command, { TIMBREL_PEAK_FILE: scratch });
  return { ms, peakMb: Number(readFileSync(scratch, "utf8")) };
}

/** The time of a peer's script, start of the process included [ms]. */
export const timePeer = (name: string, ...options: string[]) =>
  timeProcess(python, [peerScript(name), ...options]);

/** The times that a peer measured itself [ms]. */
export function askPeer(name: string, ...options: string[]): Record<string, number> {
  const answer = execFileSync(python, [peerScript(name), ...options], { encoding: "utf8" });
  const { version, ms } = JSON.parse(answer) as { version: string; ms: Record<string, number> };
  return Object.fromEntries(
    Object.entries(ms).map(([way, time]) => [
      /^(eager|compiled)/.test(way) ? `${version} ${way}` : way,
      time,
    ]),
  );
}

/** The time of a task in TensorFlow.js [ms]; none where it is not installed. */
export function askTfjs(task: string): Record<string, number> {
  const packages = ".venv/tfjs";
  if (!existsSync(packages)) return {};
  const answer = execFileSync(process.execPath, ["scripts/bench/peers/tfjs.mjs", packages, "20"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"], // it looks for a graphics card
  });
  const { version, ms } = JSON.parse(answer) as { version: string; ms: Record<string, number> };
  return { [version]: ms[task] };
}

/** Makes an MP3 of a WAV file with the peers' encoder. */
export function writeMp3(wav: string, mp3: string): void {
  mkdirSync(dirname(mp3), { recursive: true });
  execFileSync(python, [peerScript("mp3"), "--write", wav, mp3]);
}
