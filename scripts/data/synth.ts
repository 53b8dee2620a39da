import { type BasicSoundBank, type MIDIController, SpessaSynthProcessor } from "spessasynth_core";
import { MAX_SKIP_SEC } from "./draw-score.js";
import { LONGEST_NOTE_SEC } from "./evaluation-score.js";
import type { Source } from "./fonts.js";
import { forgetAudio } from "./sample-groups.js";
import { CLIP_SEC, type Score, valueAt } from "./score.js";
import { peakOf } from "./treatment.js";

/** Fonts are rendered at this rate: at 22 050 Hz the synthesizer's interpolation aliases cymbals by several decibels. */
export const RENDER_RATE = 44100;

/** The synthesizer's block [samples]; notes and bends fall on block boundaries, 2.9 ms apart. */
const BLOCK = 128;
const DRUM_CHANNEL = 9;
/** Range of the pitch wheel [semitones], set by registered parameter 0: what a phrase, a shift and a vibrato need. */
const BEND_RANGE = 24;
const EXPRESSION = 11;
const VOLUME = 7;
/** A channel's volume at the beginning. */
const INITIAL_VOLUME = 100;
/** Highest key of a stop; above it the rank repeats its octave, as the ranks of mixtures do. */
const HIGHEST_STOP_KEY = 108;

/** Longest rendering [s]. */
const MAX_RENDER_SEC = Math.max(LONGEST_NOTE_SEC, CLIP_SEC + MAX_SKIP_SEC);
/** A clip from the middle or end of a note begins at the onset if its peak is below this fraction of the whole note's. */
const FADED_FRACTION = 0.01;

/** What sounds on one channel: a stop, played by one of the players. */
interface Voice {
  readonly channel: number;
  readonly semitones: number;
  readonly gainDb: number;
  readonly detuneCents: number;
}

function voicesOf(source: Source, { stops, unisonCents }: Score): Voice[] {
  const players = unisonCents > 0 ? [-unisonCents / 2, unisonCents / 2] : [0];
  return stops
    .flatMap((stop) => players.map((detuneCents) => ({ ...stop, detuneCents })))
    .map((voice, i) => ({
      ...voice,
      channel: source.drumKey !== null ? DRUM_CHANNEL : i < DRUM_CHANNEL ? i : i + 1,
    }));
}

/** A font ready to play. Every clip begins from the synthesizer's initial state, so their order does not matter. */
export class FontSynth {
  readonly #bank: BasicSoundBank;
  readonly #synth: SpessaSynthProcessor;
  readonly #right = new Float32Array(RENDER_RATE * MAX_RENDER_SEC);

  constructor(bank: BasicSoundBank) {
    this.#bank = bank;
    this.#synth = new SpessaSynthProcessor(RENDER_RATE, { eventsEnabled: false, effectsEnabled: false });
    this.#synth.soundBankManager.addSoundBank(bank, "main");
  }

  /** Plays a score on a preset and returns the mean of both channels, `score.durationSec` seconds at `RENDER_RATE`. */
  render(source: Source, score: Score): Float32Array {
    const synth = this.#synth;
    const skip = Math.max(0, Math.round((score.skipSec * RENDER_RATE) / BLOCK) * BLOCK);
    const nSamples = skip + Math.round(score.durationSec * RENDER_RATE);
    const left = new Float32Array(nSamples);
    const right = this.#right.fill(0).subarray(0, nSamples);
    const voices = voicesOf(source, score);
    for (const { channel, gainDb } of voices) {
      synth.controllerChange(channel, 0, source.bank);
      synth.programChange(channel, source.program);
      for (const [controller, value] of [[101, 0], [100, 0], [6, BEND_RANGE], ...score.controllers])
        synth.controllerChange(channel, controller as MIDIController, value);
      if (gainDb !== 0)
        synth.controllerChange(channel, VOLUME, Math.round(INITIAL_VOLUME * 10 ** (gainDb / 40)));
    }
    const events = score.notes
      .flatMap(({ startSec, endSec, key, velocity }) => [
        { at: startSec, key, velocity },
        { at: endSec, key, velocity: 0 },
      ])
      .sort((a, b) => a.at - b.at || a.velocity - b.velocity);
    const isMoving = score.vibrato !== null || score.bendCents.length > 1;
    let next = 0;
    for (let from = 0; from < nSamples; from += BLOCK) {
      const sec = from / RENDER_RATE;
      if (from === 0 || isMoving) {
        const cents = valueAt(score.bendCents, sec) + vibratoCents(score, sec);
        for (const { channel, detuneCents } of voices) synth.pitchWheel(channel, wheel(cents + detuneCents));
      }
      if (score.expression !== null)
        for (const { channel } of voices)
          synth.controllerChange(channel, EXPRESSION, Math.round(valueAt(score.expression, sec)));
      for (; next < events.length && events[next].at <= sec; next++)
        for (const { channel, semitones } of voices) {
          const { key, velocity } = events[next];
          if (velocity > 0) synth.noteOn(channel, stopKey(key, semitones), velocity);
          else synth.noteOff(channel, stopKey(key, semitones));
        }
      synth.process(left, right, from, Math.min(BLOCK, nSamples - from));
    }
    this.#rewind();
    for (let i = 0; i < nSamples; i++) left[i] = (left[i] + right[i]) / 2;
    const middle = left.subarray(skip);
    const isFaded = peakOf(middle) < FADED_FRACTION * peakOf(left);
    return isFaded ? left.subarray(0, middle.length) : middle;
  }

  /** Drops decoded samples and voices. */
  clear(): void {
    this.#synth.clearCache();
    for (const sample of this.#bank.samples) forgetAudio(sample);
  }

  /** Restores the state of a new synthesizer; a new one for every clip would take longer than the clip. */
  #rewind(): void {
    this.#synth.stopAllChannels(true);
    this.#synth.process(new Float32Array(BLOCK), new Float32Array(BLOCK));
    this.#synth.reset();
    // Envelopes are computed from absolute time: without this, their rounding depends on what was played before.
    (this.#synth as unknown as { synthCore: { currentTime: number } }).synthCore.currentTime = 0;
  }
}

/** The key of a stop's pipe for a key of the keyboard. */
function stopKey(key: number, semitones: number): number {
  let pipe = key + semitones;
  while (semitones > 0 && pipe > HIGHEST_STOP_KEY && pipe - 12 >= key) pipe -= 12;
  return Math.max(0, pipe);
}

/** Bend by a score's vibrato, which grows over 0.3 s once the latest note has lasted for its delay. */
export function vibratoCents({ vibrato, notes }: Pick<Score, "vibrato" | "notes">, sec: number): number {
  if (vibrato === null) return 0;
  let onsetSec = 0;
  for (const { startSec } of notes) if (startSec <= sec && startSec > onsetSec) onsetSec = startSec;
  const rise = Math.min(1, Math.max(0, (sec - onsetSec - vibrato.delaySec) / 0.3));
  return rise * vibrato.depthCents * Math.sin(2 * Math.PI * vibrato.rateHz * sec);
}

/** The 14-bit pitch wheel value for a bend in cents. */
function wheel(cents: number): number {
  return Math.min(16383, Math.max(0, Math.round(8192 + (cents / (100 * BEND_RANGE)) * 8192)));
}
