import { DataError } from "../core/errors.js";
import { md5 } from "../core/md5.js";
import { BLOCK_SAMPLES } from "./audio-stream.js";
import { decodeFrame } from "./flac-frame.js";
import type { FlacFrameHeader } from "./flac-header.js";
import type { FlacInfo } from "./flac-info.js";
import type { IntegerSamples } from "./flac-subframe.js";
import { holesWarning, missingText } from "./missing-audio.js";
import type { AudioWarning } from "./warning.js";

/** A FLAC file with more damaged frames than this, and more than sound ones, is given up. */
const MANY_DAMAGED = 1000;

/** The frames of a FLAC stream on their way to blocks of samples, and what is wrong with them. */
export class FlacAudio {
  readonly #info: FlacInfo;
  readonly #path: string;
  readonly #integers: IntegerSamples[];
  readonly #block: Float32Array[];
  #nInBlock = 0;
  #nFrames = 0;
  #nDamagedFrames = 0;
  #fixedBlockSize = 0;
  /** Where the next frame must begin [samples]. */
  #expected = 0;
  /** Samples that the numbers of the frames say are missing. */
  #missing = 0;
  #isInSync = true;
  /** Places in the middle or at the end where frames are damaged or missing. */
  #holes = 0;
  #hash: ReturnType<typeof md5> | null;
  /** Number of samples per channel decoded. */
  nSamples = 0;

  constructor(info: FlacInfo, path: string) {
    this.#info = info;
    this.#path = path;
    const IntegerArray = info.bits > 31 ? Float64Array : Int32Array;
    this.#integers = Array.from({ length: info.channels }, () => new IntegerArray(BLOCK_SAMPLES));
    this.#block = Array.from({ length: info.channels }, () => new Float32Array(BLOCK_SAMPLES));
    this.#hash = info.md5 === null ? null : md5();
  }

  /** Whether the frame before this position was sound, so that the next one must begin here. */
  get isInSync(): boolean {
    return this.#isInSync;
  }

  /** Whether another frame must wait until the block is taken. */
  isFullFor({ blockSize }: FlacFrameHeader): boolean {
    return this.#nInBlock + blockSize > BLOCK_SAMPLES;
  }

  /** The samples that are not taken yet; valid until the next frame. Null if there are none. */
  takeBlock(): readonly Float32Array[] | null {
    if (this.#nInBlock === 0) return null;
    const block = this.#block.map((samples) => samples.subarray(0, this.#nInBlock));
    this.#nInBlock = 0;
    return block;
  }

  /**
   * Compares a frame's header with STREAMINFO.
   * @param where names the frame
   * @returns false if they differ out of sync: then it is no frame
   * @throws DataError if they differ where a frame must begin
   */
  matches(header: FlacFrameHeader, where: string): boolean {
    const { bits, channels, sampleRate } = this.#info;
    const pairs = [
      ["bits per sample", header.bits ?? bits, bits],
      ["channels", header.channels, channels],
      ["sample rate", header.sampleRate ?? sampleRate, sampleRate],
    ] as const;
    const different = pairs.find(([, inFrame, inInfo]) => inFrame !== inInfo);
    if (different !== undefined && this.#isInSync)
      throw new DataError(
        this.#path,
        `the frame ${where} does not match the FLAC header: ${different[0]} ${different[1]}, not ${different[2]}`,
      );
    return different === undefined;
  }

  /**
   * Decodes the frame that `bytes` begin with into the block.
   * @returns its length in bytes; null if it is damaged
   * @throws DataError if too many are
   */
  add(bytes: Uint8Array, header: FlacFrameHeader): number | null {
    const { bits } = this.#info;
    const length = decodeFrame(bytes, { header, bits }, this.#integers);
    if (length === null) {
      if (++this.#nDamagedFrames > Math.max(MANY_DAMAGED, this.#nFrames))
        throw new DataError(this.#path, `more than ${MANY_DAMAGED} FLAC frames are damaged`);
      return null;
    }
    this.#place(header);
    this.#output(header.blockSize);
    return length;
  }

  /** Notes that there is no sound frame where one must begin. */
  loseSync(): void {
    if (this.#isInSync) this.#holes++;
    this.#isInSync = false;
    this.#hash = null;
  }

  /** What is wrong with the stream, once its last frame is decoded. */
  warnings(): AudioWarning[] {
    const { nSamples: declared, sampleRate, md5: expected } = this.#info;
    const held = this.nSamples;
    const isCut = !this.#isInSync;
    const holes = this.#holes - (isCut ? 1 : 0); // in the middle
    if (holes > 0) {
      const missing = declared === null ? this.#missing : Math.max(0, declared - held);
      return [holesWarning("FLAC", { holes, missing, total: declared ?? held + missing, sampleRate })];
    }
    if (declared !== null && declared !== held) {
      const message = `the FLAC header declares ${declared} samples, the file holds ${held}`;
      if (declared < held) return [{ code: "damaged", message }];
      const missing = missingText({ missing: declared - held, total: declared, sampleRate });
      return [{ code: "truncated", message: `${message}: ${missing}` }];
    }
    if (isCut && declared === null)
      return [{ code: "truncated", message: "the FLAC stream ends in a damaged or incomplete frame" }];
    if (this.#hash !== null && this.#hash.hex() !== expected)
      return [
        { code: "damaged", message: "the decoded audio does not match the MD5 checksum in the FLAC header" },
      ];
    return [];
  }

  /** Compares the frame's number with what came before. */
  #place({ number, isVariable, blockSize }: FlacFrameHeader): void {
    if (this.#nFrames === 0) this.#fixedBlockSize = blockSize;
    const position = isVariable ? number : number * this.#fixedBlockSize;
    if (position !== this.#expected) {
      this.#missing += Math.max(0, position - this.#expected);
      if (this.#isInSync) this.loseSync();
    }
    this.#isInSync = true;
    this.#expected = position + blockSize;
    this.#nFrames++;
  }

  #output(n: number): void {
    const scale = 2 ** (1 - this.#info.bits);
    for (const [c, integers] of this.#integers.entries()) {
      const samples = this.#block[c];
      const at = this.#nInBlock;
      for (let i = 0; i < n; i++) samples[at + i] = integers[i] * scale;
    }
    this.#hash?.update(interleaved(this.#integers, { n, bits: this.#info.bits }));
    this.#nInBlock += n;
    this.nSamples += n;
  }
}

/** The bytes that FLAC's MD5 is of: channels interleaved, little-endian, as many bytes a sample as the bits need. */
function interleaved(
  channels: readonly IntegerSamples[],
  { n, bits }: { n: number; bits: number },
): Uint8Array {
  const step = channels.length;
  const sampleBytes = Math.ceil(bits / 8);
  if (sampleBytes === 3) {
    const bytes = new Uint8Array(n * step * 3);
    for (const [c, integers] of channels.entries())
      for (let i = 0, at = c * 3; i < n; i++, at += step * 3) {
        const value = integers[i];
        bytes[at] = value;
        bytes[at + 1] = value >> 8;
        bytes[at + 2] = value >> 16;
      }
    return bytes;
  }
  const IntegerArray = sampleBytes === 1 ? Int8Array : sampleBytes === 2 ? Int16Array : Int32Array;
  const values = new IntegerArray(n * step);
  for (const [c, integers] of channels.entries())
    for (let i = 0, at = c; i < n; i++, at += step) values[at] = integers[i];
  return new Uint8Array(values.buffer);
}
