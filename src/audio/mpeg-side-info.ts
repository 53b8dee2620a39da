import type { MpegFrame } from "./mpeg-frame.js";

/**
 * Whether the side information of a layer 3 frame is possible: its audio data are there, and it names a type of block
 * wherever it switches windows. Damaged audio data behind it do not show.
 * Reference: ISO 11172-3 2.4.1.7, ISO 13818-3 2.4.1.7
 * @param at where the frame begins in `bytes`
 * @param reservoir audio data in the frames before that the frame can build on [bytes]
 */
export function isDecodable(bytes: Uint8Array, at: number, frame: MpegFrame, reservoir: number): boolean {
  if (frame.layer !== 3) return true;
  const { channels, sideInfoStart, mainDataStart, nBytes } = frame;
  const isMpeg1 = frame.version === 1;
  let bit = 8 * (at + sideInfoStart);
  const take = (length: number): number => {
    const value = bitsAt(bytes, bit, length);
    bit += length;
    return value;
  };
  const earlierBytes = take(isMpeg1 ? 9 : 8);
  if (earlierBytes > reservoir) return false;
  const privateBits = isMpeg1 ? (channels === 1 ? 5 : 3) : channels;
  const sharedScaleBits = isMpeg1 ? 4 * channels : 0;
  bit += privateBits + sharedScaleBits;

  let audioBits = 0;
  const nGranules = isMpeg1 ? 2 : 1;
  for (let granule = 0; granule < nGranules * channels; granule++) {
    const granuleStart = bit;
    audioBits += take(12);
    bit += 9 + 8 + (isMpeg1 ? 4 : 9); // number of large values, gain, scale factors
    const switchesWindow = take(1) === 1;
    if (switchesWindow && take(2) === 0) return false;
    bit = granuleStart + (isMpeg1 ? 59 : 63);
  }
  return audioBits <= 8 * (earlierBytes + nBytes - mainDataStart);
}

/** Unsigned integer of up to 16 bits from the given bit of `bytes` on. */
function bitsAt(bytes: Uint8Array, bit: number, length: number): number {
  const byte = bit >> 3;
  const window = (bytes[byte] << 16) | (bytes[byte + 1] << 8) | bytes[byte + 2];
  return (window >> (24 - (bit & 7) - length)) & ((1 << length) - 1);
}
