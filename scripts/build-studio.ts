// Copies the studio's page and everything that it loads into a folder, dist/studio-site unless another is named, which any static server
// can give out under any address.
import { copyFileSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { studioFiles } from "../src/commands/studio-files.js";
import { print } from "../src/report/terminal.js";

const [folder = "dist/studio-site"] = process.argv.slice(2);
let nBytes = 0;
const files = studioFiles();
for (const [address, file] of files) {
  const copy = join(folder, address);
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(file, copy);
  nBytes += statSync(copy).size;
}
print(`${folder}: ${files.size} files, ${Math.round(nBytes / 1e6)} MB`);
