import type { MpegFrame } from "./mpeg-frame.js";

/** What an encoder says about an MP3 stream in a frame of its own, before the audio. */
export interface MpegInfo {
  /** Number of frames of audio, without this one; null if it does not say. */
  readonly nFrames: number | null;
  /** Samples that encoder and decoder put before the audio. */
  readonly startSamples: number;
  /** Samples that the encoder added behind the audio to fill the last frame. */
  readonly endSamples: number;
}

/** Delay of every layer 3 decoder, filter bank and one sample; the encoder's padding covers it. */
const DECODER_DELAY = 529;
const VBRI_START = 36;

/**
 * Reads the Xing, Info or VBRI header in a frame; null if the frame is an ordinary one, with audio. The LAME extension of
 * a Xing or Info header, which other encoders write too, holds the encoder's delay and padding.
 * Reference: http://gabriel.mp3-tech.org/mp3infotag.html
 * @param at where the frame begins in `bytes`
 */
export function parseMpegInfo(bytes: Uint8Array, at: number, frame: MpegFrame): MpegInfo | null {
  if (frame.layer !== 3) return null;
  const end = at + frame.nBytes;
  // Encoders put the header where the side information of a frame without checksum ends, even if there is one.
  const marks = [frame.mainDataStart, frame.mainDataStart - (frame.sideInfoStart - 4)];
  for (const start of marks.map((mark) => at + mark))
    if (start + 8 <= end && (isText(bytes, start, "Info") || isText(bytes, start, "Xing")))
      return parseXing(bytes.subarray(start, end));
  const vbri = at + VBRI_START;
  if (vbri + 18 <= end && isText(bytes, vbri, "VBRI"))
    return { nFrames: bigEndian(bytes, vbri + 14, 4) || null, startSamples: 0, endSamples: 0 };
  return null;
}

/** @param header from "Xing" or "Info" up to the end of the frame */
function parseXing(header: Uint8Array): MpegInfo {
  const flags = bigEndian(header, 4, 4);
  let at = 8;
  const nFrames = flags & 1 ? bigEndian(header, at, 4) || null : null;
  for (const [flag, bytes] of [
    [1, 4], // number of frames
    [2, 4], // number of bytes
    [4, 100], // table of positions
    [8, 4], // quality
  ])
    if (flags & flag) at += bytes;
  const delays = at + 21;
  if (header[at] === 0 || delays + 3 > header.length) return { nFrames, startSamples: 0, endSamples: 0 };
  const both = bigEndian(header, delays, 3);
  if (both === 0) return { nFrames, startSamples: 0, endSamples: 0 };
  return {
    nFrames,
    startSamples: (both >> 12) + DECODER_DELAY,
    endSamples: Math.max(0, (both & 0xfff) - DECODER_DELAY),
  };
}

function bigEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = at; i < at + length; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}

function isText(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
