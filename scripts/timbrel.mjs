// The command line of a checkout, which is built first if it never was.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const dist = new URL("../dist/", import.meta.url);
if (!existsSync(new URL("browser-contents.json", dist))) {
  // The last thing that a build writes is missing.
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const { status, stdout, stderr } = spawnSync("npm run build", { cwd, shell: true, encoding: "utf8" });
  if (status !== 0) {
    console.error(`${stdout}${stderr}\ntimbrel: cannot be built, see above; npm ci installs what it needs`);
    process.exit(70);
  }
}
await import(new URL("bin/cli.js", dist).href);
