import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import type { Tensor } from "../../src/core/tensor.js";
import { type Compression, frontEnd } from "../../src/features/front-end.js";
import type { Augmentation } from "../../src/nn/augmentation.js";
import type { AugmentationSettings } from "../../src/nn/augmentation-settings.js";
import { augmentationOf } from "../../src/training/augmentation.js";
import { augmentBatch } from "./augment-batch.js";

const [BATCH, FRAMES, MELS] = [4, 20, 16];
const DRAWS = 50;

/** Changes nothing: the noise is below the smallest float32. */
const NOTHING: AugmentationSettings = {
  levelDb: 0,
  colourDb: 0,
  colourOrders: 6,
  filter: 0,
  envelopeDb: 0,
  reverbSec: 0,
  noiseMinDb: -1000,
  noiseMaxDb: -1000,
  bandShift: 0,
  bandStretch: 0,
  frameStretch: 0,
  frameShift: 0,
  timeMaskFrames: 0,
  timeMaskCount: 0,
  bandMaskBands: 0,
  bandMaskCount: 0,
  mixup: 0,
  mixStyle: 0,
};

/** Distance of two frames [s]. */
const FRAME_SEC = 0.02;

interface Kind {
  name: string;
  power: 1 | 2;
  compression: Compression;
  /** For compressed values: a few float32 roundings of exp and log, times the unit (10 dB for powerToDb). */
  tolerance: number;
}

const KINDS: Kind[] = [
  {
    name: "log10 of magnitudes",
    power: 1,
    compression: { kind: "log10", scale: 10 },
    tolerance: 1e-6,
  },
  {
    name: "log1p of powers",
    power: 2,
    compression: { kind: "log1p", scale: 10000 },
    tolerance: 5e-6,
  },
  {
    name: "powerToDb",
    power: 2,
    compression: { kind: "powerToDb", ref: 1, amin: 1e-10, topDb: null },
    tolerance: 5e-5,
  },
];

function compress(value: number, compression: Compression): number {
  if (compression.kind === "powerToDb")
    return 10 * Math.log10(Math.max(compression.amin, value) / Math.max(compression.amin, compression.ref));
  return (compression.kind === "log10" ? Math.log10 : Math.log)(1 + compression.scale * value);
}

function configOf({ power, compression }: Kind, changes: Partial<AugmentationSettings>): Augmentation {
  const made = augmentationOf(frontEnd({ power, compression }), {
    augment: 1,
    augmentation: {},
    segmentFrames: FRAMES,
  })!;
  return { ...made, ...NOTHING, frameSec: FRAME_SEC, ...changes };
}

/** Mel values (magnitudes or powers) from 0.003 up to 30, and the batch that the front end makes from them. */
function drawMels({ compression }: Kind) {
  const random = new Random("mels");
  const mels = Float64Array.from({ length: BATCH * FRAMES * MELS }, () => 10 ** random.uniform(-2.5, 1.5));
  const x = {
    shape: [BATCH, FRAMES, MELS],
    data: Float32Array.from(mels, (mel) => compress(mel, compression)),
  };
  const targets = { shape: [BATCH, 2], data: Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1) };
  return { mels, batch: { x, targets } };
}

/** Expects x to equal the compressed result of `mel` at every place. */
function expectMels(x: Tensor, kind: Kind, mel: (index: number, place: Place) => number): void {
  const worst = Math.max(
    ...x.data.map((value, i) => {
      const place = {
        example: Math.floor(i / (FRAMES * MELS)),
        frame: Math.floor(i / MELS) % FRAMES,
        band: i % MELS,
      };
      return Math.abs(value - compress(mel(i, place), kind.compression));
    }),
  );
  expect(worst).toBeLessThan(kind.tolerance);
}

interface Place {
  example: number;
  frame: number;
  band: number;
}

/** A factor on mel values of this power, in dB. */
const toDb = (factor: number, power: number) => (20 / power) * Math.log10(factor);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const rowOf = ({ data, shape }: Tensor, row: number): number[] => {
  const width = shape.slice(1).reduce((size, dim) => size * dim, 1);
  return [...data.subarray(row * width, (row + 1) * width)];
};

describe.each(KINDS)("augmentation of $name", (kind) => {
  const { mels, batch } = drawMels(kind);

  it("changes nothing if all settings are 0", async () => {
    const [{ x, targets }] = await augmentBatch(configOf(kind, {}), batch);
    expectMels(x, kind, (i) => mels[i]);
    expect(targets.data).toEqual(batch.targets.data);
  });

  it("changes the level of each example by its own number of dB, on mel values", async () => {
    const [{ x, drawn }] = await augmentBatch(configOf(kind, { levelDb: 12 }), batch);
    const gains = [0, 1, 2, 3].map((example) => rowOf(drawn["augment.bandGain"], example));
    for (const row of gains) {
      expect(Math.max(...row) - Math.min(...row)).toBe(0);
      expect(Math.abs(toDb(row[0], kind.power))).toBeLessThan(12);
    }
    expect(new Set(gains.map(([gain]) => gain)).size).toBe(BATCH);
    expectMels(x, kind, (i, { example }) => mels[i] * gains[example][0]);
  });

  it("colours bands and time with smooth curves of mean 0 dB and the deviation that is set", async () => {
    const config = configOf(kind, { colourDb: 6, envelopeDb: 3 });
    const runs = await augmentBatch(config, batch, { times: DRAWS });
    for (const [name, stdDb, orders] of [
      ["augment.bandGain", 6, 6],
      ["augment.frameGain", 3, 4],
    ] as const) {
      const curves = runs.flatMap(({ drawn }) =>
        [0, 1, 2, 3].map((i) => rowOf(drawn[name], i).map((g) => toDb(g, kind.power))),
      );
      for (const curve of curves) expect(Math.abs(mean(curve))).toBeLessThan(1e-4); // float32 gains
      const variance = mean(curves.map((curve) => mean(curve.map((db) => db ** 2))));
      // The mean of 200 * orders squares of normals: 5 standard errors.
      const bound = 5 * Math.sqrt(2 / (curves.length * orders));
      expect(Math.abs(variance / stdDb ** 2 - 1)).toBeLessThan(bound);
    }
    const { x, drawn } = runs[0];
    expectMels(
      x,
      kind,
      (i, { example, frame, band }) =>
        mels[i] *
        rowOf(drawn["augment.bandGain"], example)[band] *
        rowOf(drawn["augment.frameGain"], example)[frame],
    );
  });

  it("draws as many orders of colour as are set", async () => {
    const [{ drawn }] = await augmentBatch(configOf(kind, { colourDb: 6, colourOrders: 1 }), batch);
    const cosine = (band: number) => Math.cos((Math.PI * (band + 0.5)) / MELS);
    for (let example = 0; example < BATCH; example++) {
      const curve = rowOf(drawn["augment.bandGain"], example).map((gain) => toDb(gain, kind.power));
      curve.forEach((db, band) => {
        expect(db).toBeCloseTo((curve[0] * cosine(band)) / cosine(0), 4);
      });
    }
  });

  it("filters both ends of the bands with the probability that is set, and leaves the middle", async () => {
    const runs = await augmentBatch(configOf(kind, { filter: 0.5 }), batch, { times: DRAWS });
    const curves = runs.flatMap(({ drawn }) =>
      [0, 1, 2, 3].map((i) => rowOf(drawn["augment.bandGain"], i).map((gain) => toDb(gain, kind.power))),
    );
    for (const curve of curves) {
      const steps = curve.slice(1).map((db, i) => db - curve[i]);
      expect(steps.findLastIndex((step) => step > 1e-5)).toBeLessThan(0.15 * MELS);
      const falls = steps.findIndex((step) => step < -1e-5);
      if (falls >= 0) expect(falls).toBeGreaterThanOrEqual(Math.floor(0.4 * MELS));
      for (const step of steps) expect(Math.abs(step)).toBeLessThan(6 + 1e-4);
      expect(curve[Math.ceil(0.15 * MELS)]).toBeCloseTo(0, 5);
    }
    const fraction = (band: number) => mean(curves.map((curve) => (curve[band] < -1e-5 ? 1 : 0)));
    const bound = 5 * Math.sqrt(0.25 / curves.length); // 5 standard errors
    for (const band of [0, MELS - 1]) expect(Math.abs(fraction(band) - 0.5)).toBeLessThan(bound);
    const gains = [0, 1, 2, 3].map((example) => rowOf(runs[0].drawn["augment.bandGain"], example));
    expectMels(runs[0].x, kind, (i, { example, band }) => mels[i] * gains[example][band]);
  });

  it("adds the power of earlier frames, which falls by 60 dB within the decay", async () => {
    const reverbSec = 0.8;
    const runs = await augmentBatch(configOf(kind, { reverbSec }), batch, { times: DRAWS });
    const matrices = runs.flatMap(({ drawn }) => [0, 1, 2, 3].map((i) => rowOf(drawn["augment.decay"], i)));
    const levels: number[] = [];
    for (const matrix of matrices) {
      const weight = (frame: number, delay: number) => matrix[frame * FRAMES + frame - delay];
      const factor = weight(2, 2) / weight(2, 1);
      if (weight(2, 2) < 1e-30) continue; // a decay of a frame or two
      expect((-6 * FRAME_SEC) / Math.log10(factor)).toBeLessThan(reverbSec * (1 + 1e-5));
      levels.push(10 * Math.log10(weight(1, 1) / (1 - factor)));
      for (let frame = 0; frame < FRAMES; frame++) {
        const expected = Array.from({ length: FRAMES }, (_, t) =>
          t > frame ? 0 : t === frame ? 1 : weight(1, 1) * factor ** (frame - t - 1),
        );
        const worst = Math.max(...expected.map((value, t) => Math.abs(value - weight(frame, frame - t))));
        expect(worst).toBeLessThan(1e-6);
      }
    }
    expect(levels.length).toBeGreaterThan(100);
    expect(Math.min(...levels)).toBeGreaterThan(-30.001);
    expect(Math.max(...levels)).toBeLessThan(0.001);
    expect(Math.max(...levels) - Math.min(...levels)).toBeGreaterThan(25); // more than 100 uniform draws of 30
    const { x } = runs[0];
    expectMels(x, kind, (_, { example, frame, band }) => {
      let power = 0;
      for (let t = 0; t < FRAMES; t++)
        power +=
          matrices[example][frame * FRAMES + t] *
          mels[(example * FRAMES + t) * MELS + band] ** (2 / kind.power);
      return power ** (kind.power / 2);
    });
  });

  it("moves means and deviations over time towards the partner's, at the same targets", async () => {
    const runs = await augmentBatch(configOf(kind, { mixStyle: 0.5 }), batch, { times: DRAWS });
    const fractions = runs.flatMap(({ drawn }) => [...drawn["augment.mixStyle"].data]);
    const untouched = fractions.filter((fraction) => fraction === 0).length / fractions.length;
    expect(Math.abs(untouched - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / fractions.length)); // 5 standard errors
    expect(Math.max(...fractions)).toBeLessThan(0.5);
    expect(Math.max(...fractions)).toBeGreaterThan(0.45);
    const { x, targets, drawn } = runs.find((run) => run.drawn["augment.mixStyle"].data[0] > 0.2)!;
    expect(targets.data).toEqual(batch.targets.data);
    const band = 5;
    const over = (data: Float32Array, example: number) =>
      Array.from({ length: FRAMES }, (_, t) => data[(example * FRAMES + t) * MELS + band]);
    const styleOf = (values: number[]) => {
      const average = mean(values);
      return { average, deviation: Math.sqrt(mean(values.map((value) => (value - average) ** 2)) + 1e-6) };
    };
    const silence = compress(0, kind.compression);
    const least = Math.min(...runs.map((run) => Math.min(...run.x.data)));
    expect(least).toBeGreaterThan(silence - kind.tolerance);
    const part = drawn["augment.mixStyle"].data[0];
    const [own, other] = [0, BATCH - 1].map((example) => styleOf(over(batch.x.data, example)));
    const towards = (name: "average" | "deviation") => own[name] + part * (other[name] - own[name]);
    over(batch.x.data, 0).forEach((value, t) => {
      const styled = ((value - own.average) / own.deviation) * towards("deviation") + towards("average");
      const found = over(x.data, 0)[t];
      expect(Math.abs(found - Math.max(silence, styled))).toBeLessThan(10 * kind.tolerance);
    });
  });

  it("adds noise at a level within its range, the same in every frame", async () => {
    const runs = await augmentBatch(configOf(kind, { noiseMinDb: -40, noiseMaxDb: -20 }), batch, {
      times: DRAWS,
    });
    const { scale } = configOf(kind, {}).logarithm;
    const noise = (drawn: Record<string, Tensor>, example: number) =>
      rowOf(drawn["augment.noise"], example).map((value) => value / scale);
    const levels = runs.flatMap(({ drawn }) =>
      [0, 1, 2, 3].map((i) => mean(noise(drawn, i).map((value) => toDb(value, kind.power)))),
    );
    expect(Math.min(...levels)).toBeGreaterThan(-40.001);
    expect(Math.max(...levels)).toBeLessThan(-19.999);
    expect(Math.max(...levels) - Math.min(...levels)).toBeGreaterThan(18); // 200 uniform draws of 20
    const { x, drawn } = runs[0];
    expectMels(x, kind, (i, { example, band }) => mels[i] + noise(drawn, example)[band]);
  });

  it("masks runs of frames and bands with silence, no longer than set, and leaves the rest", async () => {
    const config = configOf(kind, {
      timeMaskFrames: 5,
      timeMaskCount: 2,
      bandMaskBands: 3,
      bandMaskCount: 1,
    });
    const runs = await augmentBatch(config, batch, { times: DRAWS });
    const silence = compress(0, kind.compression);
    let [mostFrames, mostBands] = [0, 0];
    for (const { x } of runs)
      for (let example = 0; example < BATCH; example++) {
        const row = rowOf(x, example);
        const isSilent = (i: number) => Math.abs(row[i] - silence) < kind.tolerance;
        const frames = [...Array(FRAMES).keys()].filter((t) =>
          [...Array(MELS).keys()].every((band) => isSilent(t * MELS + band)),
        );
        const bands = [...Array(MELS).keys()].filter((band) =>
          [...Array(FRAMES).keys()].every((t) => isSilent(t * MELS + band)),
        );
        const nMasked = row.filter((_, i) => isSilent(i)).length;
        expect(nMasked).toBe(FRAMES * MELS - (FRAMES - frames.length) * (MELS - bands.length));
        if (bands.length > 0) expect(bands.at(-1)! - bands[0] + 1).toBe(bands.length); // one run
        mostFrames = Math.max(mostFrames, frames.length);
        mostBands = Math.max(mostBands, bands.length);
        row.forEach((value, i) => {
          const there = batch.x.data[example * FRAMES * MELS + i];
          if (!isSilent(i)) expect(Math.abs(value - there)).toBeLessThan(kind.tolerance);
        });
      }
    expect(mostFrames).toBeGreaterThan(5);
    expect(mostFrames).toBeLessThanOrEqual(10);
    expect(mostBands).toBe(3);
  });

  it("mixes each example with its partner, mel values and targets by the same fraction", async () => {
    const [{ x, targets, drawn }] = await augmentBatch(configOf(kind, { mixup: 0.4 }), batch);
    const fractions = [...drawn["augment.mixup"].data];
    expect(new Set(fractions).size).toBe(BATCH);
    expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...fractions)).toBeLessThan(0.4);
    const size = FRAMES * MELS;
    expectMels(x, kind, (i, { example }) => {
      const partner = mels[(BATCH - 1 - example) * size + (i % size)];
      return (1 - fractions[example]) * mels[i] + fractions[example] * partner;
    });
    const mixed = fractions.flatMap((fraction, example) =>
      [0, 1].map((label) => {
        const [own, other] = [example, BATCH - 1 - example].map((row) => batch.targets.data[2 * row + label]);
        return (1 - fraction) * own + fraction * other;
      }),
    );
    targets.data.forEach((value, i) => {
      expect(value).toBeCloseTo(mixed[i], 6);
    });
  });
  it("knows a mixed target if it is known of both examples, and of one in which nothing is mixed its own", async () => {
    const known = { shape: [BATCH, 2], data: Float32Array.of(1, 0, 1, 1, 1, 0, 1, 1) };
    const [mixed] = await augmentBatch(configOf(kind, { mixup: 0.4 }), { ...batch, known });
    expect([...mixed.known!.data]).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
    const [plain] = await augmentBatch(configOf(kind, {}), { ...batch, known });
    expect(plain.known).toEqual(known);
  });
});

describe("moving in time and pitch", () => {
  const kind = KINDS[0];
  const { batch } = drawMels(kind);
  const everything = augmentationOf(frontEnd(), {
    augment: 1,
    augmentation: { filter: 0.5, reverbSec: 1, mixStyle: 0.5 },
    segmentFrames: FRAMES,
  })!;

  it.each([
    ["augment.bandReading", MELS, { bandStretch: 0.1, bandShift: 2 }, 0.1, [-2, 2]],
    ["augment.frameReading", FRAMES, { frameStretch: 0.2, frameShift: 3 }, 0.2, [-1.5, 3]],
  ] as const)(
    "%s reads at evenly stretched positions, within the ranges",
    async (name, length, changes, stretch, range) => {
      const runs = await augmentBatch(configOf(kind, changes), batch, { times: DRAWS });
      const centre = (length - 1) / 2;
      for (const { drawn } of runs)
        for (let example = 0; example < BATCH; example++) {
          const matrix = rowOf(drawn[name], example);
          const rows = Array.from({ length }, (_, j) => matrix.slice(j * length, (j + 1) * length));
          const inside = [...rows.keys()].filter((j) => Math.abs(rows[j].reduce((a, b) => a + b) - 1) < 1e-6);
          const place = (j: number) => rows[j].reduce((sum, weight, i) => sum + weight * i, 0);
          const [first, last] = [inside[0], inside.at(-1)!];
          const slope = (place(last) - place(first)) / (last - first);
          const shift = place(first) - centre - (first - centre) * slope;
          for (const j of inside) expect(place(j)).toBeCloseTo(centre + (j - centre) * slope + shift, 4);
          expect(slope).toBeGreaterThan(1 / (1 + stretch) - 1e-5);
          expect(slope).toBeLessThan(1 + stretch + 1e-5);
          expect(shift).toBeGreaterThan(range[0] - 1e-4);
          expect(shift).toBeLessThan(range[1] + 1e-4);
          expect(Math.min(...matrix)).toBeGreaterThanOrEqual(0);
        }
    },
  );

  it("applies the reading matrices to the heights above silence", async () => {
    for (const each of KINDS) {
      const { batch: given } = drawMels(each);
      const config = configOf(each, { bandStretch: 0.1, bandShift: 2, frameStretch: 0.2, frameShift: 3 });
      const [{ x, drawn }] = await augmentBatch(config, given);
      const silence = compress(0, each.compression);
      const height = (example: number, frame: number, band: number) =>
        given.x.data[(example * FRAMES + frame) * MELS + band] - silence;
      for (let example = 0; example < BATCH; example++) {
        const bands = rowOf(drawn["augment.bandReading"], example);
        const frames = rowOf(drawn["augment.frameReading"], example);
        for (const [frame, band] of [
          [0, 0],
          [7, 5],
          [FRAMES - 1, MELS - 1],
        ]) {
          let expected = silence;
          for (let t = 0; t < FRAMES; t++)
            for (let b = 0; b < MELS; b++)
              expected += frames[frame * FRAMES + t] * bands[band * MELS + b] * height(example, t, b);
          const found = x.data[(example * FRAMES + frame) * MELS + band];
          expect(Math.abs(found - expected), `${each.name} ${frame} ${band}`).toBeLessThan(each.tolerance);
        }
      }
    }
  });

  it("draws from the seed alone", async () => {
    const config = { ...everything };
    const [once, again, other] = await Promise.all(
      [7, 7, 8].map((seed) => augmentBatch(config, batch, { seed })),
    );
    expect(again).toEqual(once);
    expect(other[0].x.data).not.toEqual(once[0].x.data);
    for (const [name, { data }] of Object.entries(once[0].drawn))
      expect(other[0].drawn[name].data, name).not.toEqual(data);
  });
});
