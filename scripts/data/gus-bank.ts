import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  BasicInstrument,
  BasicPreset,
  BasicSample,
  BasicSoundBank,
  type GeneratorType,
  GeneratorTypes,
  SampleTypes,
} from "spessasynth_core";
import { decodeGusPatch, type GusSample } from "./gus-patch.js";
import { PROGRAMS, SUSTAINED_LABELS } from "./labels.js";

/** A patch and what plays it: a program, or a key of the drum channel. */
export interface GusPatch {
  readonly name: string;
  readonly samples: readonly GusSample[];
  readonly program: number;
  /** null for a melodic patch. */
  readonly drumKey: number | null;
}

/** Longest envelope time of a sound font [s], 8000 timecents. */
const MAX_SEC = 100;
/** Strings that are plucked: their notes die away, unlike those of other strings. */
const PLUCKED_STRINGS: ReadonlySet<number> = new Set([45, 46]);
/** An envelope that holds less than this is a note that dies away by itself [dB]. */
const DYING_DB = -40;
/** What is held of a note that dies away [dB]. */
const SILENCE_DB = -100;
/** Length of the stretches that a sample's fall is measured between [s]. */
const LEVEL_SEC = 0.05;
/** Bounds of the fall of a struck note [dB/s]: below and above, a short sample does not show it. */
const MIN_FALL = 4;
const MAX_FALL = 60;
/** Shortest fall of a looped sample after its note [s], so that it does not click. */
const MIN_RELEASE_SEC = 0.05;

/**
 * Reads the patches that a TiMidity configuration lists under `bank 0` and `drumset 0` as one sound bank.
 * @throws DataError if a patch is damaged
 */
export function loadGusBank(configFile: string): BasicSoundBank {
  const patches: GusPatch[] = [];
  let inDrums = false;
  for (const line of readFileSync(configFile, "utf8").split(/\r?\n/)) {
    const [word, file] = line.trim().split(/\s+/);
    if (word === "drumset" || word === "bank") inDrums = word === "drumset";
    else if (/^\d+$/.test(word) && file !== undefined) {
      const path = join(dirname(configFile), file);
      const place = inDrums
        ? { program: 0, drumKey: Number(word) }
        : { program: Number(word), drumKey: null };
      patches.push({ name: file, samples: decodeGusPatch(readFileSync(path), path), ...place });
    }
  }
  return gusBank(patches);
}

/** A sound bank with a preset for each melodic patch and one drum kit of all the others. */
export function gusBank(patches: readonly GusPatch[]): BasicSoundBank {
  const bank = new BasicSoundBank();
  const kit = presetOf(bank, "drums", 0, true);
  for (const patch of patches) {
    const instrument = new BasicInstrument();
    instrument.name = patch.name;
    bank.addInstruments(instrument);
    const preset = patch.drumKey === null ? presetOf(bank, patch.name, patch.program, false) : kit;
    const zone = preset.createZone(instrument);
    if (patch.drumKey !== null) zone.keyRange = { min: patch.drumKey, max: patch.drumKey };
    addSamples(bank, instrument, patch);
    if (preset !== kit) bank.addPresets(preset);
  }
  if (kit.zones.length > 0) bank.addPresets(kit);
  bank.flush();
  return bank;
}

function presetOf(bank: BasicSoundBank, name: string, program: number, isDrum: boolean): BasicPreset {
  return Object.assign(new BasicPreset(bank), { name, program, isGMGSDrum: isDrum });
}

/** Adds a zone for each run of keys that one sample plays. A drum sounds as it was recorded. */
function addSamples(
  bank: BasicSoundBank,
  instrument: BasicInstrument,
  { samples, program, drumKey, name }: GusPatch,
): void {
  const made = samples.map((sample, i) => {
    const made = bankSample(sample, drumKey, `${name} ${i + 1}`);
    bank.addSamples(made);
    return made;
  });
  const keys = Array.from({ length: 128 }, (_, key) => sampleOfKey(samples, key));
  for (let low = 0, high = 0; low < keys.length; low = ++high) {
    while (high + 1 < keys.length && keys[high + 1] === keys[low]) high++;
    const zone = instrument.createZone(made[keys[low]]);
    zone.keyRange = { min: low, max: high };
    for (const [generator, value] of envelopeGenerators(samples[keys[low]], diesAway(program, drumKey)))
      zone.setGenerator(generator, value);
  }
}

/** The first sample whose range has the key's frequency, or the nearest one. */
function sampleOfKey(samples: readonly GusSample[], key: number): number {
  const hz = 440 * 2 ** ((key - 69) / 12);
  // The ranges end at rounded frequencies.
  const found = samples.findIndex(({ lowHz, highHz }) => hz > lowHz * 0.999 && hz < highHz * 1.001);
  if (found >= 0) return found;
  const distances = samples.map(({ rootHz }) => Math.abs(Math.log(rootHz / hz)));
  return distances.indexOf(Math.min(...distances));
}

function bankSample(sample: GusSample, drumKey: number | null, name: string): BasicSample {
  const { audio, sampleRate, rootHz, loop } = sample;
  const root = drumKey ?? 69 + 12 * Math.log2(rootHz / 440);
  const key = Math.round(Math.min(127, Math.max(0, root)));
  const [start, end] = loop ?? [0, audio.length];
  const cents = Math.round(100 * (key - root));
  const made = new BasicSample(name, sampleRate, key, cents, SampleTypes.monoSample, start, end);
  made.setAudioData(audio, sampleRate);
  return made;
}

/** Whether the instrument is struck or plucked: nobody holds its note. */
function diesAway(program: number, drumKey: number | null): boolean {
  const kind = PROGRAMS.get(program);
  return (
    drumKey !== null ||
    PLUCKED_STRINGS.has(program) ||
    (kind !== undefined && !SUSTAINED_LABELS.has(kind.label))
  );
}

/**
 * Volume envelope and loop as generators of a sound font. A sample without a loop plays to its end, also after its note.
 * The loop of a struck or plucked note goes on falling as the sample did before: many patches hold it for ever. A blown,
 * bowed or sung note is held, even where the patch lets it die.
 */
function envelopeGenerators(
  sample: GusSample,
  isStruck: boolean,
): [generator: GeneratorType, value: number][] {
  const { loop, envelope } = sample;
  if (loop === null || envelope === null) return [[GeneratorTypes.releaseVolEnv, timecents(MAX_SEC)]];
  const { attackSec, decaySec, sustainDb, releaseSec } = envelope;
  const dies = sustainDb <= DYING_DB;
  const [holdSec, fall, heldDb] =
    isStruck && !dies
      ? [loop[0] / sample.sampleRate, fallOf(sample, loop[0]), SILENCE_DB]
      : [0, decaySec > 0 ? -sustainDb / decaySec : MIN_FALL, dies && !isStruck ? 0 : sustainDb];
  return [
    [GeneratorTypes.sampleModes, 1],
    [GeneratorTypes.attackVolEnv, timecents(attackSec)],
    [GeneratorTypes.holdVolEnv, timecents(holdSec)],
    // A sound font's decay and release are the times of a fall by 100 dB.
    [GeneratorTypes.decayVolEnv, timecents(100 / fall)],
    [GeneratorTypes.sustainVolEnv, Math.round(-10 * heldDb)],
    [GeneratorTypes.releaseVolEnv, timecents(Math.max(MIN_RELEASE_SEC, (releaseSec * 100) / 96))],
  ];
}

/** How fast a sample falls from its loudest stretch to the loop [dB/s]. */
function fallOf({ audio, sampleRate }: GusSample, loopStart: number): number {
  const length = Math.round(LEVEL_SEC * sampleRate);
  const levels = Array.from({ length: Math.floor(loopStart / length) }, (_, i) => {
    const power = audio.subarray(i * length, (i + 1) * length).reduce((sum, x) => sum + x * x, 1e-12);
    return 10 * Math.log10(power);
  });
  const loudest = Math.max(...levels);
  const sec = (levels.length - 1 - levels.indexOf(loudest)) * LEVEL_SEC;
  return sec > 0 ? Math.min(MAX_FALL, Math.max(MIN_FALL, (loudest - levels.at(-1)!) / sec)) : MIN_FALL;
}

function timecents(sec: number): number {
  return Math.round(1200 * Math.log2(Math.min(MAX_SEC, Math.max(0.001, sec))));
}
