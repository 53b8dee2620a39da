import type { Random } from "../../src/core/random.js";
import type { Compass, Label } from "./labels.js";
import { drawOrgan } from "./organ.js";
import { playOrgan } from "./play-organ.js";
import type { Score } from "./score.js";
import { sing } from "./sing.js";
import { drawSinger } from "./singer.js";

/** Instruments of one family that are synthesized, as many as one likes: fonts have too few different ones. */
interface Synthesis {
  readonly label: Label;
  /** How many are drawn; each is a group of its own. */
  readonly nInstruments: number;
  compassOf(instrument: number): Compass;
  /** Plays a score at `SYNTHESIS_RATE`. */
  play(instrument: number, score: Score, random: Random): Float32Array;
}

/** The synthesized instruments by the name that takes the place of a font's; a source's program is their number. */
export const SYNTHESES: ReadonlyMap<string, Synthesis> = new Map<string, Synthesis>([
  [
    "Singers",
    {
      label: "vocal",
      nInstruments: 60,
      compassOf: (instrument) => drawSinger(instrument).compass,
      play: (instrument, score, random) => sing(drawSinger(instrument), score, random),
    },
  ],
  [
    "Organs",
    {
      label: "organ",
      nInstruments: 40,
      compassOf: (instrument) => drawOrgan(instrument).compass,
      play: (instrument, score, random) => playOrgan(drawOrgan(instrument), score, random),
    },
  ],
]);
