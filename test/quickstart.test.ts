import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);
const script = fileURLToPath(new URL("../dist/scripts/quickstart.js", import.meta.url));

describe("quickstart", () => {
  it("says what it does, and begins nothing", async () => {
    const { stdout } = await run(process.execPath, [script, "--help"]);
    expect(stdout).toMatch(/^Usage: quickstart/);
    expect(stdout).not.toContain("[1/");
  });
  it("refuses what it does not know, and begins nothing", async () => {
    const refused = { code: 2, stdout: "", stderr: expect.stringContaining("too many arguments") };
    await expect(run(process.execPath, [script, "data"])).rejects.toMatchObject(refused);
  });
});
