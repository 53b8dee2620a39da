/** CRC, bit by bit: the first bit first, from 0. */
export function crc(bytes: Uint8Array, width: number, polynomial: number): number {
  const top = 2 ** (width - 1);
  let sum = 0;
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      const isSet = sum >= top !== ((byte >> bit) & 1) > 0;
      sum = (sum * 2) % (2 * top);
      if (isSet) sum = (sum ^ polynomial) >>> 0;
    }
  return sum;
}

/** The pages of an OGG file; each is a copy. */
export function pagesOf(file: Uint8Array): Uint8Array[] {
  const pages: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const bodyAt = at + 27 + file[at + 26];
    const end = file.subarray(at + 27, bodyAt).reduce((sum, length) => sum + length, bodyAt);
    pages.push(new Uint8Array(file.subarray(at, end)));
    at = end;
  }
  return pages;
}

/** Sets a page's checksum anew, in place. */
export function sealed(page: Uint8Array): Uint8Array {
  const view = new DataView(page.buffer);
  view.setUint32(22, 0, true);
  view.setUint32(22, crc(page, 32, 0x04c11db7), true);
  return page;
}

/** Where the frames of a native FLAC file begin, for files whose sync code is nowhere else. */
export function framesOf(file: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = 0; at < file.length - 1; at++)
    if (file[at] === 0xff && file[at + 1] === 0xf8 && starts.length === numberAt(file, at)) starts.push(at);
  return starts;
}

/** The number of a frame below 128, if its header's checksum is right; else -1. */
function numberAt(file: Uint8Array, at: number): number {
  for (const length of [6, 7, 8]) if (crc(file.subarray(at, at + length), 8, 7) === 0) return file[at + 4];
  return -1;
}

export function joined(parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
