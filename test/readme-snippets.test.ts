import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runSnippet, runSnippets, snippetsOf } from "./readme-snippets.js";

const MARKDOWN = `# Two programs

\`\`\`ts
console.log(1);

console.log(2);
\`\`\`

prints

\`\`\`text
1
2
\`\`\`

and another one

\`\`\`ts
export {};
\`\`\`

\`\`\`sh
ls
\`\`\`
`;

describe("the programs in a README", () => {
  it("are its blocks of TypeScript, with the text that follows as their output", () => {
    expect(snippetsOf(MARKDOWN)).toEqual([
      { code: "console.log(1);\n\nconsole.log(2);\n", output: "1\n2\n" },
      { code: "export {};\n", output: null },
    ]);
  });
  it("import the package by its name", async () => {
    const code = 'import { UsageError } from "timbrel";\nconsole.log(UsageError.name);\n';
    expect(await runSnippet(code)).toBe("UsageError\n");
  });
  it("must compile", async () => {
    const code = 'import { nodeEngine } from "timbrel";\nnodeEngine({ threads: "1" });\n';
    await expect(runSnippet(code)).rejects.toThrow(/snippet\.ts\(2,14\): error TS2322/);
  });
  it("must not throw", async () => {
    await expect(runSnippet('throw new Error("no luck");\n')).rejects.toThrow("Error: no luck");
  });
});

describe("many programs", () => {
  it("run in folders of their own, and the error of one does not stop the next", async () => {
    const read = 'import { readdirSync } from "node:fs";\nconsole.log(readdirSync("."), "%");\n';
    const codes = { first: read, second: 'console.log(1);\nthrow new Error("no luck");\n', third: read };
    const runs = await runSnippets(codes, (dir) => writeFileSync(join(dir, "given"), ""));
    expect(runs["first"]).toEqual({ printed: "[ 'given' ] %\n", error: null });
    expect(runs["second"]).toEqual({ printed: "1\n", error: expect.stringContaining("Error: no luck") });
    expect(runs["third"]).toEqual(runs["first"]);
  });
  it("must all compile", async () => {
    const codes = { right: "export {};\n", wrong: 'const n: number = "1";\nexport { n };\n' };
    await expect(runSnippets(codes, () => {})).rejects.toThrow(/wrong\.ts\(1,7\): error TS2322/);
  });
});
