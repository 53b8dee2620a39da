import { describe, expect, it } from "vitest";
import type { Source } from "../../scripts/data/fonts.js";
import { gusBank } from "../../scripts/data/gus-bank.js";
import { decodeGusPatch } from "../../scripts/data/gus-patch.js";
import { plainly } from "../../scripts/data/score.js";
import { FontSynth, RENDER_RATE } from "../../scripts/data/synth.js";

interface MadeSample {
  values: readonly number[];
  sampleRate?: number;
  rootHz?: number;
  range?: readonly [number, number];
  loop?: readonly [number, number];
  /** Bits: 1 for 16 bits, 2 for unsigned, 4 for a loop, 8 for a loop forth and back, 16 for backward. */
  mode: number;
  rates?: readonly number[];
  offsets?: readonly number[];
}

/** The bytes of a patch with these samples. */
function patch(samples: readonly MadeSample[]): Uint8Array {
  const header = new Uint8Array(129 + 63 + 47);
  header.set(new TextEncoder().encode("GF1PATCH110\0ID#000002\0"));
  header[82] = 1;
  header[151] = 1;
  header[198] = samples.length;
  const parts = samples.map((sample) => {
    const { values, sampleRate = 22050, rootHz = 440, range = [20, 20000], loop = [0, 0], mode } = sample;
    const size = mode & 1 ? 2 : 1;
    const view = new DataView(new ArrayBuffer(96 + size * values.length));
    [size * values.length, size * loop[0], size * loop[1]].forEach((n, i) => {
      view.setUint32(8 + 4 * i, n, true);
    });
    view.setUint16(20, sampleRate, true);
    [range[0], range[1], rootHz].forEach((hz, i) => {
      view.setUint32(22 + 4 * i, Math.round(1000 * hz), true);
    });
    const { rates = [63, 63, 63, 63, 63, 63], offsets = [246, 246, 246, 0, 0, 0] } = sample;
    [...rates, ...offsets].forEach((value, i) => {
      view.setUint8(37 + i, value);
    });
    view.setUint8(55, mode);
    values.forEach((value, i) => {
      if (mode & 1) view.setUint16(96 + 2 * i, value & 0xffff, true);
      else view.setUint8(96 + i, value & 0xff);
    });
    return new Uint8Array(view.buffer);
  });
  return Buffer.concat([header, ...parts]);
}

describe("decodeGusPatch", () => {
  it.each([
    ["16 bits", 1, [-32768, 0, 16384], [-1, 0, 0.5]],
    ["16 bits, unsigned", 3, [0, 32768, 49152], [-1, 0, 0.5]],
    ["8 bits", 0, [-128, 0, 64], [-1, 0, 0.5]],
    ["8 bits, unsigned", 2, [0, 128, 192], [-1, 0, 0.5]],
  ])("reads audio of %s", (_, mode, values, expected) => {
    const [sample] = decodeGusPatch(patch([{ values, mode, rootHz: 261.626, sampleRate: 8000 }]), "made");
    expect([...sample.audio]).toEqual(expected);
    expect(sample).toMatchObject({
      sampleRate: 8000,
      rootHz: 261.626,
      lowHz: 20,
      loop: null,
      envelope: null,
    });
  });
  it("reads every sample, and the loop as positions of samples", () => {
    const samples = decodeGusPatch(
      patch([
        { values: [1, 2, 3], mode: 1 },
        { values: [0, 64, 32, 16], mode: 1 + 4, loop: [1, 3] },
      ]),
      "made",
    );
    expect(samples.map(({ audio, loop }) => [audio.length, loop])).toEqual([
      [3, null],
      [4, [1, 3]],
    ]);
  });
  it("unrolls a loop that goes forth and back", () => {
    const [{ audio, loop }] = decodeGusPatch(
      patch([{ values: [0, 64, 32, 16], mode: 4 + 8, loop: [1, 4] }]),
      "made",
    );
    expect([...audio].map((x) => 128 * x)).toEqual([0, 64, 32, 16, 16, 32, 64]);
    expect(loop).toEqual([1, 7]);
  });
  it("gives the envelope in seconds and decibels", () => {
    const made = { values: [0, 1, 2, 3], mode: 4, loop: [0, 4], rates: [63, 198, 63, 141, 63, 63] } as const;
    const [{ envelope }] = decodeGusPatch(patch([{ ...made, offsets: [246, 230, 230, 0, 0, 0] }]), "made");
    // 16 of 256 steps are an octave of amplitude. Rate 198 is 6 in the slowest range: 6 steps in 8192 samples at 44.1 kHz.
    expect(envelope!.sustainDb).toBeCloseTo(-6.0206, 4);
    expect(envelope!.decaySec).toBeCloseTo((16 * 8192) / 6 / 44100, 6);
    // Rate 141 is 13 in the range that is 8 times as fast.
    expect(envelope!.releaseSec).toBeCloseTo((255 * 8192) / 13 / 8 / 44100, 6);
    expect(envelope!.attackSec).toBeCloseTo((246 * 8192) / 63 / 512 / 44100, 6);
  });
  it.each([
    [
      "something else",
      new TextEncoder().encode("RIFF is no patch"),
      "is no GUS patch: it does not begin with GF1PATCH",
    ],
    ["a cut header", patch([]).subarray(0, 200), "ends after 200 bytes, within its header"],
    ["a cut sample", patch([{ values: [1, 2, 3], mode: 1 }]).subarray(0, -1), "ends within sample 1 of 1"],
    ["a backward sample", patch([{ values: [1], mode: 16 }]), "has a sample that is played backward"],
    [
      "a sample without pitch",
      patch([{ values: [1], mode: 0, rootHz: 0 }]),
      "has a sample without a rate or a pitch",
    ],
  ])("names %s", (_, bytes, reason) => {
    expect(() => decodeGusPatch(bytes, "made.pat")).toThrow(`made.pat: ${reason}`);
  });
});

describe("gusBank", () => {
  /** A sine of 100 samples a period, which repeats: 441 Hz at 44.1 kHz. */
  const sine = Array.from({ length: 1000 }, (_, i) => Math.round(20000 * Math.sin((2 * Math.PI * i) / 100)));
  const looped = { values: sine, sampleRate: 44100, rootHz: 441, loop: [0, 1000], mode: 5 } as const;
  const play = (synth: FontSynth, program: number, key: number, drumKey: number | null = null) => {
    const source: Source = { font: "made", label: "flute", bank: 0, program, drumKey };
    return synth.render(source, plainly([{ startSec: 0, endSec: 2, key, velocity: 100 }], 3));
  };
  /** Frequency by the number of upward zero crossings in half a second. */
  const pitchOf = (samples: Float32Array) => {
    const part = samples.subarray(0.2 * RENDER_RATE, 0.7 * RENDER_RATE);
    return 2 * part.filter((x, i) => i > 0 && x >= 0 && part[i - 1] < 0).length;
  };
  const rmsAt = (samples: Float32Array, sec: number) =>
    Math.sqrt(
      samples
        .subarray(sec * RENDER_RATE, (sec + 0.05) * RENDER_RATE)
        .reduce((sum, x) => sum + (x * x) / (0.05 * RENDER_RATE), 0),
    );
  const patchOf = (made: readonly MadeSample[], program: number, drumKey: number | null = null) => {
    const samples = decodeGusPatch(patch(made), "made");
    return { name: `${program}/${drumKey}`, samples, program, drumKey };
  };
  const high = { ...looped, rootHz: 882, range: [800, 20000] } as const;
  const synth = new FontSynth(
    gusBank([
      patchOf([{ ...looped, range: [20, 799] }, high], 73),
      patchOf([looped], 0),
      patchOf([{ ...looped, rates: [63, 63, 197, 152, 63, 63], offsets: [246, 246, 8, 8, 8, 8] }], 53),
      patchOf([{ values: sine, sampleRate: 44100, rootHz: 1000, mode: 1 }], 0, 40),
      patchOf([{ ...looped, rootHz: 1000 }], 0, 41),
    ]),
  );

  it("plays keys in tune by the sample's own rate and frequency", () => {
    // A crossing more or less in half a second is 2 Hz.
    for (const [key, hz] of [
      [69, 440],
      [57, 220],
      [81, 440], // the other sample, which is taken for an octave higher than it is
    ])
      expect(Math.abs(pitchOf(play(synth, 73, key)) - hz)).toBeLessThanOrEqual(2);
  });
  it("plays a drum as it was recorded, once or as long as it is held", () => {
    const held = play(synth, 0, 41, 41);
    expect(Math.abs(pitchOf(held) - 441)).toBeLessThanOrEqual(2);
    const once = play(synth, 0, 40, 40);
    expect(rmsAt(once, 0)).toBeGreaterThan(100 * rmsAt(once, 0.1));
  });
  it("holds a blown or sung note and lets a struck one fall", () => {
    const [flute, voice, piano] = [73, 53, 0].map((program) => play(synth, program, 69));
    expect(rmsAt(flute, 1.8)).toBeCloseTo(rmsAt(flute, 0.2), 3);
    expect(rmsAt(voice, 1.8)).toBeCloseTo(rmsAt(voice, 0.2), 3);
    // The sample does not fall at all, so that the slowest fall is taken: 4 dB in a second.
    expect(20 * Math.log10(rmsAt(piano, 0.7) / rmsAt(piano, 1.7))).toBeCloseTo(4, 0);
    expect(rmsAt(flute, 2.7)).toBeLessThan(rmsAt(flute, 1.8) / 1000);
  });
});
