import { closeSync, openSync, readSync } from "node:fs";

/** The first bytes of a file; none if it cannot be read. */
export function headOf(path: string, nBytes: number): Uint8Array {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const head = new Uint8Array(nBytes);
    return head.subarray(0, readSync(fd, head, 0, nBytes, 0));
  } catch {
    return new Uint8Array();
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
