// Compiles src/audio/fir-kernel.wat into src/audio/fir-kernel.ts. Run after changing the former:
//   npm run build && node dist/scripts/build-resample-kernel.js
import { readFileSync, writeFileSync } from "node:fs";
import loadWabt from "wabt";

/** The text of fir-kernel.ts for the WebAssembly text of fir-kernel.wat. */
export async function kernelModule(wat: string): Promise<string> {
  const wabt = await loadWabt();
  const module = wabt.parseWat("fir-kernel.wat", wat, { simd: true });
  const base64 = Buffer.from(module.toBinary({}).buffer).toString("base64");
  const lines = base64.match(/.{1,100}/g) as string[];
  return [
    "// Made from fir-kernel.wat by scripts/build-resample-kernel.ts; test/audio/fir-kernel.test.ts compares the two.",
    "/** The WebAssembly module of fir-kernel.wat, in base64. */",
    "export const FIR_KERNEL_BASE64 =",
    lines.map((line) => `  "${line}"`).join(" +\n"),
  ]
    .join("\n")
    .concat(";\n");
}

if (import.meta.filename === process.argv[1]) {
  const wat = readFileSync("src/audio/fir-kernel.wat", "utf8");
  writeFileSync("src/audio/fir-kernel.ts", await kernelModule(wat));
}
