import type { ByteSource } from "../../src/audio/byte-source.js";

/** A source that takes no memory: zeros, but for the given bytes at their positions. Records the longest read. */
export function sparseSource(
  size: number,
  parts: readonly [position: number, bytes: ArrayLike<number>][],
): ByteSource & { longestRead: number } {
  return {
    size,
    longestRead: 0,
    async read(start, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - start)));
      this.longestRead = Math.max(this.longestRead, bytes.length);
      for (const [position, part] of parts)
        for (let i = Math.max(0, start - position); i < part.length; i++) {
          if (position + i >= start + bytes.length) break;
          bytes[position + i - start] = part[i];
        }
      return bytes;
    },
  };
}
