import { describe, expect, it } from "vitest";
import {
  FRONT_END_PRESETS,
  type FrontEnd,
  frontEnd,
  frontEndHash,
  silenceValue,
} from "../../src/features/front-end.js";

const DB = { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: 80 } as const;

import { usageMessageOf } from "../store/message-of.js";

describe("frontEnd", () => {
  it("is the preset gct634 by default", () => {
    expect(frontEnd()).toEqual(FRONT_END_PRESETS.gct634);
    expect(frontEnd()).toMatchObject({
      sampleRate: 22050,
      nFft: 1024,
      winLength: 1024,
      hopLength: 512,
      nMels: 128,
      power: 1,
      fMin: 0,
      fMax: 11025,
      compression: { kind: "log10", scale: 10 },
    });
  });
  it("returns every preset unchanged from its own checks", () => {
    for (const preset of ["gct634", "gct634-2020", "musicnn"] as const)
      expect(frontEnd({ preset })).toEqual(FRONT_END_PRESETS[preset]);
  });
  it("lets winLength follow nFft and fMax follow sampleRate, unless they are given", () => {
    expect(frontEnd({ nFft: 512, sampleRate: 16000 })).toMatchObject({ winLength: 512, fMax: 8000 });
    expect(frontEnd({ nFft: 512, winLength: 400, fMax: 7600 })).toMatchObject({ winLength: 400, fMax: 7600 });
    expect(frontEnd({ nFft: undefined })).toEqual(frontEnd());
  });
  it("is frozen, and so are the presets", () => {
    for (const made of [frontEnd(), FRONT_END_PRESETS.musicnn, frontEnd({ compression: { ...DB } })])
      expect(Object.isFrozen(made) && Object.isFrozen(made.compression)).toBe(true);
  });
  it("leaves the caller's compression as it is", () => {
    const compression = { kind: "log1p" as const, scale: 2 };
    frontEnd({ compression });
    expect(Object.isFrozen(compression)).toBe(false);
  });

  it.each<[Record<string, unknown>, string]>([
    [
      { preset: "gct643" },
      "preset must be one of gct634, gct634-2020, musicnn, got gct643; did you mean gct634?",
    ],
    [
      { nfft: 512 },
      "frontEnd must have no settings but preset, downmix, resampler, window, center, padMode, melScale, melNorm, fMin, winLength, fMax, sampleRate, nFft, hopLength, power, nMels, compression, got nfft; did you mean `nFft`?",
    ],
    [{ sampleRate: 22050.5 }, "sampleRate must be an integer from 4000 to 384000, got 22050.5"],
    [{ nFft: 1000 }, "nFft must be a power of two, got 1000; use 1024 with a `winLength` of 1000"],
    [
      { winLength: 1025 },
      "winLength must be at most 1024 (`nFft`), got 1025; a window of this length needs an `nFft` of 2048",
    ],
    [{ hopLength: 0 }, "hopLength must be an integer from 1 to 65536, got 0"],
    [
      { fMax: 16000 },
      "fMax must be at most 11025 Hz (half of `sampleRate`), got 16000 Hz; lower it, or raise `sampleRate`",
    ],
    [{ fMin: 8000, fMax: 8000 }, "fMin must be less than 8000 Hz (`fMax`), got 8000 Hz"],
    [{ fMin: -1 }, "fMin must be a number of at least 0, got -1"],
    [{ power: 3 }, "power must be 1 (magnitude) or 2 (power), got 3"],
    [{ melScale: "slany" }, "melScale must be one of slaney, htk, got slany; did you mean slaney?"],
    [{ padMode: "reflect" }, "padMode must be constant, got reflect"],
    [{ center: false }, "center must be true, got false"],
    [{ downmix: "left" }, "downmix must be mean, got left"],
    [{ resampler: "linear" }, "resampler must be kaiser-sinc, got linear"],
    [{ window: "hamming" }, "window must be hann, got hamming"],
    [{ nFft: 2 }, "nFft must be an integer from 4 to 65536, got 2"],
    [{ nFft: 131072 }, "nFft must be an integer from 4 to 65536, got 131072"],
    [{ winLength: 0 }, "winLength must be an integer of at least 1, got 0"],
    [{ nMels: 0 }, "nMels must be an integer from 1 to 4096, got 0"],
    [{ nMels: 4097 }, "nMels must be an integer from 1 to 4096, got 4097"],
    [{ melNorm: "htk" }, "melNorm must be one of slaney, none, got htk"],
    [{ fMax: -1 }, "fMax must be a number greater than 0, got -1"],
    [{ compression: { ...DB, ref: 0 } }, "compression.ref must be a number greater than 0, got 0"],
    [
      { compression: { kind: "log", scale: 1 } },
      "compression.kind must be one of log10, log1p, powerToDb, got log; did you mean log10?",
    ],
    [
      { compression: { kind: "log10", scale: 0 } },
      "compression.scale must be a number greater than 0, got 0",
    ],
    [{ compression: { ...DB, amin: 0 } }, "compression.amin must be a number greater than 0, got 0"],
    [{ compression: { ...DB, topDb: -1 } }, "compression.topDb must be a number of at least 0, got -1"],
  ])("rejects %j", (options, message) => {
    expect(usageMessageOf(() => frontEnd(options as Partial<FrontEnd>))).toBe(message);
  });
  it("suggests nothing for an option that resembles none", () => {
    expect(() => frontEnd({ octaves: 7 } as Partial<FrontEnd>)).toThrow(/, got octaves$/);
  });
});

describe("frontEndHash", () => {
  it("does not depend on the order of members, or on stray members of the compression", () => {
    const reversed = Object.fromEntries(Object.entries(frontEnd()).reverse());
    expect(frontEndHash(frontEnd(reversed))).toBe(frontEndHash(frontEnd()));
    const stray = { kind: "log10", scale: 10, topDb: 80 } as const;
    expect(frontEndHash(frontEnd({ compression: stray }))).toBe(frontEndHash(frontEnd()));
  });
  it("changes with every member", () => {
    const changes: Partial<FrontEnd>[] = [
      { sampleRate: 16000, fMax: 8000 },
      { nFft: 2048, winLength: 1024 },
      { winLength: 1000 },
      { hopLength: 256 },
      { power: 2 },
      { nMels: 96 },
      { melScale: "htk" },
      { melNorm: "none" },
      { fMin: 20 },
      { fMax: 8000 },
      { compression: { kind: "log10", scale: 100 } },
      { compression: { kind: "log1p", scale: 10 } },
      { compression: { ...DB } },
      { compression: { ...DB, topDb: null } },
    ];
    const hashes = [frontEnd(), ...changes.map((change) => frontEnd(change))].map(frontEndHash);
    expect(new Set(hashes).size).toBe(changes.length + 1);
  });
  it("does not change: stores and models on disk contain it", () => {
    expect(frontEndHash(frontEnd())).toMatchInlineSnapshot(
      `"34739136585cbb5a351ab30386742cd4591ea428a1f990825631eb0e51e04561"`,
    );
  });
});

describe("silenceValue", () => {
  it("is the compression of 0", () => {
    expect(silenceValue(frontEnd())).toBe(0);
    expect(silenceValue(frontEnd({ compression: { ...DB } }))).toBe(-100);
    expect(silenceValue(frontEnd({ compression: { ...DB, ref: 0.001, amin: 1e-5 } }))).toBeCloseTo(-20, 12);
  });
});
