import { DataError } from "../core/errors.js";
import type { PacketDecoder } from "./packet-decoder.js";

/** Opus is always decoded at this rate, which its granule positions count [Hz]. */
const SAMPLE_RATE = 48000;
/** A packet holds at most 120 ms. */
const PACKETS_AT_ONCE = 11;
const HEADER_BYTES = 19;

/** The content of an OpusHead packet. */
interface OpusHead {
  readonly channels: number;
  readonly preSkip: number;
  /** Gain of the output [dB / 256]. */
  readonly outputGain: number;
  readonly streamCount: number;
  readonly coupledStreamCount: number;
  readonly channelMappingTable: number[];
}

/**
 * Reads the first packet of an Opus stream.
 * @throws DataError if it cannot be played
 * Reference: RFC 7845, section 5.1
 */
function readOpusHead(packet: Uint8Array, path: string): OpusHead {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const fail = (what: string) => new DataError(path, `the Opus header ${what}`);
  if (packet.length < HEADER_BYTES) throw fail("is too short");
  const channels = packet[9];
  const family = packet[18];
  const head = {
    channels,
    preSkip: view.getUint16(10, true),
    outputGain: view.getInt16(16, true),
  };
  if (packet[8] > 15) throw fail(`has version ${packet[8]}, timbrel reads 0 to 15`);
  if (family === 0) {
    if (channels < 1 || channels > 2)
      throw fail(`declares ${channels} channels, mapping family 0 has 1 or 2`);
    return {
      ...head,
      streamCount: 1,
      coupledStreamCount: channels - 1,
      channelMappingTable: [0, 1].slice(0, channels),
    };
  }
  if (family > 2 && family !== 255)
    throw fail(`has channel mapping family ${family}, timbrel reads 0, 1, 2 and 255`);
  const [streamCount, coupledStreamCount] = packet.subarray(19, 21);
  const channelMappingTable = [...packet.subarray(21, 21 + channels)];
  const isPlayable =
    channels > 0 &&
    channelMappingTable.length === channels &&
    streamCount > 0 &&
    coupledStreamCount <= streamCount &&
    streamCount + coupledStreamCount <= 255 &&
    channelMappingTable.every((index) => index === 255 || index < streamCount + coupledStreamCount);
  if (!isPlayable) throw fail("has a channel mapping that contradicts itself");
  return { ...head, streamCount, coupledStreamCount, channelMappingTable };
}

/**
 * Opens an Opus stream by its first packet. The header's output gain is applied, as opusdec and ffmpeg do.
 * @throws DataError if it cannot be played
 */
export async function openOpus(first: Uint8Array, path: string): Promise<PacketDecoder> {
  const { preSkip, ...head } = readOpusHead(first, path);
  const { createOpusDecoder } = await import("@audio/decode-opus/core");
  const decoder = await createOpusDecoder();
  decoder.configure(head);
  let isFirst = true;
  return {
    sampleRate: SAMPLE_RATE,
    channels: head.channels,
    preSkip,
    packetsAtOnce: PACKETS_AT_ONCE,
    takeHeader(packet) {
      const isTags = isFirst && String.fromCharCode(...packet.subarray(0, 8)) === "OpusTags";
      isFirst = false;
      return isTags;
    },
    async decode(packets) {
      const { channelData, errors } = decoder.decodeFrames([...packets]);
      return { channelData, isSound: errors.length === 0 };
    },
    skipHole() {},
    free: () => decoder.free(),
  };
}
