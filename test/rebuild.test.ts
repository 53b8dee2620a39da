import { spawnSync } from "node:child_process";
import { cpSync, rmSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { makeFolder, write } from "./commands/cli.js";

const root = resolve(import.meta.dirname, "..");
const BUILDING = "timbrel: building, since the sources are not those of the last build\n";

let dir: string;
const run = () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/timbrel.mjs"], {
    cwd: dir,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
};
const rebuilds = (printed: string) => expect(run()).toEqual({ status: 0, stdout: printed, stderr: BUILDING });
const doesNotRebuild = (printed: string) => expect(run()).toEqual({ status: 0, stdout: printed, stderr: "" });
const program = (text: string) => `console.log(${JSON.stringify(text)});\n`;

/** A checkout whose build copies the command line, after it has run `src/edit.mjs` if there is one, and ends as the real one. */
function checkout(): string {
  const made = makeFolder();
  for (const name of ["timbrel.mjs", "sources.mjs"])
    cpSync(join(root, "scripts", name), join(made, "scripts", name));
  const steps = ["node scripts/sources.mjs", "node scripts/build.mjs"];
  write(made, "package.json", JSON.stringify({ type: "module", scripts: { build: steps.join(" && ") } }));
  write(
    made,
    "scripts/build.mjs",
    `import { cpSync, existsSync, writeFileSync } from "node:fs";
if (existsSync("src/edit.mjs")) await import("../src/edit.mjs");
cpSync("src/cli.ts", "dist/bin/cli.js");
writeFileSync("dist/browser-contents.json", "");
`,
  );
  write(made, "src/cli.ts", program("1"));
  write(made, "src/room/part.ts", "");
  return made;
}

describe("scripts/timbrel.mjs", () => {
  beforeEach(() => {
    dir = checkout();
    rebuilds("1\n");
    doesNotRebuild("1\n");
  });

  it("builds again after an edit", () => {
    write(dir, "src/cli.ts", program("22"));
    rebuilds("22\n");
    doesNotRebuild("22\n");
  });
  it("builds again after an edit to the same length, and to an older file", () => {
    write(dir, "src/cli.ts", program("2"));
    utimesSync(join(dir, "src/cli.ts"), 1e9, 1e9);
    rebuilds("2\n");
  });
  it("builds again for a source that comes or goes, also in a room", () => {
    write(dir, "src/room/other.ts", "");
    rebuilds("1\n");
    rmSync(join(dir, "src/room/part.ts"));
    rebuilds("1\n");
  });
  it("builds again after packages are installed", () => {
    write(dir, "node_modules/.package-lock.json", "{}");
    rebuilds("1\n");
  });
  it("builds again after an edit while it was building", () => {
    write(
      dir,
      "src/edit.mjs",
      'import { appendFileSync } from "node:fs";\nappendFileSync("src/room/part.ts", "// later");\n',
    );
    rebuilds("1\n");
    rebuilds("1\n");
  });
  it("builds again after a build that failed, and says why it fails", () => {
    write(dir, "src/edit.mjs", 'throw new Error("no luck");\n');
    for (const _ of [1, 2]) {
      const { status, stdout, stderr } = run();
      expect([status, stdout]).toEqual([70, ""]);
      expect(stderr).toMatch(
        /^timbrel: building.*Error: no luck.*timbrel: cannot be built, see above; npm ci/s,
      );
    }
    rmSync(join(dir, "src/edit.mjs"));
    rebuilds("1\n");
  });
  it("does not build for what is no source", () => {
    for (const name of ["src/README.md", "src/room/.part.ts.swp", "models/mine/model.onnx"])
      write(dir, name, "");
    doesNotRebuild("1\n");
  });
});

it("finds what the tests have built", () => {
  const args = [join(root, "scripts/timbrel.mjs"), "--version"];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^\d/), stderr: "" });
});
