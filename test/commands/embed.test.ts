import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bytesInMemory } from "../../src/audio/byte-source.js";
import { openAudio } from "../../src/audio/decode.js";
import { decodeNpy } from "../../src/store/npy.js";
import { decodeModel } from "../../src/tagging/model-file.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { ENGINE } from "../engine.js";
import { tinyModel } from "../tagging/tiny-model.js";
import { makeFolder, timbrel, toneWav, write } from "./cli.js";

const dir = makeFolder();
write(dir, "m.onnx", tinyModel());
write(dir, "audio/a.wav", toneWav(300));
write(dir, "audio/b.wav", toneWav(500, { durationSec: 0.2 }));
write(dir, "audio/bad.wav", "no audio");
const read = (out: string) => {
  const path = join(dir, out, "embeddings.npy");
  return { ...decodeNpy(readFileSync(path), path), index: readFileSync(join(dir, out, "index.csv"), "utf8") };
};

it("embed writes a row for each file, as the library computes it, goes on after a bad file, and exits with 1", async () => {
  const { code, stdout, stderr } = await timbrel(dir, [
    "embed",
    "audio",
    "--model",
    "m.onnx",
    "--out",
    "out",
  ]);
  expect(code).toBe(1);
  expect(stdout).toBe(
    "out/embeddings.npy: embeddings of 2 files, 24 numbers each; listed in out/index.csv\n",
  );
  expect(stderr).toContain("timbrel: audio/bad.wav: ");
  const { data, shape, index } = read("out");
  expect(index).toBe("path,seconds,nSegments\naudio/a.wav,0.5,2\naudio/b.wav,0.2,1\n");
  const tagger = await Tagger.of(decodeModel(tinyModel(), "m"), ENGINE);
  for (const [row, name] of ["audio/a.wav", "audio/b.wav"].entries()) {
    const source = bytesInMemory(readFileSync(join(dir, name)));
    const { embedding } = await tagger.embedStream(() => openAudio(source, name), name);
    const found = data.subarray(row * shape[1], (row + 1) * shape[1]);
    embedding.forEach((value, i) => {
      expect(Math.abs(value - found[i])).toBeLessThan(1e-5); // other numbers of threads round differently
    });
  }
  await tagger.close();
});

it("embed --segments writes a row for each segment, in place of what it wrote before", async () => {
  const args = ["embed", "audio/a.wav", "audio/b.wav", "--model", "m.onnx", "--out", "out", "--segments"];
  const { code } = await timbrel(dir, args);
  expect(code).toBe(0);
  expect(read("out").index).toBe(
    "path,start,end\naudio/a.wav,0,0.256\naudio/a.wav,0.256,0.5\naudio/b.wav,0,0.2\n",
  );
  expect(read("out").shape[0]).toBe(3);
});

it("embed replaces nothing that it has not written, and writes nothing if no file can be read", async () => {
  write(dir, "notes/index.csv", "path,label\n");
  const run = async (...args: string[]) => {
    const { code, stderr } = await timbrel(dir, ["embed", ...args, "--model", "m.onnx"]);
    return [code, stderr.trimEnd()];
  };
  expect(await run("audio/a.wav", "--out", "notes")).toEqual([
    2,
    "timbrel: --out must name a new file, or a CSV index file to replace, got notes/index.csv, which is another kind of file",
  ]);
  expect(await run("audio/bad.wav", "--out", "none")).toEqual([
    1,
    expect.stringContaining("audio/bad.wav: "),
  ]);
  expect(readdirSync(dir)).not.toContain("none");
});
