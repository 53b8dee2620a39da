import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { DataError, errorLine, UsageError } from "../../../src/core/errors.js";
import { writeAtomically } from "../../../src/store/atomic-file.js";
import { onDisk } from "../../../src/store/system-errors.js";

/**
 * Finds packages in a folder: `<name>_<version>_<architecture>.deb`, or a folder `<name>` into which one was unpacked.
 * @returns the path of each package, in the order of the names
 * @throws UsageError naming the packages that are missing, with the command that downloads them
 */
export function findPackages(folder: string, names: readonly string[]): string[] {
  const entries = onDisk("read", folder, () => readdirSync(folder)).sort();
  const found = names.map((name) =>
    entries.find((entry) => entry === name || (entry.startsWith(`${name}_`) && entry.endsWith(".deb"))),
  );
  const missing = names.filter((_, i) => found[i] === undefined);
  if (missing.length > 0)
    throw new UsageError({
      setting: "--packages",
      rule: `hold ${missing.join(", ")}`,
      got: folder,
      remedy: downloadCommand(missing),
    });
  return found.map((entry) => join(folder, entry!));
}

/** What to do to have the packages. */
export function downloadCommand(names: readonly string[]): string {
  return `on Debian 12, run in that folder: apt-get download ${names.join(" ")}`;
}

/**
 * Unpacks a Debian package, or copies one that is unpacked, and unpacks the pk3 archives in it.
 * @param to folder for its files, emptied before
 * @throws DataError for a package that cannot be unpacked, or without dpkg-deb
 */
export function unpackPackage(path: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  onDisk("written", to, () => mkdirSync(to, { recursive: true }));
  if (path.endsWith(".deb")) unpackDeb(path, to);
  else onDisk("copied", path, () => cpSync(path, to, { recursive: true }));
  for (const file of filesIn(to)) if (file.endsWith(".pk3")) unzip(join(to, file));
}

function unpackDeb(path: string, to: string): void {
  const { error, status, stderr } = spawnSync("dpkg-deb", ["-x", path, to], { encoding: "utf8" });
  if (error !== undefined)
    throw new DataError(
      path,
      `needs dpkg-deb, which cannot be started (${errorLine(error)}); install dpkg, or unpack it into a folder with the package's name`,
    );
  if (status !== 0) throw new DataError(path, `dpkg-deb cannot unpack it: ${stderr.trim()}`);
}

/** Paths of all files below a folder, relative to it, with forward slashes, sorted. */
export function filesIn(folder: string): string[] {
  const entries = onDisk("read", folder, () => readdirSync(folder, { recursive: true, withFileTypes: true }));
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).split("\\").join("/"))
    .map((path) => path.replace(/^\/+/, ""))
    .sort();
}

/** Unpacks the OGG files of a ZIP archive beside it. */
function unzip(archive: string): void {
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(readFileSync(archive), { filter: ({ name }) => name.endsWith(".ogg") });
  } catch (cause) {
    throw new DataError(archive, `is no ZIP archive that can be read (${errorLine(cause)})`, { cause });
  }
  for (const [name, bytes] of Object.entries(files)) {
    if (name.split(/[/\\]/).includes(".."))
      throw new DataError(archive, `holds ${name}, which is outside its folder`);
    writeAtomically(join(dirname(archive), name), bytes, { flush: false });
  }
}
