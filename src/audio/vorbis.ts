import type { OggVorbisDecoder } from "@wasm-audio-decoders/ogg-vorbis";
import { DataError } from "../core/errors.js";
import type { PacketDecoder } from "./packet-decoder.js";

/** A packet holds at most 4096 samples. */
const PACKETS_AT_ONCE = 16;
const IDENTIFICATION_BYTES = 30;
/** The specification names no more; a crafted file could ask for gigabytes. */
const MAX_CHANNELS = 8;
/** Types of header packets, in their first byte; that of audio is even. */
const [COMMENTS, SETUP] = [3, 5];
/** The decoder copies a packet into a buffer of this size. */
const MAX_PACKET_BYTES = 2 ** 17;

type Page = Parameters<OggVorbisDecoder["decodeOggPages"]>[0][number];

/**
 * Opens a Vorbis stream by its first packet.
 * @throws DataError if it cannot be played
 * Reference: Vorbis I specification, sections 4.2 and 4.3
 */
export async function openVorbis(first: Uint8Array, path: string): Promise<PacketDecoder> {
  if (first.length < IDENTIFICATION_BYTES || first[11] === 0)
    throw new DataError(path, "the Vorbis identification header is malformed");
  const channels = first[11];
  if (channels > MAX_CHANNELS)
    throw new DataError(
      path,
      `has ${channels} channels, of which timbrel reads up to ${MAX_CHANNELS} in Vorbis`,
    );
  const sampleRate = new DataView(first.buffer, first.byteOffset).getUint32(12, true);
  const { OggVorbisDecoder } = await import("@wasm-audio-decoders/ogg-vorbis");
  const decoder: OggVorbisDecoder = new OggVorbisDecoder();
  await decoder.ready;
  let setup: Uint8Array | null = null;
  let isAfterHole = false;

  /** The decoder's own reader of pages is passed by: it does not check what it reads. This is a page as it sees one. */
  async function decodePackets(packets: readonly Uint8Array[]): ReturnType<PacketDecoder["decode"]> {
    const header = { vorbisSetup: setup };
    const codecFrames = packets.map((data) => ({ header, data }));
    const page = { data: first, codecFrames, isLastPage: false } as unknown as Page;
    const { channelData, errors } = await decoder.decodeOggPages([page]);
    return { channelData, isSound: errors.length === 0 };
  }

  return {
    sampleRate,
    channels,
    preSkip: 0,
    packetsAtOnce: PACKETS_AT_ONCE,
    takeHeader(packet) {
      if (packet[0] === SETUP && setup === null && packet.length <= MAX_PACKET_BYTES) setup = packet;
      return packet[0] === COMMENTS || packet[0] === SETUP;
    },
    async decode(packets) {
      if (setup === null) throw new DataError(path, "the Vorbis setup header is damaged or missing");
      const sound = packets.filter(({ length }) => length > 0 && length <= MAX_PACKET_BYTES);
      // A packet overlaps with the one before. Behind a hole that is not what it overlapped with when it was made.
      if (isAfterHole && sound.length > 0) {
        await decodePackets(sound.splice(0, 1));
        isAfterHole = false;
      }
      return decodePackets(sound);
    },
    skipHole() {
      isAfterHole = true;
    },
    free: () => decoder.free(),
  };
}
