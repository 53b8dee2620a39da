import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/audio/decode.js";
import { downmix } from "../../src/audio/downmix.js";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { resample } from "../../src/audio/resample.js";
import { fitCovariance } from "../../src/dataset/covariance.js";
import { featureSets } from "../../src/dataset/feature-set.js";
import { splitClips } from "../../src/dataset/splits.js";
import { standardizationOf } from "../../src/dataset/standardization.js";
import { DESCRIPTOR_NAMES, summarizeDescriptors } from "../../src/features/descriptors.js";
import { frontEnd, frontEndHash } from "../../src/features/front-end.js";
import { logMel } from "../../src/features/log-mel.js";
import { type ClipProgress, extractClip } from "../../src/store/extract-clip.js";
import { decodeNpy } from "../../src/store/npy.js";
import { openStore, prepareStore } from "../../src/store/store.js";
import { makeFolder, toneWav, writeFiles } from "./files.js";

// Workers run compiled files only: test/build.ts builds them first.
const compiled = new URL("../../dist/src/store/extract.js", import.meta.url).href;
const { extractFeatures } = (await import(compiled)) as typeof import("../../src/store/extract.js");

const small = frontEnd({ sampleRate: 8000, nFft: 256, hopLength: 128, nMels: 16 });

/** `n` tones in classes c0, c1 and c2. */
function toneFolder(n: number): string {
  const dir = makeFolder();
  writeFiles(
    dir,
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`c${i % 3}/${i}.wav`, toneWav(200 + 10 * i)])),
  );
  return dir;
}

const extract = (
  source: string,
  storeDir: string,
  more: Partial<Parameters<typeof extractFeatures>[2]> = {},
) => extractFeatures(source, storeDir, { frontEnd: small, nWorkers: 2, ...more });

/** Content of every file of a store by name, without the index, whose lines are in the order of finishing. */
function contentOf(storeDir: string): Record<string, string> {
  const names = readdirSync(storeDir, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(storeDir, name)).isFile() && name !== "sources.jsonl");
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(storeDir, name), "base64")]));
}

describe("extraction", () => {
  it("says how many clips came into the store's list and left it, also after a stopped run", async () => {
    const [first, second] = [toneFolder(3), toneFolder(17)]; // they share the 3 clips
    const storeDir = join(makeFolder(), "features");
    expect((await extract(first, storeDir)).change).toBeNull();
    expect((await extract(first, storeDir)).change).toEqual({ joined: 0, left: 0 });
    writeFiles(first, { "c0/new.wav": toneWav(900) });
    expect((await extract(first, storeDir)).change).toEqual({ joined: 1, left: 0 });

    const controller = new AbortController();
    const stopped = await extract(second, storeDir, {
      nWorkers: 1, // the first of two batches is done at the abort
      signal: controller.signal,
      onProgress: ({ done, reused }) => done > reused && controller.abort(),
    });
    expect([stopped.interrupted, stopped.change]).toEqual([true, null]);
    const { change, store } = await extract(second, storeDir);
    expect([change, store.clips.length]).toEqual([{ joined: 14, left: 1 }, 17]);
    writeFileSync(join(storeDir, "clips.jsonl"), "damaged");
    expect((await extract(second, storeDir)).change).toBeNull();
    expect(readdirSync(storeDir).sort()).toEqual(["clips", "clips.jsonl", "sources.jsonl", "store.json"]);
  });

  it("stores the front end's features and the descriptors of every clip", async () => {
    const source = makeFolder();
    const wav = toneWav(440, 0.3, 11025);
    writeFiles(source, { "sine/a.wav": wav });
    const storeDir = join(makeFolder(), "new/store");
    const { store, extracted, interrupted } = await extract(source, storeDir);
    expect([extracted, interrupted]).toEqual([1, false]);
    const { reader, ...opened } = openStore(storeDir);
    expect(opened).toEqual({ ...opened, clips: store.clips, frontEnd: small, dir: storeDir });
    expect(reader.nFrames(opened.clips[0])).toBe(store.clips[0].nFrames);

    const [clip] = store.clips;
    const waveform = resample(downmix(await decodeAudio(wav, "a.wav")), 8000);
    const stored = (path: string) => decodeNpy(readFileSync(join(storeDir, path)), path);
    expect(stored(clip.features)).toEqual(logMel(waveform, small));
    expect(stored(clip.descriptors)).toEqual({
      data: summarizeDescriptors(waveform),
      shape: [DESCRIPTOR_NAMES.length],
    });
    expect(clip).toMatchObject({ name: "sine/a.wav", labels: ["sine"], group: clip.audioHash, split: null });
    expect(clip.durationSec).toBeCloseTo(3308 / 11025, 12);
    expect(clip.nFrames).toBe(1 + Math.floor(waveform.samples.length / 128));
  });

  it("reports every bad file and every warning in a line, and goes on", async () => {
    const dir = makeFolder();
    const silence = encodeWav({ samples: new Float32Array(2000), sampleRate: 8000 });
    writeFiles(dir, {
      "m.csv":
        "path,label,group\ngood.wav,sine,g1\nempty.wav,sine,\nnoise.wav,sine,\nsilence.wav,rest,\ncopy.wav,flute,g2\n",
      "good.wav": toneWav(440),
      "copy.wav": toneWav(440),
      "empty.wav": "",
      "noise.wav": "this is no audio at all, whatever its name says",
      "silence.wav": silence,
    });
    const lines: string[] = [];
    const storeDir = join(makeFolder(), "s");
    const { store, failed, problems, findings, dropped } = await extract(join(dir, "m.csv"), storeDir, {
      onProblem: (line) => lines.push(line),
    });
    expect(lines).toEqual(problems);
    expect(failed).toBe(2);
    expect([...problems].sort()).toEqual([
      `${dir}/empty.wav: the file is empty`,
      expect.stringMatching(/noise\.wav: not audio that timbrel reads/),
      `${dir}/silence.wav: warning: all samples are zero`,
    ]);
    expect(dropped).toBe(0);
    expect(findings.map(({ code }) => code)).toEqual([
      "too-few-clips",
      "contradicting-copies",
      "joined-groups",
      "copies",
    ]);
    expect(store.clips.map(({ name, group }) => [name, group.slice(0, 2)])).toEqual([
      ["good.wav", "g1"],
      ["silence.wav", store.clips[1].audioHash.slice(0, 2)],
      ["copy.wav", "g2"],
    ]);
  });

  it("leaves copies out if asked to, and checks what is left", async () => {
    const dir = makeFolder();
    writeFiles(dir, { "a/1.wav": toneWav(440), "a/2.wav": toneWav(440), "a/3.wav": toneWav(550) });
    const storeDir = join(makeFolder(), "s");
    const { store, dropped, problems, findings } = await extract(dir, storeDir, { dropCopies: true });
    expect(openStore(storeDir).clips.map(({ name }) => name)).toEqual(["a/1.wav", "a/3.wav"]);
    expect([store.clips.length, dropped, problems]).toEqual([
      2,
      1,
      ["a/2.wav: warning: dropped: same audio as a/1.wav"],
    ]);
    expect(findings.map(({ code }) => code)).toEqual(["too-few-clips", "one-class"]);
  });

  it("gives the first ten files of a kind of harmless warning a line, and counts the rest", async () => {
    const source = makeFolder();
    const silence = (i: number) => encodeWav({ samples: new Float32Array(2000 + i), sampleRate: 8000 });
    writeFiles(source, Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`a/${i}.wav`, silence(i)])));
    const { problems, warnings } = await extract(source, join(makeFolder(), "s"));
    expect(problems).toHaveLength(11);
    expect(problems[10]).toMatch(
      /^3 more files: warning: silent, e\.g\. \S+\/a\/\d+\.wav all samples are zero$/,
    );
    expect(warnings).toHaveLength(13);
    expect(warnings[0]).toEqual({
      path: expect.stringContaining(`${source}/a/`),
      code: "silent",
      message: "all samples are zero",
    });
  });

  it("leaves out a file that is longer than allowed", async () => {
    const source = makeFolder();
    writeFiles(source, { "a/short.wav": toneWav(440, 0.5), "a/long.wav": toneWav(440, 0.6) });
    const { failed, problems } = await extract(source, join(makeFolder(), "s"), { maxDurationSec: 0.5 });
    expect([failed, problems]).toEqual([
      1,
      [`${source}/a/long.wav: lasts more than 0.5 s; raise \`maxDurationSec\`, or cut it`],
    ]);
    await expect(extract(source, join(makeFolder(), "s"), { maxDurationSec: 0 })).rejects.toThrow(
      "maxDurationSec must be a number greater than 0, got 0",
    );
  });

  it("reports every minute within a long file, and stops there", async () => {
    const [dir, storeDir] = [makeFolder(), makeFolder()];
    writeFiles(dir, { "long.wav": toneWav(440, 150, 4000) });
    const path = join(dir, "long.wav");
    const setup = {
      storeDir,
      frontEnd: small,
      frontEndHash: frontEndHash(small),
      knownHashes: new Set<string>(),
    };
    const seen: ClipProgress[] = [];
    const made = await extractClip(path, setup, (progress) => seen.push(progress));
    expect(made).toMatchObject({ kind: "made", durationSec: 150 });
    expect(seen.map(({ doneSec }) => Math.floor(doneSec / 60))).toEqual([1, 2]);
    expect(seen[0]).toMatchObject({ path, totalSec: 150 });

    const stop = new Int32Array(1);
    const empty = makeFolder();
    const stopped = await extractClip(path, { ...setup, storeDir: empty, stop }, () => stop.fill(1));
    expect(stopped).toEqual({ kind: "stopped" });
    expect(Object.keys(contentOf(empty))).toEqual([]);
  });

  it("fails with one line when no file can be used", async () => {
    const source = makeFolder();
    writeFiles(source, { "x/empty.wav": "" });
    await expect(extract(source, join(makeFolder(), "s"))).rejects.toThrow(
      `${source}: its only file could not be used; the problem: ${source}/x/empty.wav: the file is empty`,
    );
  });

  it("names no warning as the problem when no file can be used", async () => {
    const source = makeFolder();
    writeFiles(source, { "m.csv": "path;label\na.wav;x\nb.wav;x\n", "a.wav": "", "b.wav": "" });
    await expect(extract(join(source, "m.csv"), join(makeFolder(), "s"))).rejects.toThrow(
      /: none of its 2 files could be used; the first problem: \S+\/[ab]\.wav: the file is empty$/,
    );
  });

  it("ends at once when the store cannot be written", async () => {
    const storeDir = makeFolder();
    prepareStore(storeDir, small);
    writeFiles(storeDir, { clips: "a file where a folder belongs" });
    await expect(extract(toneFolder(20), storeDir)).rejects.toThrow(
      /^.+\/clips\/..: cannot be written: a part of its path is a file, not a folder$/,
    );
  });

  it("leaves out a file whose features are too large for a net, and names it", async () => {
    const source = toneFolder(1);
    const silence = { samples: new Float32Array(2000), sampleRate: 8000 };
    writeFiles(source, { "c1/silence.wav": encodeWav(silence) });
    const compression = { kind: "log1p", scale: 1e25 } as const; // its square is beyond 32-bit numbers
    const { store, problems } = await extract(source, join(makeFolder(), "features"), {
      frontEnd: frontEnd({ ...small, melNorm: "none", compression }),
    });
    expect(store.clips.map(({ name }) => name)).toEqual(["c1/silence.wav"]);
    expect(problems.filter((line) => !line.includes("warning"))).toEqual([
      `${source}/c0/0.wav: gives features that are too large to compute with; its samples or the front end's scale are too large`,
    ]);
  });

  it("takes decibels above any ref that 32-bit numbers hold, and names those that they do not", async () => {
    const source = toneFolder(1);
    const extracted = async (ref: number, amin: number) => {
      const compression = { kind: "powerToDb", ref, amin, topDb: null } as const;
      const { store, problems } = await extract(source, join(makeFolder(), "features"), {
        frontEnd: frontEnd({ ...small, melNorm: "none", power: 2, compression }),
      });
      return [store.clips.length, problems.filter((line) => !line.includes("warning"))];
    };
    expect(await extracted(1e-14, 1e-20)).toEqual([1, []]);
    await expect(extracted(1, 1e-36)).rejects.toThrow(
      "gives features that are too large to compute with; its samples are too large, or the front end's ref and amin too small",
    );
  });

  it("reports progress up to the total", async () => {
    const source = toneFolder(20);
    const seen: number[] = [];
    await extract(source, join(makeFolder(), "s"), { onProgress: ({ done }) => seen.push(done) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen[seen.length - 1]).toBe(20);
  });
});

describe("a second extraction", () => {
  it("computes only what is new", async () => {
    const source = toneFolder(5);
    const storeDir = join(makeFolder(), "s");
    await extract(source, storeDir);
    writeFiles(source, { "c1/new.wav": toneWav(777) });
    const { extracted, reused, store } = await extract(source, storeDir);
    expect([extracted, reused, store.clips.length]).toEqual([1, 5, 6]);
    expect(openStore(storeDir).clips).toEqual(store.clips);
  });
  it("repeats the warnings of the first", async () => {
    const source = toneFolder(1);
    writeFiles(source, { "c0/silence.wav": encodeWav({ samples: new Float32Array(999), sampleRate: 8000 }) });
    const storeDir = join(makeFolder(), "s");
    const first = await extract(source, storeDir);
    const second = await extract(source, storeDir);
    expect(second.problems).toEqual([`${source}/c0/silence.wav: warning: all samples are zero`]);
    expect([second.problems, second.extracted]).toEqual([first.problems, 0]);
  });
  it("trusts size and times, reads a touched file again, and computes only new content", async () => {
    const source = toneFolder(2);
    const storeDir = join(makeFolder(), "s");
    const path = join(source, "c0/0.wav");
    const [before] = (await extract(source, storeDir)).store.clips;
    const { atime, mtime } = statSync(path);
    utimesSync(path, atime, new Date(mtime.getTime() + 1000));
    expect(await extract(source, storeDir)).toMatchObject({ extracted: 0, reused: 2 });
    writeFiles(source, { "c0/0.wav": toneWav(999) });
    const { extracted, reused, store } = await extract(source, storeDir);
    expect([extracted, reused]).toEqual([1, 1]);
    expect(store.clips[0].audioHash).not.toBe(before.audioHash);
  });
  it("leaves out a reused file that is longer than allowed now, also under another name", async () => {
    const source = makeFolder();
    writeFiles(source, { "a/short.wav": toneWav(440, 0.5), "a/long.wav": toneWav(440, 0.6) });
    const storeDir = join(makeFolder(), "s");
    await extract(source, storeDir);
    writeFiles(source, { "a/long copy.wav": toneWav(440, 0.6) });
    const { extracted, reused, failed, problems, store } = await extract(source, storeDir, {
      maxDurationSec: 0.5,
    });
    const reason = "lasts more than 0.5 s; raise `maxDurationSec`, or cut it";
    expect(problems).toEqual([`${source}/a/long.wav: ${reason}`, `${source}/a/long copy.wav: ${reason}`]);
    expect([extracted, reused, failed, store.clips.map(({ name }) => name)]).toEqual([
      0,
      1,
      2,
      ["a/short.wav"],
    ]);
    expect(await extract(source, storeDir)).toMatchObject({ extracted: 0, reused: 3, failed: 0 });
  });
  it("sees that two files of equal size and modification time swapped names", async () => {
    const source = makeFolder();
    writeFiles(source, { "low/a.wav": toneWav(300), "high/a.wav": toneWav(900) });
    const [low, high] = [join(source, "low/a.wav"), join(source, "high/a.wav")];
    for (const path of [low, high]) utimesSync(path, 1e9, 1e9);
    const storeDir = join(makeFolder(), "s");
    const before = (await extract(source, storeDir)).store.clips.map(({ audioHash }) => audioHash);
    renameSync(low, join(source, "kept"));
    renameSync(high, low);
    renameSync(join(source, "kept"), high);
    const { extracted, reused, store } = await extract(source, storeDir);
    expect([extracted, reused]).toEqual([0, 2]);
    expect(store.clips.map(({ audioHash }) => audioHash)).toEqual(before.toReversed());
  });
  it("reads a file again whose entry has no time of its last change, and reuses its features", async () => {
    const source = toneFolder(1);
    const storeDir = join(makeFolder(), "s");
    await extract(source, storeDir);
    const index = join(storeDir, "sources.jsonl");
    const line = readFileSync(index, "utf8");
    writeFileSync(index, line.replace(/"ctimeMs":[\d.]+,/, ""));
    expect(await extract(source, storeDir)).toMatchObject({ extracted: 0, reused: 1 });
    expect(readFileSync(index, "utf8").endsWith(`}\n${line}`)).toBe(true);
  });
  it("knows the audio of a folder that was moved", async () => {
    const parent = makeFolder();
    writeFiles(parent, { "old/x/a.wav": toneWav(300), "old/x/b.wav": toneWav(400) });
    const storeDir = join(makeFolder(), "s");
    await extract(join(parent, "old"), storeDir);
    renameSync(join(parent, "old"), join(parent, "moved"));
    expect(await extract(join(parent, "moved"), storeDir)).toMatchObject({ extracted: 0, reused: 2 });
  });
  it("computes damaged features again", async () => {
    const source = toneFolder(3);
    const storeDir = join(makeFolder(), "s");
    const { store } = await extract(source, storeDir);
    const whole = contentOf(storeDir);
    truncateSync(join(storeDir, store.clips[0].features), 200);
    truncateSync(join(storeDir, store.clips[1].descriptors), 0);
    expect(await extract(source, storeDir)).toMatchObject({ extracted: 2, reused: 1 });
    expect(contentOf(storeDir)).toEqual(whole);
  });
  it("drops an incomplete line of the index, and continues on a new line", async () => {
    const source = toneFolder(4);
    const storeDir = join(makeFolder(), "s");
    await extract(source, storeDir);
    const index = join(storeDir, "sources.jsonl");
    truncateSync(index, statSync(index).size - 9);
    expect(await extract(source, storeDir)).toMatchObject({ extracted: 1, reused: 3 });
    appendFileSync(index, '{"path":"half');
    expect(await extract(source, storeDir)).toMatchObject({ extracted: 0, reused: 4 });
  });
  it("rejects another front end", async () => {
    const source = toneFolder(1);
    const storeDir = join(makeFolder(), "s");
    await extract(source, storeDir);
    await expect(extract(source, storeDir, { frontEnd: frontEnd({ ...small, nMels: 20 }) })).rejects.toThrow(
      `${storeDir}: holds features of another front end (\`nMels\` 16 there, 20 here); choose another folder, or delete this one`,
    );
  });
});

describe("two extractions into one store", () => {
  it("at once: the second fails, in one process", async () => {
    const source = toneFolder(4);
    const storeDir = join(makeFolder(), "s");
    const outcomes = await Promise.allSettled([
      extract(source, storeDir),
      extract(source, storeDir, { frontEnd: frontEnd({ ...small, nMels: 20 }) }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect((outcomes[1] as PromiseRejectedResult).reason.message).toMatch(
      `${storeDir}: is being written by process ${process.pid} on host `,
    );
    expect(openStore(storeDir).frontEnd).toEqual(small);
  });

  it("at once: the second fails, in two processes", async () => {
    const source = toneFolder(10);
    const storeDir = join(makeFolder(), "s");
    // Stands still at its first batch until the test closes its stdin.
    const script = `
      import { readSync } from "node:fs";
      const { extractFeatures } = await import(${JSON.stringify(compiled)});
      let said = false;
      await extractFeatures(${JSON.stringify(source)}, ${JSON.stringify(storeDir)}, {
        frontEnd: ${JSON.stringify(small)},
        onProgress() {
          if (said) return;
          said = true;
          console.log("begun");
          readSync(0, Buffer.alloc(1));
        },
      });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    const closed = new Promise((resolve) => child.once("close", resolve));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const other = frontEnd({ ...small, nMels: 20 });
    await expect(extract(source, storeDir, { frontEnd: other })).rejects.toThrow(
      `${storeDir}: is being written by process ${child.pid} on host `,
    );
    child.stdin.end();
    expect(await closed).toBe(0);
    expect(openStore(storeDir).clips).toHaveLength(10);
    expect((await extract(source, storeDir)).reused).toBe(10);
  });
});

describe("an extraction that is stopped", () => {
  it("ends in the middle of a long file, and leaves nothing of it", async () => {
    const [folder, storeDir] = [makeFolder(), join(makeFolder(), "s")];
    const path = join(folder, "a/hour.wav");
    const nBytes = 2 * 4000 * 3600;
    const header = new DataView(toneWav(440, 0.1, 4000).slice(0, 44).buffer);
    header.setUint32(4, 36 + nBytes, true);
    header.setUint32(40, nBytes, true);
    writeFiles(folder, { "a/hour.wav": new Uint8Array(header.buffer) });
    truncateSync(path, 44 + nBytes); // zeros that take no room on the disk
    const controller = new AbortController();
    const seen: ClipProgress[] = [];
    const stopped = await extract(folder, storeDir, {
      signal: controller.signal,
      onProgress({ within }) {
        seen.push(...within);
        if (within.length > 0) controller.abort();
      },
    });
    expect(stopped).toMatchObject({ interrupted: true, extracted: 0, failed: 0 });
    expect(seen[0]).toMatchObject({ path, totalSec: 3600 });
    expect(Object.keys(contentOf(storeDir))).toEqual(["store.json"]);
  });

  let source: string;
  let whole: Record<string, string>;
  beforeAll(async () => {
    source = toneFolder(60);
    const storeDir = join(makeFolder(), "s");
    await extract(source, storeDir);
    whole = contentOf(storeDir);
  });

  it("by a signal keeps what is finished, leaves the store incomplete, and can be continued", async () => {
    const storeDir = join(makeFolder(), "s");
    const controller = new AbortController();
    const stopped = await extract(source, storeDir, {
      signal: controller.signal,
      onProgress: ({ done }) => done > 0 && controller.abort(),
    });
    expect(stopped.interrupted).toBe(true);
    expect(stopped.extracted).toBeGreaterThan(0);
    expect(stopped.extracted).toBeLessThan(60);
    expect(stopped.store.clips).toHaveLength(stopped.extracted);
    expect(() => openStore(storeDir)).toThrow("extract the same source into it again to finish it");
    const continued = await extract(source, storeDir);
    expect([continued.reused, continued.extracted]).toEqual([stopped.extracted, 60 - stopped.extracted]);
    expect(contentOf(storeDir)).toEqual(whole);
  });

  it("leaves the store incomplete, though it was complete before", async () => {
    const folder = toneFolder(1);
    const storeDir = join(makeFolder(), "s");
    await extract(folder, storeDir);
    writeFiles(
      folder,
      Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`c0/n${i}.wav`, toneWav(900 + i)])),
    );
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }) => done > 1 && controller.abort();
    const { interrupted } = await extract(folder, storeDir, { signal: controller.signal, onProgress });
    expect(interrupted).toBe(true);
    expect(() => openStore(storeDir)).toThrow("is not complete: its extraction was stopped");
  });

  it("by a kill loses only the files in progress", async () => {
    const storeDir = join(makeFolder(), "s");
    const script = `
      const { extractFeatures } = await import(${JSON.stringify(compiled)});
      await extractFeatures(${JSON.stringify(source)}, ${JSON.stringify(storeDir)}, {
        frontEnd: ${JSON.stringify(small)},
        nWorkers: 2,
        onProgress: ({ done }) => { if (done >= 16) process.kill(process.pid, "SIGKILL"); },
      });`;
    expect(spawnSync(process.execPath, ["--input-type=module", "-e", script]).signal).toBe("SIGKILL");
    expect(() => openStore(storeDir)).toThrow("extract the same source into it again to finish it");
    const continued = await extract(source, storeDir);
    expect(continued.reused).toBeGreaterThanOrEqual(16);
    expect(continued.reused + continued.extracted).toBe(60);
    expect(contentOf(storeDir)).toEqual(whole);
  });
});

it("changing a test clip's audio changes no statistic", async () => {
  const source = makeFolder();
  const storeDir = join(makeFolder(), "s");
  const fit = async () => {
    const { store } = await extract(source, storeDir);
    const { train } = featureSets(store, splitClips(store.clips, { validFraction: 0 }));
    return standardizationOf(await fitCovariance(train));
  };
  writeFiles(source, {
    "train/a/1.wav": toneWav(300),
    "train/b/2.wav": toneWav(500),
    "test/a/3.wav": toneWav(400),
  });
  const before = await fit();
  writeFiles(source, { "test/a/3.wav": toneWav(3000, 0.5) });
  expect(await fit()).toEqual(before);
  writeFiles(source, { "train/a/1.wav": toneWav(2000, 0.5) });
  expect(await fit()).not.toEqual(before);
});
