import { AUDIO_EXTENSIONS } from "../audio/container.js";

/** A file that was dropped or chosen. */
export interface GivenFile {
  readonly file: File;
  /** Its folders and its name, as far as they were given, e.g. `violin/A4.wav`. */
  readonly path: string;
}

/** Files that were dropped or chosen: those that may hold audio, and the paths of the others. */
export interface GivenFiles {
  readonly audio: readonly GivenFile[];
  readonly others: readonly string[];
}

/** Reads what was dropped, with everything in its folders. The list must be read at once: a drop ends with its event. */
export async function droppedFiles(data: DataTransfer): Promise<GivenFiles> {
  const entries = [...data.items].map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found = await Promise.all(
    entries.map(async ({ entry, file }) =>
      entry !== null ? filesOf(entry) : file !== null ? [{ file, path: file.name }] : [],
    ),
  );
  return sorted(found.flat());
}

/** The files of an `<input type="file">`, which is emptied so that the same files can be chosen again. */
export function chosenFiles(input: HTMLInputElement): GivenFiles {
  const files = [...(input.files ?? [])];
  input.value = "";
  return sorted(files.map((file) => ({ file, path: file.webkitRelativePath || file.name })));
}

async function filesOf(entry: FileSystemEntry): Promise<GivenFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const entries: FileSystemEntry[] = [];
  for (;;) {
    // A reader gives a hundred entries at a time.
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) break;
    entries.push(...some);
  }
  return (await Promise.all(entries.map(filesOf))).flat();
}

function sorted(files: readonly GivenFile[]): GivenFiles {
  const seen = files.filter(({ path }) => !/(^|\/)\./.test(path)); // files of the system, such as .DS_Store
  const mayHoldAudio = ({ path }: GivenFile) =>
    AUDIO_EXTENSIONS.some((extension) => path.toLowerCase().endsWith(extension));
  const byPath = (a: GivenFile, b: GivenFile) => a.path.localeCompare(b.path, undefined, { numeric: true });
  return {
    audio: seen.filter(mayHoldAudio).sort(byPath),
    others: seen.filter((file) => !mayHoldAudio(file)).map(({ path }) => path),
  };
}

/** What is said of files that were left out; empty if there are none. */
export function leftOutText(others: readonly string[]): string {
  if (others.length === 0) return "";
  return `Left out, since the page reads WAV, AIFF, AU, MP3, FLAC, OGG and Opus files: ${listedPaths(others)}.`;
}

/** The first of some paths, and how many more there are. */
export function listedPaths(paths: readonly string[]): string {
  const named = paths.slice(0, 3).join(", ");
  return paths.length > 3 ? `${named} and ${paths.length - 3} more` : named;
}
