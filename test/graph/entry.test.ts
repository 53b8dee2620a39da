import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import * as graph from "../../src/graph/index.js";
import { runSnippet, snippetsOf } from "../readme-snippets.js";

const folder = resolve(import.meta.dirname, "../../src/graph");
const read = (file: string) => readFileSync(resolve(folder, file), "utf8");

describe("timbrel/graph", () => {
  const [example] = snippetsOf(read("README.md"));

  it("trains a custom net, as its README shows", async () => {
    expect(await runSnippet(example.code)).toBe(example.output);
  });

  const exported = [
    ...read("index.ts").matchAll(/^export (?:type )?\{([^}]*)\} from "(.*)\.js";$/gm),
  ].flatMap(([, names, file]) =>
    [...names.matchAll(/\w+(?=,|\s*$)/g)].map(([name]) => ({ name, file: `${file}.ts` })),
  );
  it("has no exports other than those below", () => {
    expect(exported.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(graph)));
  });
  it.each(exported)("$name has a docblock", ({ name, file }) => {
    const declaration = new RegExp(`\\*/\\nexport (?:class|function|interface|type) ${name}\\b`);
    expect(declaration.test(read(file))).toBe(true);
  });
});
