import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { kernelModule } from "../../scripts/build-kernels.js";

const src = new URL("../../src/audio/", import.meta.url);

it("fir-kernel.ts holds the compiled fir-kernel.wat", async () => {
  const wat = readFileSync(new URL("fir-kernel.wat", src), "utf8");
  expect(readFileSync(new URL("fir-kernel.ts", src), "utf8")).toBe(await kernelModule("fir-kernel", wat));
});
