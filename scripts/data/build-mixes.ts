import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { hashRecord } from "../../src/core/hash.js";
import { shellWord } from "../../src/report/shell-word.js";
import { packageVersion } from "./fonts.js";
import type { ManifestRow } from "./manifest.js";
import {
  INSTRUMENT_MIXES,
  type MixSizes,
  makeMixes,
  RECORDING_MIXES,
  SMALL_INSTRUMENT_MIXES,
  SMALL_RECORDING_MIXES,
} from "./mixes.js";
import { RECORDINGS, recordingPackage } from "./recordings.js";

/** What is mixed: clips, and the folder that their paths are relative to. */
export interface MixSource {
  readonly dir: string;
  readonly rows: readonly ManifestRow[];
}

/**
 * Makes the mixes of the instruments and of the recordings, in folders beside theirs.
 * @param options.small few mixes, for a quick check
 */
export async function buildMixes(
  instruments: MixSource,
  recordings: MixSource,
  { seed, small }: { seed: number; small: boolean },
): Promise<void> {
  const suffix = small ? "-small" : "";
  await build(join(dirname(instruments.dir), `mixes${suffix}`), instruments, {
    seed,
    sizes: small ? SMALL_INSTRUMENT_MIXES : INSTRUMENT_MIXES,
    source: hashRecord(readFileSync(join(instruments.dir, "recipe.json"), "utf8")),
  });
  const versions = RECORDINGS.map(([name]) => packageVersion(recordingPackage(name)));
  await build(join(dirname(recordings.dir), `recording-mixes${suffix}`), recordings, {
    seed,
    sizes: small ? SMALL_RECORDING_MIXES : RECORDING_MIXES,
    source: hashRecord(versions),
  });
}

async function build(
  dir: string,
  { dir: from, rows }: MixSource,
  options: { seed: number; sizes: MixSizes; source: string },
): Promise<void> {
  const { made, mixes } = await makeMixes(resolve(dir), rows, { ...options, from: resolve(from) });
  if (!made) console.error(`${dir} is complete, nothing to mix`);
  console.error(`${mixes.length} mixes in ${join(dir, "manifest.csv")}`);
  const extract = `npm run extract -- ${shellWord(join(dir, "manifest.csv"))} --out ${shellWord(join("data/features", dir.split("/").at(-1)!))}`;
  console.error(`next: ${extract}`);
}
