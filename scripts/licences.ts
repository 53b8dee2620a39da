/**
 * Lists the packages that an install of timbrel brings, with version, licence and size: `npm run licences`.
 */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { table } from "../src/report/table.js";

/** A package that timbrel needs at run time, directly or through another. */
export interface ProductionPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression; null if the package names none. */
  readonly licence: string | null;
  /** Size on disk without the packages inside its folder; 0 if it is not installed. */
  readonly bytes: number;
}

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** Reads the production packages from `package-lock.json` in a folder, and their sizes from `node_modules` beside it. */
export function productionPackages(root: string): ProductionPackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== "" && dev !== true)
    .map(([path, { version, license = null }]) => ({
      name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version,
      licence: license,
      bytes: existsSync(join(root, path)) ? sizeOf(join(root, path)) : 0,
    }));
}

function sizeOf(folder: string): number {
  const sizes = readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? 0 : sizeOf(path);
    return entry.isFile() ? statSync(path).size : 0;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

function main(): void {
  const packages = productionPackages(resolve("."));
  const kilobytes = (bytes: number) => `${Math.ceil(bytes / 1000)} kB`;
  const rows = packages
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ name, version, licence, bytes }) => [name, version, licence ?? "unknown", kilobytes(bytes)]);
  console.log(table([["package", "version", "licence", "size"], ...rows], 3));
  const total = packages.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`${packages.length} packages, ${kilobytes(total)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
