// The command line of a checkout, which is built first if it never was.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

const cli = new URL("../dist/src/cli.js", import.meta.url);
if (!existsSync(cli))
  execFileSync("npm", ["run", "build"], { stdio: ["ignore", "ignore", "inherit"], shell: true });
await import(cli.href);
