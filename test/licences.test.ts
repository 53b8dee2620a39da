import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { productionPackages } from "../scripts/licences.js";

const root = resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(resolve(root, file), "utf8");
// Licences that ask for no more than a mention.
const PERMISSIVE = [
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "Unlicense",
  "(MIT OR CC0-1.0)",
];
// NOTICE.md says how to replace these.
const LGPL = ["codec-parser"];

describe("licences of what an install brings", () => {
  const packages = productionPackages(root);

  it("are permissive, except for the LGPL ones that NOTICE.md names", () => {
    expect(packages.length).toBeGreaterThan(100);
    const others = packages.filter(({ licence }) => licence === null || !PERMISSIVE.includes(licence));
    expect(others.map(({ name }) => name)).toEqual(LGPL);
    for (const name of LGPL) expect(read("NOTICE.md")).toContain(`**\`${name}\`**`);
  });

  it("NOTICE.md names every package with a WebAssembly decoder, and is part of the package", () => {
    const decoders = packages.filter(({ name }) => /wasm-audio-decoders|mpg123|opus/.test(name));
    expect(decoders.length).toBeGreaterThan(3);
    for (const { name } of decoders) expect(read("NOTICE.md")).toContain(`\`${name}\``);
    expect(JSON.parse(read("package.json")).files).toContain("NOTICE.md");
  });
});
