// Compiles the WebAssembly texts below into TypeScript modules beside them. Run after changing one:
//   npm run build && node dist/scripts/build-kernels.js
import { readFileSync, writeFileSync } from "node:fs";
import loadWabt from "wabt";

const KERNELS = ["src/audio/fir-kernel.wat", "src/features/frame-kernel.wat"];

/**
 * Returns the TypeScript module that holds a kernel's bytes in base64.
 * @param name file name without its extension, e.g. fir-kernel
 * @param wat the kernel as WebAssembly text
 */
export async function kernelModule(name: string, wat: string): Promise<string> {
  const wabt = await loadWabt();
  const module = wabt.parseWat(`${name}.wat`, wat, { simd: true });
  const base64 = Buffer.from(module.toBinary({}).buffer).toString("base64");
  const lines = base64.match(/.{1,100}/g) as string[];
  return [
    `// Made from ${name}.wat by scripts/build-kernels.ts; a test holds the two equal.`,
    `/** The WebAssembly module of ${name}.wat, in base64. */`,
    `export const ${name.replace("-", "_").toUpperCase()}_BASE64 =`,
    lines.map((line) => `  "${line}"`).join(" +\n"),
  ]
    .join("\n")
    .concat(";\n");
}

if (import.meta.filename === process.argv[1])
  for (const path of KERNELS) {
    const name = path.replace(/^.*\/|\.wat$/g, "");
    writeFileSync(path.replace(/\.wat$/, ".ts"), await kernelModule(name, readFileSync(path, "utf8")));
  }
