import { Random } from "../../src/core/random.js";
import { type Note, type Score, SYNTHESIS_RATE, valueAt } from "./score.js";
import { formantsOf, type Person, SHORTER, type Singer, VOWEL_NAMES, type Vowel } from "./singer.js";

/** Samples between updates of pitch, loudness and formants: 2.9 ms. */
const BLOCK = 64;
const BLOCK_SEC = BLOCK / SYNTHESIS_RATE;
/** Times in which the tract, in two steps, and the pitch come nearer to what follows by a factor of e [s]. */
const TRACT_SEC = 0.018;
const GLIDE_SEC = 0.03;
/** Farthest below its pitch that a voice begins [semitones]. */
const LOWEST_SCOOP = 0.8;

/** Bandwidths of the formants [Hz]. Reference: Klatt, Software for a cascade/parallel formant synthesizer, JASA 67 (1980). */
const BANDWIDTHS = [60, 90, 150, 200, 250];
/** Bandwidth of the formants above the fifth [Hz]. */
const HIGHEST_BANDWIDTH = 700;
/** Positions of the tract before a vowel: formants [Hz], level [dB] and how much wider the formants are. */
const CONSONANTS = {
  m: { formants: [260, 1100, 2200, 3100, 3700], gainDb: -9, width: 2.5 },
  n: { formants: [280, 1500, 2500, 3300, 3900], gainDb: -9, width: 2.5 },
  l: { formants: [360, 1100, 2700, 3300, 3800], gainDb: -5, width: 1.5 },
} as const;
type Consonant = keyof typeof CONSONANTS;
const CONSONANT_NAMES = Object.keys(CONSONANTS) as Consonant[];

/** White noise, uniform in [-1, 1). */
const NOISE = ((random) => Float32Array.from({ length: 65521 }, () => random.uniform(-1, 1)))(
  new Random("breath"),
);

/** A state of the tract. */
interface Tract {
  readonly formants: readonly number[];
  readonly gain: number;
  readonly width: number;
}

/** What a person sings on one note. */
export interface Syllable {
  readonly startSec: number;
  readonly endSec: number;
  readonly key: number;
  readonly loudness: number;
  readonly consonant: Consonant | null;
  readonly consonantSec: number;
  readonly vowel: Vowel;
}

/** Chooses the text of a clip: a vowel for all notes, or one for each; a consonant before some of them. */
function drawText(random: Random, notes: readonly Note[]): Syllable[] {
  const same = random.uniform() < 0.6 ? random.pick(VOWEL_NAMES) : null;
  const consonants = random.uniform() < 0.4 ? random.uniform(0.4, 1) : 0;
  const sameConsonant = random.pick(CONSONANT_NAMES);
  return notes.map(({ startSec, endSec, key, velocity }) => ({
    startSec,
    endSec,
    key,
    loudness: (velocity / 127) ** 1.2,
    consonant:
      random.uniform() < consonants
        ? random.uniform() < 0.6
          ? sameConsonant
          : random.pick(CONSONANT_NAMES)
        : null,
    consonantSec: random.uniform(0.05, 0.16),
    vowel: same ?? random.pick(VOWEL_NAMES),
  }));
}

/** The syllables of one of `nPeople`: of a chord, everybody sings one note. */
function partOf(syllables: readonly Syllable[], person: number): Syllable[] {
  const part: Syllable[] = [];
  for (let i = 0; i < syllables.length; ) {
    let j = i + 1;
    while (j < syllables.length && syllables[j].startSec - syllables[i].startSec < 0.06) j++;
    part.push(syllables[i + (person % (j - i))]);
    i = j;
  }
  return part;
}

/**
 * The glottis of a person. The flow of an open one is t^2 - t^3; its derivative jumps where it closes, which is rounded to
 * keep it from aliasing.
 * Reference: Klatt and Klatt, Analysis, synthesis, and perception of voice quality variations, JASA 87 (1990), KLGLOTT88.
 */
class Glottis {
  readonly #person: Person;
  readonly #random: Random;
  readonly #tilt: number;
  #state: [phase: number, tilted: number, jitter: number, shimmer: number, noiseAt: number];

  constructor(person: Person, random: Random) {
    this.#person = person;
    this.#random = random;
    this.#tilt = Math.exp((-2 * Math.PI * person.tiltHz) / SYNTHESIS_RATE);
    this.#state = [random.uniform(), 0, 1, 1, random.integer(NOISE.length)];
  }

  /** Fills a block with the derivative of the flow at a pitch, and breath. */
  fill(block: Float64Array, f0: number): void {
    const { openQuotient, breath } = this.#person;
    const [random, tilt] = [this.#random, this.#tilt];
    let [phase, tilted, jitter, shimmer, noiseAt] = this.#state;
    for (let i = 0; i < block.length; i++) {
      const step = (f0 * jitter) / SYNTHESIS_RATE;
      phase += step;
      if (phase >= 1) {
        phase -= 1;
        jitter = 1 + this.#person.jitter * random.normal();
        shimmer = 1 + this.#person.shimmer * random.normal();
      }
      const t = phase / openQuotient;
      let pulse = t < 1 ? 2 * t - 3 * t * t : 0;
      // The polynomial that rounds a step within a sample of it (polyBLEP).
      const d = (phase - openQuotient) / step;
      if (d > -1 && d < 0) pulse += ((1 + d) * (1 + d)) / 2;
      else if (d >= 0 && d < 1) pulse -= ((1 - d) * (1 - d)) / 2;
      tilted = tilt * tilted + (1 - tilt) * pulse * shimmer;
      noiseAt = noiseAt + 1 < NOISE.length ? noiseAt + 1 : 0;
      block[i] = tilted + breath * NOISE[noiseAt] * (t < 1 ? 1 : 0.3);
    }
    this.#state = [phase, tilted, jitter, shimmer, noiseAt];
  }
}

/** What a person's tract is like in a consonant. */
function consonantTract({ scale, womanhood, width }: Person, consonant: Consonant): Tract {
  const shape = CONSONANTS[consonant];
  return {
    formants: shape.formants.map((hz) => hz * scale * (1 + womanhood * (SHORTER - 1))),
    gain: 10 ** (shape.gainDb / 20),
    width: width * shape.width,
  };
}

/** The fraction of the way to a target that is covered in a block, if the rest shrinks by e in `sec`. */
function stepToward(sec: number): number {
  return 1 - Math.exp(-BLOCK_SEC / sec);
}

/** Adds one person's voice: a glottis, and five resonators in a row. */
function addVoice(
  out: Float32Array,
  person: Person,
  part: readonly Syllable[],
  score: Score,
  random: Random,
): void {
  const vowels = new Map(VOWEL_NAMES.map((vowel) => [vowel, formantsOf(person, vowel)]));
  const glottis = new Glottis(person, random.fork("glottis"));
  const [tractStep, pitchStep] = [stepToward(TRACT_SEC), stepToward(GLIDE_SEC)];
  const vibratoPhase = random.uniform();
  const aims = [...vowels.get(part[0].vowel)!];
  const formants = [...aims];
  const memory = new Float64Array(2 * formants.length);
  const block = new Float64Array(BLOCK);
  let [width, gain, loudness, pitch, wander, at] = [person.width, 1, 0, 0, 0, 0];
  for (let from = 0; from < out.length; from += BLOCK) {
    const sec = from / SYNTHESIS_RATE - person.lateSec;
    while (at + 1 < part.length && part[at + 1].startSec <= sec) at++;
    const { startSec, endSec, key, vowel, consonant, consonantSec, ...syllable } = part[at];
    const isOn = sec >= startSec && sec < endSec;
    const expression = score.expression === null ? 1 : (valueAt(score.expression, sec) / 127) ** 2;
    const before = loudness * gain * expression;
    if (isOn && loudness === 0) pitch = key - random.uniform(0, LOWEST_SCOOP);
    const most = BLOCK_SEC / (isOn ? person.attackSec : person.releaseSec);
    loudness += Math.max(-most, Math.min(most, (isOn ? syllable.loudness : 0) - loudness));
    if (loudness <= 0 && before <= 0) continue;
    const tract =
      consonant !== null && sec < startSec + consonantSec
        ? consonantTract(person, consonant)
        : { formants: vowels.get(vowel)!, gain: 1, width: person.width };
    width += tractStep * (tract.width - width);
    gain += tractStep * (tract.gain - gain);
    pitch += pitchStep * (key - pitch);
    wander += -0.02 * wander + 0.2 * random.normal();
    const vibrato = Math.min(1, Math.max(0, (sec - startSec - person.vibratoDelaySec) / 0.4));
    const cents =
      person.detuneCents +
      valueAt(score.bendCents, sec) +
      person.wanderCents * wander +
      vibrato * person.vibratoCents * Math.sin(2 * Math.PI * (person.vibratoHz * sec + vibratoPhase));
    const f0 = 440 * 2 ** ((pitch + person.octave - 69 + cents / 100) / 12);
    glottis.fill(block, f0);
    for (const [k, target] of tract.formants.entries()) {
      // Two steps: a tract begins to move slowly, else it would click.
      aims[k] += tractStep * (target - aims[k]);
      formants[k] += tractStep * (aims[k] - formants[k]);
      // A first formant below the pitch would find nothing to amplify: singers raise it.
      const hz = k === 0 ? Math.max(formants[0], f0) : formants[k];
      resonate(block, ...resonator(hz, BANDWIDTHS[k] * width), memory, 2 * k);
    }
    const after = loudness * gain * expression;
    const end = Math.min(out.length, from + BLOCK);
    for (let i = from; i < end; i++)
      out[i] += block[i - from] * (before + ((after - before) * (i - from)) / BLOCK);
  }
}

/** The coefficients b and c of a resonator at a frequency. */
function resonator(hz: number, bandwidthHz: number): [b: number, c: number] {
  const r = Math.exp((-Math.PI * bandwidthHz) / SYNTHESIS_RATE);
  return [2 * r * Math.cos((2 * Math.PI * Math.min(hz, 0.49 * SYNTHESIS_RATE)) / SYNTHESIS_RATE), -r * r];
}

/** Filters a block in place: y = (1 - b - c) x + b y1 + c y2, whose gain at 0 Hz is 1; the two last y are in `memory`. */
function resonate(
  block: Float64Array | Float32Array,
  b: number,
  c: number,
  memory: Float64Array,
  at: number,
): void {
  const a = 1 - b - c;
  let [y1, y2] = [memory[at], memory[at + 1]];
  for (let i = 0; i < block.length; i++) {
    const y = a * block[i] + b * y1 + c * y2;
    y2 = y1;
    y1 = y;
    block[i] = y;
  }
  memory[at] = y1;
  memory[at + 1] = y2;
}

/**
 * Sings a score.
 * @returns what is heard after `score.skipSec`, at `SYNTHESIS_RATE`
 */
export function sing(singer: Singer, score: Score, random: Random): Float32Array {
  return singText(singer, drawText(random, score.notes), score, random);
}

/** Sings a score with a text of its notes. */
export function singText(
  { people, highest }: Singer,
  syllables: readonly Syllable[],
  score: Score,
  random: Random,
): Float32Array {
  const skip = Math.max(0, Math.round(score.skipSec * SYNTHESIS_RATE));
  const out = new Float32Array(skip + Math.round(score.durationSec * SYNTHESIS_RATE));
  people.forEach((person, i) => {
    addVoice(out, person, partOf(syllables, i), score, random.fork(`person ${i}`));
  });
  for (const hz of highest) resonate(out, ...resonator(hz, HIGHEST_BANDWIDTH), new Float64Array(2), 0);
  return out.subarray(skip);
}
