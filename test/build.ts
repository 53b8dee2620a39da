import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/**
 * Compiles the sources into `dist/`, where tests of the command line and of worker threads run them. The build is
 * incremental: only files that changed are written, so that runs at the same time do not read half-written files.
 * @throws Error if the sources do not compile
 */
function build(): void {
  const compile = [path("node_modules/typescript/bin/tsc"), "-p", path("tsconfig.json")];
  const script = (name: string) => [path(`scripts/${name}.mjs`)];
  for (const args of [script("sources"), compile, script("vendor"), script("bundle")]) {
    const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
    if (status !== 0) throw new Error("the sources must compile before the tests run, see above");
  }
}

/** Vitest's global set-up: builds before the tests, and again before every rerun in watch mode. */
export default function setup(project: TestProject): void {
  build();
  project.onTestsRerun(build);
}
