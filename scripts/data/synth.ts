import { type BasicSoundBank, type MIDIController, SpessaSynthProcessor } from "spessasynth_core";
import type { Source } from "./fonts.js";
import { forgetAudio } from "./sample-groups.js";
import { CLIP_SEC, type Score } from "./score.js";
import { peakOf } from "./treatment.js";

/** Fonts are rendered at this rate: at 22 050 Hz the synthesizer's interpolation aliases cymbals by several decibels. */
export const RENDER_RATE = 44100;

/** The synthesizer's block [samples]; notes and bends fall on block boundaries, 2.9 ms apart. */
const BLOCK = 128;
const DRUM_CHANNEL = 9;
/** Range of the pitch wheel [semitones], set by registered parameter 0. */
const BEND_RANGE = 12;
const EXPRESSION = 11;

/** Longest rendering [s]: a clip after the latest onset and the longest skip. */
const MAX_RENDER_SEC = CLIP_SEC + 5;
/** A clip from the middle of a note begins at the onset if its peak is below this fraction of the whole note's. */
const FADED_FRACTION = 0.03;

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

  /** Plays a score on a preset and returns the mean of both channels, `CLIP_SEC` seconds at `RENDER_RATE`. */
  render(source: Source, score: Score): Float32Array {
    const synth = this.#synth;
    const skip = Math.round((score.skipSec * RENDER_RATE) / BLOCK) * BLOCK;
    const nSamples = skip + CLIP_SEC * RENDER_RATE;
    const left = new Float32Array(nSamples);
    const right = this.#right.fill(0).subarray(0, nSamples);
    const players = score.unisonCents > 0 ? [-score.unisonCents / 2, score.unisonCents / 2] : [0];
    const channels = source.drumKey !== null ? [DRUM_CHANNEL] : players.map((_, i) => i);
    for (const channel of channels) {
      synth.controllerChange(channel, 0, source.bank);
      synth.programChange(channel, source.program);
      for (const [controller, value] of [[101, 0], [100, 0], [6, BEND_RANGE], ...score.controllers])
        synth.controllerChange(channel, controller as MIDIController, value);
    }
    const events = score.notes
      .flatMap(({ startSec, endSec, key, velocity }) => [
        { at: startSec, key, velocity },
        { at: endSec, key, velocity: 0 },
      ])
      .sort((a, b) => a.at - b.at || a.velocity - b.velocity);
    let next = 0;
    for (let from = 0; from < nSamples; from += BLOCK) {
      const sec = from / RENDER_RATE;
      const clipSec = (from - skip) / RENDER_RATE;
      if (from === 0 || score.vibrato !== null)
        channels.forEach((channel, i) => {
          synth.pitchWheel(channel, wheel(score.bendCents + players[i] + vibratoCents(score, sec)));
        });
      if (score.swell !== null)
        for (const channel of channels) {
          const [begin, end] = score.swell;
          const at = Math.min(1, Math.max(0, clipSec / CLIP_SEC));
          synth.controllerChange(channel, EXPRESSION, Math.round(begin + (end - begin) * at));
        }
      for (; next < events.length && events[next].at <= sec; next++)
        for (const channel of channels)
          if (events[next].velocity > 0) synth.noteOn(channel, events[next].key, events[next].velocity);
          else synth.noteOff(channel, events[next].key);
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

function vibratoCents({ vibrato }: Score, sec: number): number {
  if (vibrato === null) return 0;
  const rise = Math.min(1, Math.max(0, (sec - vibrato.delaySec) / 0.3));
  return rise * vibrato.depthCents * Math.sin(2 * Math.PI * vibrato.rateHz * sec);
}

/** The 14-bit pitch wheel value for a bend in cents. */
function wheel(cents: number): number {
  return Math.min(16383, Math.max(0, Math.round(8192 + (cents / (100 * BEND_RANGE)) * 8192)));
}
