// Compiles src/features/frame-kernel.wat into src/features/frame-kernel.ts. Run after changing the former:
//   npm run build && node dist/scripts/build-frame-kernel.js
import { readFileSync, writeFileSync } from "node:fs";
import loadWabt from "wabt";

/** The text of frame-kernel.ts for the WebAssembly text of frame-kernel.wat. */
export async function frameKernelModule(wat: string): Promise<string> {
  const wabt = await loadWabt();
  const module = wabt.parseWat("frame-kernel.wat", wat, { simd: true });
  const base64 = Buffer.from(module.toBinary({}).buffer).toString("base64");
  const lines = base64.match(/.{1,100}/g) as string[];
  return [
    "// Made from frame-kernel.wat by scripts/build-frame-kernel.ts; test/features/mel-frames.test.ts compares the two.",
    "/** The WebAssembly module of frame-kernel.wat, in base64. */",
    "export const FRAME_KERNEL_BASE64 =",
    lines.map((line) => `  "${line}"`).join(" +\n"),
  ]
    .join("\n")
    .concat(";\n");
}

if (import.meta.filename === process.argv[1]) {
  const wat = readFileSync("src/features/frame-kernel.wat", "utf8");
  writeFileSync("src/features/frame-kernel.ts", await frameKernelModule(wat));
}
