import type { AudioStream } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import { decodeWhole, readAll, streamOf } from "./whole-file.js";

const CONTAINER = { container: "MP3", encoding: "MPEG layer 3" };

/** Opens an MP3 file. */
export async function openMp3(source: ByteSource, path: string): Promise<AudioStream> {
  const { channelData, sampleRate } = await decodeWhole(await readAll(source), CONTAINER, path);
  const nSamples = channelData[0]?.length ?? 0;
  const format = { ...CONTAINER, channels: channelData.length, sampleRate, nSamples };
  return streamOf({ channelData: [...channelData], sampleRate, format, warnings: [] });
}
