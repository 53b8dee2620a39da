// Notes in dist/sources.txt, before a build, which sources it is made from: with names, sizes and times as they are then, an edit while
// it runs counts as one after it. scripts/timbrel.mjs compares.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const RECORD = `${root}dist/sources.txt`;
/** The last file that a build writes. */
const END = `${root}dist/browser-contents.json`;

/** Whether `dist/` was built, to the end, from the sources and packages that are there now. */
export function isBuilt() {
  return existsSync(END) && existsSync(RECORD) && readFileSync(RECORD, "utf8") === listing();
}

// npm writes its list of installed packages whenever it installs some.
const OTHERS = ["package.json", "tsconfig.json", "node_modules/.package-lock.json"];

function listing() {
  return [...filesIn("src"), ...filesIn("scripts"), ...OTHERS]
    .map((name) => {
      const stats = statSync(root + name, { throwIfNoEntry: false });
      return `${name} ${stats?.size} ${stats?.mtimeMs}\n`;
    })
    .sort()
    .join("");
}

/** Programs in a folder, without packages; its own recursion, since readdirSync's takes 15 ms. */
function filesIn(folder) {
  return readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesIn(name);
    return /\.(ts|mjs)$/.test(name) ? [name] : [];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !isBuilt()) {
  rmSync(END, { force: true });
  mkdirSync(`${root}dist`, { recursive: true });
  writeFileSync(RECORD, listing());
}
