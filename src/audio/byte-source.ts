/** The bytes of a file, read in pieces: a file on disk, a `Blob`, or an array in memory. */
export interface ByteSource {
  /** Length of the whole file [bytes]. */
  readonly size: number;
  /**
   * Reads the bytes from `start` up to `start + length`; fewer if the file ends before, none from its end on. The
   * result keeps its content.
   */
  read(start: number, length: number): Promise<Uint8Array>;
}

/** Returns bytes in memory as a source; reading does not copy them. */
export function bytesInMemory(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: async (start, length) => bytes.subarray(start, start + length) };
}
