import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";

const page = readFileSync(resolve(import.meta.dirname, "../src/README.md"), "utf8");
const section = page.split("## What timbrel promises")[1].split("\n## ")[0];
const rows = section
  .split("\n")
  .filter((line) => line.startsWith("| **"))
  .map((line) => line.split("|").slice(1, 4));

it("every promise names tests, and they exist", () => {
  expect(rows.length).toBeGreaterThan(10);
  for (const [promise, tests] of rows) {
    const names = [...tests.matchAll(/`([a-z/-]+)`/g)].map(([, name]) => name);
    expect(names.length, promise).toBeGreaterThan(0);
    for (const name of names)
      expect(existsSync(resolve(import.meta.dirname, `${name}.test.ts`)), name).toBe(true);
  }
});

it("the torture that the page names is the one that the script runs", () => {
  const script = readFileSync(resolve(import.meta.dirname, "../scripts/torture/run.ts"), "utf8");
  const files = [...script.matchAll(/from "\.\/([a-z-]+)\.js"/g)].map(([, name]) =>
    name.replaceAll("-", " "),
  );
  for (const file of files) expect(section).toContain(`**${file}**`);
});
