// The command line of a checkout, which is built first if the sources are not those of the last build.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isBuilt } from "./sources.mjs";

if (!isBuilt()) {
  console.error("timbrel: building, since the sources are not those of the last build");
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const { status, stdout, stderr } = spawnSync("npm run build", { cwd, shell: true, encoding: "utf8" });
  if (status !== 0) {
    console.error(`${stdout}${stderr}\ntimbrel: cannot be built, see above; npm ci installs what it needs`);
    process.exit(70);
  }
}
await import(new URL("../dist/bin/cli.js", import.meta.url).href);
