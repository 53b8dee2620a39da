import type { AudioStream } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import { type Container, detectContainer, hasLastOggPage } from "./container.js";
import { readFlacInfo, rescaleFlac } from "./flac.js";
import type { AudioWarning } from "./warning.js";
import { decodeWhole, readAll, streamOf } from "./whole-file.js";

/** Opens an OGG file with Vorbis, Opus or FLAC inside. */
export async function openOgg(source: ByteSource, path: string): Promise<AudioStream> {
  const bytes = await readAll(source);
  const container = detectContainer(bytes) as Container;
  const { channelData, sampleRate } = await decodeWhole(bytes, container, path);
  const warnings: AudioWarning[] = [];
  const info = container.encoding === "FLAC" ? readFlacInfo(bytes) : null;
  if (info !== null && info.bits <= 24) rescaleFlac([...channelData], info.bits);
  if (!hasLastOggPage(bytes))
    warnings.push({
      code: "truncated",
      message: "the OGG stream lacks its last page; the file is probably truncated",
    });
  const nSamples = channelData[0]?.length ?? 0;
  const format = { ...container, channels: channelData.length, sampleRate, nSamples };
  return streamOf({ channelData: [...channelData], sampleRate, format, warnings });
}
