import type { OggPage } from "./ogg-pages.js";
import type { AudioWarning } from "./warning.js";

/** The audio of one logical stream of an OGG file. */
export interface OggStream {
  /** Decodes a page of the stream. */
  add(page: OggPage): AsyncIterable<readonly Float32Array[]>;
  /** The samples that are left once all pages are added. */
  takeRest(): readonly Float32Array[] | null;
  /** What is missing or damaged, once all pages are added. */
  warnings(): AudioWarning[];
  free(): void;
}

/** The warning about a stream whose last page was not there. */
export function lacksLastPage(): AudioWarning {
  return { code: "truncated", message: "the OGG stream lacks its last page; the file is probably truncated" };
}
