import { DataError } from "../core/errors.js";
import type { AudioStream } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import { ByteWindow } from "./byte-window.js";
import { FlacAudio } from "./flac-audio.js";
import { maxFrameBytes } from "./flac-frame.js";
import { MAX_FRAME_HEADER_BYTES, readFrameHeader } from "./flac-header.js";
import { type FlacInfo, readFlacInfo, STREAM_INFO_BYTES } from "./flac-info.js";
import { leadingTagsEnd, trailingTagsStart } from "./tags.js";
import type { AudioWarning } from "./warning.js";

const BLOCK_HEADER_BYTES = 4;

/**
 * Opens a native FLAC file. Its frames are checked against the header, their own checksums and numbers, and the MD5
 * checksum of the samples. Damaged frames are left out, and the audio after them follows without a gap, as in ffmpeg.
 * Same as: the WAV file it was made from, exactly; test/audio/xiph.test.ts
 */
export async function openFlac(source: ByteSource, path: string): Promise<AudioStream> {
  const { info, firstFrameAt } = await readMetadata(source, path);
  const window = new ByteWindow(source, await trailingTagsStart(source));
  const { channels, sampleRate } = info;
  const warnings: AudioWarning[] = [];
  return {
    format: { container: "FLAC", encoding: "FLAC", channels, sampleRate },
    declaredSamples: info.nSamples,
    blocks: decodeFrames(window, { firstFrameAt, info, path, warnings }),
    warnings,
  };
}

/** Reads STREAMINFO. The other metadata, cover art and the like, is passed over. */
async function readMetadata(
  source: ByteSource,
  path: string,
): Promise<{ info: FlacInfo; firstFrameAt: number }> {
  let at = (await leadingTagsEnd(source)) + "fLaC".length;
  let info: FlacInfo | null = null;
  for (;;) {
    const block = await source.read(at, BLOCK_HEADER_BYTES + STREAM_INFO_BYTES);
    const [typeByte, high, middle, low] = block;
    if (low === undefined) throw new DataError(path, "the file ends within the FLAC header");
    const length = high * 65536 + middle * 256 + low;
    if (info === null) {
      if (
        (typeByte & 127) !== 0 ||
        length !== STREAM_INFO_BYTES ||
        block.length < BLOCK_HEADER_BYTES + length
      )
        throw new DataError(path, "the FLAC file does not begin with its STREAMINFO block");
      info = readFlacInfo(block.subarray(BLOCK_HEADER_BYTES));
    }
    at += BLOCK_HEADER_BYTES + length;
    if ((typeByte & 128) !== 0) return { info, firstFrameAt: at };
  }
}

async function* decodeFrames(
  window: ByteWindow,
  rest: { firstFrameAt: number; info: FlacInfo; path: string; warnings: AudioWarning[] },
): AsyncGenerator<readonly Float32Array[]> {
  const { firstFrameAt, info, path, warnings } = rest;
  const audio = new FlacAudio(info, path);
  for (let position = firstFrameAt; position < window.end; ) {
    let bytes = await window.from(position, MAX_FRAME_HEADER_BYTES);
    const header = readFrameHeader(bytes);
    if (header !== null && audio.matches(header, `at byte ${position}`)) {
      bytes = await window.from(position, maxFrameBytes(header, info.bits));
      if (audio.isFullFor(header)) yield audio.takeBlock() as readonly Float32Array[];
      const length = audio.add(bytes, header);
      if (length !== null) {
        position += length;
        continue;
      }
    }
    if (audio.isInSync && audio.nSamples === info.nSamples) {
      warnings.push({
        code: "ignored-data",
        message: `${window.end - position} bytes after the last declared sample are no FLAC frames and were not read`,
      });
      break;
    }
    audio.loseSync();
    const next = bytes.indexOf(0xff, 1);
    position += next < 0 ? bytes.length : next;
  }
  const last = audio.takeBlock();
  if (last !== null) yield last;
  warnings.push(...audio.warnings());
}
