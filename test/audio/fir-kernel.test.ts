import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { kernelModule } from "../../scripts/build-kernels.js";

const src = new URL("../../src/audio/", import.meta.url);

it("the bytes in fir-kernel.ts are those of fir-kernel.wat", async () => {
  const wat = readFileSync(new URL("fir-kernel.wat", src), "utf8");
  expect(readFileSync(new URL("fir-kernel.ts", src), "utf8")).toBe(await kernelModule("fir-kernel", wat));
});
