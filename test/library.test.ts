import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { runSnippet, snippetsOf } from "./readme-snippets.js";
import { makeFolder } from "./store/files.js";

const [server, program, ...others] = snippetsOf(
  readFileSync(resolve(import.meta.dirname, "../src/README.md"), "utf8"),
);

it("trains, encodes, decodes, trains further and evaluates a model in memory, with no file written", async () => {
  const cwd = makeFolder();
  expect(await runSnippet(program.code, { cwd })).toBe(program.output);
  expect(readdirSync(cwd)).toEqual([]);
});

it("answers requests in a server", async () => {
  expect(await runSnippet(server.code)).toBe(server.output);
});

it("these are all programs of src/README.md", () => expect(others).toEqual([]));
