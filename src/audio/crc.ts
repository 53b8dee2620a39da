/** CRC-32 of an OGG page, whose checksum field counts as zeros: polynomial 0x04c11db7, first bit first, from 0. */
export const crc32 = checksum(32, 0x04c11db7);
/** CRC-16 of a FLAC frame: polynomial 0x8005, from 0. Over the frame with its checksum it is 0. */
export const crc16 = checksum(16, 0x8005);
/** CRC-8 of a FLAC frame's header: polynomial 0x07, from 0. Over the header with its checksum it is 0. */
export const crc8 = checksum(8, 0x07);

function checksum(width: number, polynomial: number): (bytes: Uint8Array) => number {
  // All widths are computed in the upper bits of 32: the table entry of a byte is its remainder.
  const shift = 32 - width;
  const table = Int32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte << 24;
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder < 0 ? (remainder << 1) ^ (polynomial << shift) : remainder << 1;
    return remainder;
  });
  return (bytes) => {
    let crc = 0;
    for (let i = 0; i < bytes.length; i++) crc = (crc << 8) ^ table[(crc >>> 24) ^ bytes[i]];
    return crc >>> shift;
  };
}
