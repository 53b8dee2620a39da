import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { atLevel } from "../../src/features/at-level.js";
import { FRONT_END_PRESETS, frontEnd } from "../../src/features/front-end.js";
import { logMel } from "../../src/features/log-mel.js";

/** 32-bit features of loud sounds near the top of log(1 + 10000 x), turned into those of quiet ones. */
const ROUNDING = 1e-4;

describe("atLevel", () => {
  const log1p = frontEnd({ compression: { kind: "log1p", scale: 10 } });
  const db = frontEnd({ compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: null }, power: 1 });
  const powerDb = frontEnd({
    compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: null },
    power: 2,
  });
  it.each([FRONT_END_PRESETS.gct634, FRONT_END_PRESETS.musicnn, log1p, db, powerDb])(
    "gives the features of the same sound at another level, front end %#",
    (front) => {
      const random = new Random("level");
      const samples = Float32Array.from({ length: 8000 }, () => 0.3 * random.normal());
      const { data } = logMel({ samples, sampleRate: front.sampleRate }, front);
      for (const levelDb of [-40, -6, 6]) {
        const gain = 10 ** (levelDb / 20);
        const expected = logMel(
          { samples: samples.map((x) => x * gain), sampleRate: front.sampleRate },
          front,
        ).data;
        const found = data.slice();
        atLevel(front, levelDb)(found);
        const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
        expect(worst).toBeLessThan(ROUNDING);
      }
    },
  );
});
