import { Random } from "../../src/core/random.js";
import { DRAWBARS, type Organ, type Rank } from "./organ.js";
import { type Note, type Score, SYNTHESIS_RATE, valueAt } from "./score.js";

/** Samples of one period of a pipe's tone. */
const TABLE_SIZE = 2048;
/** Samples between updates of wind, tremulant and bend. */
const BLOCK = 64;
/** No partial is higher [Hz]. */
const HIGHEST_PARTIAL = 10000;
/** Most ranks that sound together. */
const MOST_RANKS = 5;
const MIDDLE_C = 60;

/** A rank that is drawn, with what the clip changes. */
type Drawn = Rank & { readonly numbers: readonly number[] };

/** Chooses the ranks that sound, and how far the drawbars are pulled: -3 dB a step, eight steps. */
export function drawRegistration({ kind, ranks }: Organ, random: Random): Drawn[] {
  if (kind === "tone wheels")
    return ranks.map((rank) => {
      // The bar of 8' is never in.
      const steps = DRAWBARS.map((number): number =>
        number === 2 ? 1 + random.integer(8) : random.uniform() < 0.7 ? random.integer(9) : 0,
      );
      const partialsDb = rank.partialsDb.map((db, i) => (steps[i] === 0 ? -90 : db - 3 * (8 - steps[i])));
      return { ...rank, partialsDb, numbers: DRAWBARS };
    });
  // Reed pipes join flue pipes: alone, nobody could tell them from other reeds and brass.
  const unison = ranks.filter(
    ({ semitones, family }) => semitones === 0 && (family === "flue" || kind === "reeds"),
  );
  const first = random.pick(unison);
  const others = random.shuffle(ranks.filter((rank) => rank !== first));
  return [first, ...others.slice(0, random.integer(MOST_RANKS))].map((rank) => ({
    ...rank,
    numbers: rank.partialsDb.map((_, i) => i + 1),
  }));
}

/** One period of the tone of a rank's pipe for a key. */
function periodOf(rank: Drawn, key: number, hz: number): Float32Array {
  // A pipe is the same whenever it sounds.
  const random = new Random(`pipe/${rank.partialsDb[0]}/${key}`);
  const period = new Float32Array(TABLE_SIZE);
  const octaves = (key + rank.semitones - MIDDLE_C) / 12;
  for (const [i, number] of rank.numbers.entries()) {
    const db = rank.partialsDb[i] - Math.max(-1, octaves) * rank.lossDb * i;
    const amplitude = 10 ** ((db + rank.gainDb + rank.unevennessDb * random.normal()) / 20);
    const phase = 2 * Math.PI * random.uniform();
    if (number * hz > HIGHEST_PARTIAL || amplitude < 1e-4) continue;
    // A rotation by a constant angle: sines without calling for each.
    const [turnRe, turnIm] = [
      Math.cos((2 * Math.PI * number) / TABLE_SIZE),
      Math.sin((2 * Math.PI * number) / TABLE_SIZE),
    ];
    let [re, im] = [amplitude * Math.cos(phase), amplitude * Math.sin(phase)];
    for (let n = 0; n < TABLE_SIZE; n++) {
      period[n] += im;
      [re, im] = [re * turnRe - im * turnIm, re * turnIm + im * turnRe];
    }
  }
  return period;
}

/** Amplitude and pitch factors of the wind and tremulant, a value a block. */
function drawWind(
  organ: Organ,
  score: Score,
  nBlocks: number,
  random: Random,
): { gain: number; pitch: number }[] {
  const trembles = random.uniform() < (organ.kind === "tone wheels" ? 0.6 : 0.15);
  const phase = random.uniform();
  let [gainDb, cents] = [0, 0];
  return Array.from({ length: nBlocks }, (_, i) => {
    const sec = (i * BLOCK) / SYNTHESIS_RATE;
    gainDb += -0.01 * gainDb + 0.14 * organ.windDb * random.normal();
    cents += -0.01 * cents + 0.14 * organ.windCents * random.normal();
    const wave = trembles ? Math.sin(2 * Math.PI * (organ.tremulantHz * sec + phase)) : 0;
    const expression = score.expression === null ? 1 : (valueAt(score.expression, sec) / 127) ** 2;
    return {
      gain: expression * 10 ** (gainDb / 20) * (1 + organ.tremulantDepth * wave),
      pitch: 2 ** ((cents + organ.tremulantCents * wave + valueAt(score.bendCents, sec)) / 1200),
    };
  });
}

/** Adds the tone of one pipe. */
function addPipe(
  out: Float32Array,
  { startSec, endSec, key }: Note,
  rank: Drawn,
  wind: readonly { gain: number; pitch: number }[],
  random: Random,
): void {
  const hz = 440 * 2 ** ((key + rank.semitones - 69 + rank.detuneCents / 100) / 12);
  if (hz > HIGHEST_PARTIAL / 2) return;
  const period = periodOf(rank, key, hz);
  const first = Math.round(startSec * SYNTHESIS_RATE);
  const released = Math.round(endSec * SYNTHESIS_RATE);
  const end = Math.min(out.length, released + Math.round(6 * rank.releaseSec * SYNTHESIS_RATE));
  // Low pipes speak later.
  const slowness = 2 ** (-(key + rank.semitones - MIDDLE_C) / 24);
  const rise = 1 - Math.exp(-1 / (rank.attackSec * slowness * SYNTHESIS_RATE));
  const fall = Math.exp(-1 / (rank.releaseSec * SYNTHESIS_RATE));
  const chiffFall = Math.exp(-1 / (rank.chiffSec * SYNTHESIS_RATE));
  const step = (hz / SYNTHESIS_RATE) * TABLE_SIZE;
  let phase = random.uniform(0, TABLE_SIZE);
  let [envelope, chiff, smooth] = [0, 10 ** ((rank.gainDb + rank.chiffDb) / 20), 0];
  for (let i = first; i < end; i++) {
    const { gain, pitch } = wind[Math.floor(i / BLOCK)];
    envelope = i < released ? envelope + rise * (1 - envelope) : envelope * fall;
    phase += step * pitch;
    if (phase >= TABLE_SIZE) phase -= TABLE_SIZE;
    const at = Math.floor(phase);
    const a = period[at];
    const tone = a + (period[at + 1 < TABLE_SIZE ? at + 1 : 0] - a) * (phase - at);
    let noise = 0;
    if (chiff > 1e-5) {
      smooth += 0.5 * (random.uniform(-1, 1) - smooth);
      noise = chiff * smooth;
      chiff *= chiffFall;
    }
    out[i] += gain * (tone * envelope + noise);
  }
}

/**
 * Plays a score on an organ, with a registration drawn for it.
 * @returns what is heard after `score.skipSec`, at `SYNTHESIS_RATE`
 */
export function playOrgan(organ: Organ, score: Score, random: Random): Float32Array {
  const skip = Math.max(0, Math.round(score.skipSec * SYNTHESIS_RATE));
  const out = new Float32Array(skip + Math.round(score.durationSec * SYNTHESIS_RATE));
  const ranks = drawRegistration(organ, random.fork("registration"));
  const wind = drawWind(organ, score, Math.ceil(out.length / BLOCK), random.fork("wind"));
  const pipes = random.fork("pipes");
  for (const note of score.notes) for (const rank of ranks) addPipe(out, note, rank, wind, pipes);
  const hiss = random.fork("hiss");
  const level = 10 ** (organ.hissDb / 20);
  for (let i = 0; i < out.length; i++) out[i] += level * hiss.uniform(-1, 1);
  return out.subarray(skip);
}
