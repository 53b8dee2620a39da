/** Decodes the packets of a Vorbis or Opus stream. */
export interface PacketDecoder {
  readonly sampleRate: number;
  readonly channels: number;
  /** What the granule positions count before the first sample that is heard [samples]. */
  readonly preSkip: number;
  /** So many packets give about one block. */
  readonly packetsAtOnce: number;
  /** Takes a packet if it is one of the headers behind the first; says whether it was. */
  takeHeader(packet: Uint8Array): boolean;
  /** Decodes packets that follow each other; they are sound unless one of them cannot be decoded. */
  decode(packets: readonly Uint8Array[]): Promise<{ channelData: Float32Array[]; isSound: boolean }>;
  /** Says that packets are missing before the next one. */
  skipHole(): void;
  free(): void;
}
