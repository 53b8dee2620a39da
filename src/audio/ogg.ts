import { DataError } from "../core/errors.js";
import type { AudioStream } from "./audio-stream.js";
import type { ByteSource } from "./byte-source.js";
import { ByteWindow } from "./byte-window.js";
import { oggCodec } from "./container.js";
import { OggFlacStream, readOggFlacInfo } from "./ogg-flac.js";
import { GranuleStream } from "./ogg-granules.js";
import { lastGranule, type OggPage, oggPages } from "./ogg-pages.js";
import type { OggStream } from "./ogg-stream.js";
import { openOpus } from "./opus.js";
import { leadingTagsEnd, trailingTagsStart } from "./tags.js";
import { openVorbis } from "./vorbis.js";
import type { AudioWarning } from "./warning.js";

/** A logical stream of audio, opened by its first page. */
interface Link {
  readonly serial: number;
  readonly codec: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly stream: OggStream;
  /** Length per channel that the file declares for it; null if it declares none. */
  readonly nSamples: number | null;
}

/**
 * Opens an OGG file with Vorbis, Opus or FLAC inside. Its first audio stream is read, and what is chained to it, as long
 * as codec, rate and channels stay the same. Damaged pages are left out, and the audio after them follows without a gap,
 * as in ffmpeg and libvorbisfile: silence in their place would be audio that nobody recorded.
 * Same as: oggdec 1.4.2, opusdec 0.2, ffmpeg 5.1: the number of samples; test/audio/xiph.test.ts
 * @throws DataError if it has no intact beginning
 */
export async function openOgg(source: ByteSource, path: string): Promise<AudioStream> {
  const window = new ByteWindow(source, await trailingTagsStart(source));
  const pages = oggPages(window, { start: await leadingTagsEnd(source), path });
  const serials = new Set<number>();
  let nOrphans = 0;
  for (;;) {
    const { value: page, done } = await pages.next();
    if (done === true || (!page.isFirst && serials.has(page.serial)))
      throw new DataError(path, "the first page of the OGG stream is damaged");
    if (!page.isFirst) nOrphans++;
    else {
      serials.add(page.serial);
      const codec = oggCodec(page.body);
      if (codec === null) continue;
      const link = await openLink({ page, codec }, source, path);
      const { sampleRate, channels } = link;
      const warnings: AudioWarning[] = [];
      return {
        format: { container: "OGG", encoding: codec, channels, sampleRate },
        declaredSamples: link.nSamples,
        blocks: decodeLinks(link, { pages, serials, nOrphans, source, fileEnd: window.end, path, warnings }),
        warnings,
      };
    }
  }
}

async function openLink(
  { page, codec }: { page: OggPage; codec: string },
  source: ByteSource,
  path: string,
): Promise<Link> {
  const { serial, body } = page;
  if (codec === "FLAC") {
    const info = readOggFlacInfo(body, path);
    return { ...info, serial, codec, stream: new OggFlacStream(info, page, path) };
  }
  const decoder = await (codec === "Opus" ? openOpus : openVorbis)(body, path);
  const { sampleRate, channels, preSkip } = decoder;
  const end = await lastGranule(source, serial);
  const nSamples = end === null ? null : Math.max(0, end - preSkip);
  return { serial, codec, sampleRate, channels, nSamples, stream: new GranuleStream(decoder, page, path) };
}

async function* decodeLinks(
  first: Link,
  rest: {
    pages: AsyncIterable<OggPage>;
    /** Numbers of the streams whose first page was read. */
    serials: Set<number>;
    /** Number of pages of other streams. */
    nOrphans: number;
    source: ByteSource;
    /** Where tags at the end begin. */
    fileEnd: number;
    path: string;
    warnings: AudioWarning[];
  },
): AsyncGenerator<readonly Float32Array[]> {
  const { pages, serials, source, fileEnd, path, warnings } = rest;
  let { nOrphans } = rest;
  let link = first;
  let isAmongFirstPages = true;
  let end = 0;
  try {
    for await (const page of pages) {
      end = page.position + page.length;
      const codec = page.isFirst ? oggCodec(page.body) : null;
      if (page.isFirst) serials.add(page.serial);
      if (codec !== null && isAmongFirstPages)
        warnings.push(notRead(`another ${codec} stream beside the first one`));
      else if (codec !== null) {
        yield* finish(link, warnings);
        const next = await openLink({ page, codec }, source, path);
        link.stream.free();
        const isAlike = (["codec", "sampleRate", "channels"] as const).every(
          (key) => next[key] === link[key],
        );
        link = next;
        if (!isAlike) {
          const { sampleRate, channels } = next;
          const format = `${codec}, ${sampleRate} Hz, ${channels} ${channels === 1 ? "channel" : "channels"}`;
          warnings.push(notRead(`the stream that begins at byte ${page.position} (${format})`));
          return;
        }
        isAmongFirstPages = true;
      } else if (!page.isFirst) {
        isAmongFirstPages = false;
        if (page.serial === link.serial) yield* link.stream.add(page);
        else if (!serials.has(page.serial)) nOrphans++;
      }
    }
    yield* finish(link, warnings);
    if (nOrphans > 0)
      warnings.push({
        code: "damaged",
        message: `${nOrphans} OGG pages belong to a stream without a beginning and were not read`,
      });
    if (end < fileEnd && warnings.length === 0) warnings.push(notRead(`${fileEnd - end} bytes at the end`));
  } finally {
    link.stream.free();
  }
}

function* finish({ stream }: Link, warnings: AudioWarning[]): Generator<readonly Float32Array[]> {
  const block = stream.takeRest();
  if (block !== null) yield block;
  warnings.push(...stream.warnings());
}

const notRead = (what: string): AudioWarning => ({
  code: "ignored-data",
  message: `the OGG file holds ${what}, which was not read`,
});
